import Foundation

/// Runs the bodies of tests on threads of their own: as many as block at the time, and one more.
///
/// The threads that Swift gives to tasks are as many as there are cores. A test that waits for a program would hold
/// one of them all the while, and two such tests would hold up every task of all others.
final class TestThreads: TaskExecutor {
  static let shared = {
    // As the programs do: what they end is written to no more.
    signal(SIGPIPE, SIG_IGN)
    return TestThreads()
  }()

  private let state = State()

  func enqueue(_ job: consuming ExecutorJob) { state.add(UnownedJob(job), for: self) }

  private static let name = "test body"

  /// Jobs that wait, and the threads that wait for jobs.
  private final class State: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [UnownedJob] = []
    private var first = 0
    private var idle = 0

    func add(_ job: UnownedJob, for executor: TestThreads) {
      condition.lock()
      defer { condition.unlock() }
      waiting.append(job)
      if idle >= waiting.count - first { return condition.signal() }
      let thread = Thread { [self] in
        while true { next().runSynchronously(on: executor.asUnownedTaskExecutor()) }
      }
      thread.name = TestThreads.name
      thread.start()
    }

    private func next() -> UnownedJob {
      condition.lock()
      defer { condition.unlock() }
      while first == waiting.count {
        idle += 1
        condition.wait()
        idle -= 1
      }
      defer {
        first += 1
        if first == waiting.count { (waiting, first) = ([], 0) }
      }
      return waiting[first]
    }
  }
}
