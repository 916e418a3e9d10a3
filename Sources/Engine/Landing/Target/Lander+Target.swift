import Foundation
import Git
import Processes
import Store

/// The gate's result for the target itself.
package enum TargetVerdict: Sendable, Equatable {
  case green
  /// It failed as often as `gate.retries` asks for.
  case red(words: String, log: String)
  /// It could not be asked, for a reason that lies in no tree.
  case unasked(String)
  case stopped
}

extension Lander {
  /// Returns whether the gate has passed on what the target stands on now; true where no gate is set.
  package func isTargetGated() throws -> Bool {
    guard hasGate, let tip = try open().reference(context.target) else { return true }
    return try gate.known(try open().commit(tip).tree)?.passed == true
  }

  /// Runs the gate on the target as it stands, unless it has passed on that tree before.
  ///
  /// A red is confirmed as often as `gate.retries` says, from cold. A red of an earlier process is asked for
  /// again, since what made it so may lie outside the repository. Callers hold ``StateDirectory/landingLock``.
  package func gateTarget(stop: StopSignal) async throws -> TargetVerdict {
    guard hasGate, let tip = try open().reference(context.target) else { return .green }
    let tree = try open().commit(tip).tree
    let before = try gate.known(tree)
    if before?.passed == true { return .green }
    // Of a trial that was killed no open landing tells.
    OrphanProcesses.end(mark: nil, directories: GateWorktree.paths(settings))
    if before != nil { try store.forgetGateResults(trees: [tree.hex]) }
    for run in 0...settings.gate.retries {
      switch try await gate.run(tip, tree: tree, cold: run > 0, isTarget: true, stop: stop) {
      case .stopped: return .stopped
      case .impossible(let reason): return .unasked(reason)
      case .unready(let reason):
        return .red(
          words: "\(targetName) itself can't be checked out for the gate: \(reason)", log: "")
      case .result(let result):
        guard !result.passed else {
          try store.setValue(Self.redTargetKey, nil)
          return .green
        }
      }
    }
    let result = try gate.known(tree)
    let words = try noteRedTarget(tip, tree, result)
    return .red(words: words, log: result?.log ?? "")
  }

  /// Remembers that the gate is red on the target, for `status`.
  ///
  /// - Returns: words for people.
  func noteRedTarget(_ commit: ObjectID, _ tree: ObjectID, _ result: GateResult?) throws -> String {
    memory.noteRedBase(tree)
    try store.record(
      .targetRed, ["commit": .string(commit.hex), "log": .string(result?.log ?? "")])
    let words =
      "the gate is red on \(targetName) itself: \(settings.gate.command) "
      + "\(result?.status ?? "failed"); see \(result?.log ?? "its log")"
    try store.setValue(Self.redTargetKey, "\(tree.hex)\n\(words)")
    return words
  }

  private static let redTargetKey = "target.red"

  /// Returns words for people where the gate was last found red on a tree.
  package static func redWords(_ store: Store, tree: ObjectID) throws -> String? {
    guard let text = try store.value(redTargetKey), text.hasPrefix(tree.hex + "\n") else {
      return nil
    }
    return String(text.dropFirst(tree.hex.count + 1))
  }

  /// The last lines of a gate's log.
  package static func gateTail(_ log: String, lines: Int) -> [String] {
    GateLog.tail(log, lines: lines)
  }
}
