import Foundation

/// Something that has been waited for longer than one would expect.
package struct LongWait: Sendable, Equatable {
  /// Unique within this process.
  package var id: Int
  /// The holder that is waited for, and its own wait, as text for people.
  package var words: String
  /// The directory in which the program runs that is waited for; `nil` where it is no program.
  package var directory: String?
  /// For how long by the time when it is told, in seconds.
  package var seconds: Double
}

/// One wait, which is told once it is long, and once more when it is over.
struct WaitTeller {
  private let began = Boot.uptimeMilliseconds()
  private var told: (wait: LongWait, listener: StopSignal.Listener)?

  /// Looks whether it is long by now.
  mutating func look(directory: String? = nil, words: (_ seconds: Int64) -> String) {
    guard told == nil, let stop = Programs.stop else { return }
    let seconds = Double(Boot.uptimeMilliseconds() - began) / 1000
    guard let listener = stop.listener(after: seconds) else { return }
    let wait = LongWait(
      id: stop.nextWait(), words: words(Int64(seconds)), directory: directory, seconds: seconds)
    told = (wait, listener)
    listener.tell(wait)
  }

  /// Is called when nothing is waited for any more.
  mutating func end() {
    if let told { told.listener.over(told.wait) }
    told = nil
  }
}
