import Foundation
import Testing

/// Lets only as many tests run at a time as the machine carries.
///
/// Without it all tests of a program begin at once and take turns at each `await`: on two cores each of them then lasts as
/// long as all of them, and whatever a test waits for seems to take that long.
package struct Bounded: SuiteTrait, TestTrait, TestScoping {
  package var isRecursive: Bool { true }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
  ) async throws {
    guard testCase != nil else { return try await body() }
    await Places.shared.take()
    do {
      try await withTaskExecutorPreference(TestThreads.shared) { try await body() }
    } catch {
      await Places.shared.give()
      throw error
    }
    await Places.shared.give()
  }

  /// The places for tests, given in the order in which they are asked for.
  private actor Places {
    static let shared = Places(ProcessInfo.processInfo.activeProcessorCount * 8)
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
      guard free == 0 else {
        free -= 1
        return
      }
      await withCheckedContinuation { waiting.append($0) }
    }

    func give() {
      guard waiting.isEmpty else { return waiting.removeFirst().resume() }
      free += 1
    }
  }
}

extension Trait where Self == Bounded {
  /// Lets the tests of the suite share the machine with those of all others.
  package static var bounded: Bounded { Bounded() }
}
