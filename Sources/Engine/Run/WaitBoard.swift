import Dispatch
import Processes
import Store

/// Writes down what a process has been waiting for, for long, so that other commands can tell it.
///
/// It is written from a thread of its own: whoever waits may be in the middle of a transaction.
final class WaitBoard: Sendable {
  private let store: Store
  private let participant: String
  private let queue = DispatchQueue(label: "lanekeeper.waits")
  private let open: Open

  /// Only touched on the queue.
  private final class Open: @unchecked Sendable { var waits: [RunWait] = [] }

  /// - Parameter participant: the name of the lock that tells whether this process lives.
  init(_ store: Store, participant: String) {
    self.store = store
    self.participant = participant
    open = Open()
  }

  /// Has long waits told in words and written down.
  ///
  /// - Parameter seconds: how long a wait has been by then.
  func follow(
    _ stop: StopSignal, longerThan seconds: Double = 20,
    tell: @escaping @Sendable (String) -> Void
  ) {
    stop.onWait(
      longerThan: seconds, over: { [self] wait in end(wait) },
      tell: { [self] wait in
        tell(wait.words)
        begin(wait)
      })
  }

  private func begin(_ wait: LongWait) {
    queue.async { [self] in
      open.waits.append(
        RunWait(
          id: wait.id, words: wait.words, feature: feature(wait.directory),
          since: store.now - Int64(wait.seconds * 1000)))
      write()
    }
  }

  private func end(_ wait: LongWait) {
    queue.async { [self] in
      open.waits.removeAll { $0.id == wait.id }
      write()
    }
  }

  /// Forgets all of it, at the end of the process's work.
  func close() {
    queue.sync {
      open.waits = []
      write()
    }
  }

  private func write() { try? store.setRunWaits(open.waits, of: participant) }

  /// The feature in whose lane a program runs.
  private func feature(_ directory: String?) -> String? {
    guard let directory else { return nil }
    return (try? store.lanes())?.first {
      directory == $0.path || directory.hasPrefix($0.path + "/")
    }?.feature
  }
}
