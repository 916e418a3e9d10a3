import Dispatch

/// Keeps calls that block off the threads that Swift's tasks share.
package enum BlockingQueue {
  private static let queue = DispatchQueue(
    label: "lanekeeper.blocking", attributes: .concurrent)

  /// Runs a call that blocks on a thread of its own and waits for its result.
  package static func run<T: Sendable>(
    _ body: @escaping @Sendable () throws -> T
  ) async throws -> T {
    let (stop, most) = (Programs.stop, Programs.most)
    return try await withCheckedThrowingContinuation { continuation in
      queue.async {
        let result = Result {
          try Programs.$stop.withValue(stop) {
            try Programs.$most.withValue(most, operation: body)
          }
        }
        continuation.resume(with: result)
      }
    }
  }
}
