import Foundation
import Synchronization
import TestSupport
import Testing

@Suite(.bounded) struct TestThreadsTests {
  /// On the threads that all tasks share, as many as there are cores, these would wait for one another for ever.
  @Test func whoBlocksHoldsUpNobody() async {
    let count = ProcessInfo.processInfo.activeProcessorCount * 4
    let met = Rendezvous(count)
    let isComplete = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<count { group.addTask { met.wait() } }
      return await group.reduce(true) { $0 && $1 }
    }
    #expect(isComplete)
  }

  /// Blocks those who come until so many are there.
  private final class Rendezvous: Sendable {
    private let missing: Mutex<Int>

    init(_ count: Int) { missing = Mutex(count) }

    /// Tells whether all have come within some minutes.
    func wait() -> Bool {
      missing.withLock { $0 -= 1 }
      for _ in 0..<240_000 where missing.withLock({ $0 > 0 }) { usleep(1000) }
      return missing.withLock { $0 == 0 }
    }
  }
}
