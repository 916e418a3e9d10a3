import Foundation

/// Ends the process where its orderly end does not come, since a thread waits for ever in a call of the system's.
package final class EndWatch: Sendable {
  private let done = DispatchSemaphore(value: 0)

  /// Watches from a thread of its own.
  ///
  /// - Parameters:
  ///   - gentle: how long the end may take once it was asked for, in seconds.
  ///   - forced: the same, once it was asked for at once.
  ///   - end: is called where it took longer, with the words for people; it ends the process.
  package init(
    _ stop: StopSignal, gentle: Double = 60, forced: Double = 20,
    end: @escaping @Sendable (String) -> Void = EndWatch.end
  ) {
    let done = done
    let thread = Thread {
      while done.wait(timeout: .now() + 0.5) == .timedOut {
        let (asked, askedAtOnce) = stop.secondsSinceAsked
        guard asked.map({ $0 > gentle }) == true || askedAtOnce.map({ $0 > forced }) == true else {
          continue
        }
        let seconds = Int(askedAtOnce.map { $0 > forced } == true ? forced : gentle)
        return end(
          "it has not come to its end within \(seconds) s, since something that it waits for does not answer (a "
            + "file system, or a pipe in place of a file); it ends now as if it were killed: nothing is lost, and the "
            + "next run goes on from there")
      }
    }
    thread.name = "lanekeeper.end"
    thread.start()
  }

  /// Signals that the end has come.
  package func finish() { done.signal() }

  deinit { done.signal() }

  /// Writes the words without waiting for anybody, and ends the process as if it were interrupted. Guards end what
  /// they run.
  @Sendable package static func end(_ words: String) {
    let line = Array("lanekeeper: \(words)\n".utf8)
    let flags = fcntl(2, F_GETFL)
    if flags >= 0 { _ = fcntl(2, F_SETFL, flags | O_NONBLOCK) }
    _ = write(2, line, line.count)
    if flags >= 0 { _ = fcntl(2, F_SETFL, flags) }
    _exit(130)
  }
}
