import Foundation

/// A cancellation signal: first graceful, then forced.
package final class StopSignal: @unchecked Sendable {
  private let lock = NSLock()
  private var level = 0
  /// When each level was asked for, in milliseconds since the machine started.
  private var times: [Int64?] = [nil, nil]
  private var waiters: [(id: Int, level: Int, continuation: CheckedContinuation<Void, Never>)] = []
  private var nextID = 0

  /// The receiver of long waits.
  struct Listener: Sendable {
    var seconds: Double
    var tell: @Sendable (LongWait) -> Void
    var over: @Sendable (LongWait) -> Void
  }

  private var listener: Listener?
  private var waits = 0

  package init() {}

  /// Sets who is told, once for each, of what is waited for on behalf of what this would end.
  ///
  /// - Parameters:
  ///   - seconds: how long the wait has been by then.
  ///   - over: is told of the same when it is over.
  package func onWait(
    longerThan seconds: Double = 20, over: @escaping @Sendable (LongWait) -> Void = { _ in },
    tell: @escaping @Sendable (LongWait) -> Void
  ) {
    lock.withLock { listener = Listener(seconds: seconds, tell: tell, over: over) }
  }

  /// The one to tell of a wait of so many seconds; `nil` where it is too early, or nobody listens.
  func listener(after seconds: Double) -> Listener? {
    lock.withLock { listener.flatMap { seconds >= $0.seconds ? $0 : nil } }
  }

  /// A number that no other wait has had.
  func nextWait() -> Int {
    lock.withLock {
      waits += 1
      return waits
    }
  }

  /// Whether the end was asked for.
  package var isSet: Bool { lock.withLock { level > 0 } }
  /// Whether the end was asked for at once.
  package var isForced: Bool { lock.withLock { level > 1 } }

  /// Asks for the end; `forced` at once.
  package func set(forced: Bool = false) {
    let woken = lock.withLock {
      level = max(level, forced ? 2 : 1)
      for number in 0..<level where times[number] == nil {
        times[number] = Boot.uptimeMilliseconds()
      }
      let woken = waiters.filter { $0.level <= level }
      waiters.removeAll { $0.level <= level }
      return woken
    }
    for waiter in woken { waiter.continuation.resume() }
  }

  /// Seconds since a graceful and a forced stop were requested; `nil` for not yet.
  var secondsSinceAsked: (gently: Double?, atOnce: Double?) {
    let now = Boot.uptimeMilliseconds()
    return lock.withLock {
      (times[0].map { Double(now - $0) / 1000 }, times[1].map { Double(now - $0) / 1000 })
    }
  }

  /// Returns when a program has to end, in milliseconds since the machine started; `nil` while the end is not
  /// asked for.
  func end(ofProgramBegunAt began: Int64) -> Int64? {
    let (gentle, forced) = lock.withLock { (times[0], times[1]) }
    let late = began + Int64(Programs.lateGrace * 1000)
    if let forced { return began < forced ? forced : late }
    return gentle.map { max($0 + Int64(Programs.grace * 1000), late) }
  }

  /// Waits until the end is asked for, or the task is cancelled.
  package func wait() async { await wait(for: 1) }

  /// Waits until the end is asked for at once, or the task is cancelled.
  package func waitForced() async { await wait(for: 2) }

  private func wait(for wanted: Int) async {
    let id = lock.withLock {
      nextID += 1
      return nextID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = lock.withLock {
          if level >= wanted || Task.isCancelled { return true }
          waiters.append((id, wanted, continuation))
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      let cancelled = lock.withLock {
        let found = waiters.filter { $0.id == id }
        waiters.removeAll { $0.id == id }
        return found
      }
      for waiter in cancelled { waiter.continuation.resume() }
    }
  }
}
