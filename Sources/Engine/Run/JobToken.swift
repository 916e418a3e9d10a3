import Foundation
import Processes

/// The token on which a `work` that make started runs: it goes back to make's job server while the
/// feature waits for a person or for another feature.
package final class JobToken: @unchecked Sendable {
  private enum State { case held, given, wanted }
  private let server: JobServer
  private let lock = NSLock()
  private var state = State.held
  private var isCalledOff = false

  package init(_ server: JobServer) { self.server = server }

  package var isHeld: Bool { lock.withLock { state == .held } }

  /// Gives the token back where nothing can be done with it, and asks for one where something can.
  package func follow(isIdle: Bool) {
    lock.withLock {
      if isIdle, state == .held {
        server.give()
        state = .given
      } else if !isIdle, state == .given {
        state = .wanted
        Thread.detachNewThread { self.takeBack() }
      }
    }
  }

  private func takeBack() {
    let isTaken = server.take { self.lock.withLock { self.isCalledOff } }
    lock.withLock { state = isTaken ? .held : .given }
  }

  /// Ends with the token in hand, as make counts on it.
  package func close(calledOff: @escaping @Sendable () -> Bool) async {
    follow(isIdle: false)
    while !isHeld, !calledOff() { try? await Task.sleep(for: .milliseconds(20)) }
    lock.withLock { isCalledOff = true }
  }
}

/// How a person lets a feature go on that waits for a verdict.
package enum ReviewWait {
  /// - Parameter byMake: names the targets of the Makefile, too.
  package static func words(_ id: String, byMake: Bool) -> String {
    byMake
      ? "for a review: `lanekeeper review \(id)` or `make review-\(id)` shows it, `make approve-\(id)` "
        + "lets it land"
      : "for a review: `lanekeeper review \(id)` shows it, `lanekeeper review \(id) --approve` lets it land"
  }
}
