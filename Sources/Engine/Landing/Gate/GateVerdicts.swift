import Git
import Processes
import Store

/// Gates on prefixes of one chain that run at the same time, each in a worktree of its own.
///
/// The first is the one that is needed; the others are of use where it turns out red, and are ended as soon
/// as they are not.
struct GateVerdicts {
  let gate: Gate
  let chain: Chain
  let prefixes: [Int]
  let cold: Bool
  let stop: StopSignal

  /// The outcome for a prefix.
  enum Answer: Sendable {
    case ran(GateResult)
    /// It can't be checked out, with git's words.
    case unready(String)
  }

  /// Runs them.
  ///
  /// - Parameter take: is given each answer as it comes, and says which prefixes are still of use.
  /// - Returns: why it ended early; `nil` where it did not.
  func collect(
    _ take: (_ prefix: Int, _ answer: Answer) async throws -> [Int]
  ) async throws -> Gate.Verdict? {
    let stops = prefixes.map { _ in StopSignal() }
    let stop = stop
    let relay = Task {
      await stop.wait()
      if stop.isSet { for own in stops { own.set() } }
      await stop.waitForced()
      if stop.isForced { for own in stops { own.set(forced: true) } }
    }
    defer { relay.cancel() }
    return try await withThrowingTaskGroup(of: (Int, Gate.Verdict).self) { group in
      for (number, prefix) in prefixes.enumerated() {
        let (gate, cold, own) = (gate, cold, stops[number])
        let (commit, tree) = chain.prefix(prefix)
        group.addTask {
          (number, try await gate.run(commit, tree: tree, cold: cold, room: number, stop: own))
        }
      }
      defer { for own in stops { own.set(forced: true) } }
      var early: Gate.Verdict?
      while let (number, verdict) = try await group.next() {
        func tell(_ answer: Answer) async throws {
          let useful = try await take(prefixes[number], answer)
          for (other, prefix) in prefixes.enumerated() where !useful.contains(prefix) {
            stops[other].set(forced: true)
          }
        }
        switch verdict {
        case .result(let result): try await tell(.ran(result))
        case .unready(let reason): try await tell(.unready(reason))
        case .stopped: if stop.isSet { early = verdict }
        case .impossible:
          early = early ?? verdict
          for own in stops { own.set(forced: true) }
        }
      }
      return early
    }
  }
}
