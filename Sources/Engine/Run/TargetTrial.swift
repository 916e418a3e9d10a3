import Foundation
import Model
import Processes
import Store

/// Tries the gate on the target before the first agent starts, so that nobody is paid for work that can't land.
struct TargetTrial {
  let context: RunContext
  let stop: StopSignal
  let report: @Sendable (RunEvent) -> Void

  private var store: Store { context.store }
  private var gate: String { context.project.configuration.gate.command }

  /// Runs the gate once, unless it has passed on the target's tree before or nothing would start.
  ///
  /// One of several processes runs it, and the others wait for that one.
  /// - Throws: ``Failure`` with status 1 and the end of the gate's log where it is red.
  func run() async throws {
    guard !gate.isEmpty, try couldStart(), try context.lander.watch.look() == nil else { return }
    let lander = context.lander
    while !stop.isSet, try await BlockingQueue.run({ try !lander.isTargetGated() }) {
      guard let lock = try FileLock.tryAcquire(context.project.state.landingLock) else {
        try await Task.sleep(for: .milliseconds(100))
        continue
      }
      defer { lock.release() }
      try lander.freeLostSlots()
      switch try await lander.gateTarget(stop: stop) {
      case .stopped: return
      case .green: return try tellLitter()
      case .unasked(let reason):
        return report(
          .note("the gate could not be tried on the target before the first agent: \(reason)"))
      case .red(let words, let log): throw Failure(text(words, log), status: 1)
      }
    }
  }

  private func couldStart() throws -> Bool {
    let states: [FeatureState] = [.ready, .pending, .waiting, .changesRequested, .gateFailed]
    return try store.features(in: states).contains {
      $0.inBacklog && (context.options.only?.contains($0.id) ?? true)
    }
  }

  private func text(_ words: String, _ log: String) -> String {
    let tail = Lander.gateTail(log, lines: 15).map { "\n  \($0)" }.joined()
    return words + ". No agent was started; repair the target, or correct `gate:`, `lanes.copy` or "
      + "`lanes.setup` in lanekeeper.yml, which bring the gate what git ignores"
      + (tail.isEmpty ? "" : ". The log ends:" + tail)
  }

  private func tellLitter() throws {
    guard let words = GateLitter.words(try GateLitter.names(store), gate: gate) else { return }
    report(.note(words))
  }
}
