import Foundation
import Git
import Model
import Processes
import Store

extension Lander {
  /// The features that have landed since the last cold gate, as a list of ids.
  private static let sinceColdKey = "gate.since_cold"

  private var landedSinceCold: [String] {
    get throws {
      (try store.value(Self.sinceColdKey) ?? "").split(separator: " ").map(String.init)
    }
  }

  /// Returns the verdicts to record together with the landing of these features.
  func coldNotes(adding features: [String]) throws -> [String: String] {
    guard hasGate else { return [:] }
    return [Self.sinceColdKey: (try landedSinceCold + features).joined(separator: " ")]
  }

  /// Whether `gate.cold_every` features have landed since the last cold gate.
  var isColdGateDue: Bool {
    get throws {
      try settings.gate.coldEvery > 0 && landedSinceCold.count >= settings.gate.coldEvery
    }
  }

  /// Runs the gate on the target without any cache, where something has landed since that was last
  /// done: what only passes thanks to a stale cache is found now, and stops the queue.
  ///
  /// - Returns: false where it is red, or could not be asked.
  package func coldGate(
    stop: StopSignal, report: @Sendable (LandingOutcome) async -> Void
  ) async throws -> Bool {
    let features = try landedSinceCold
    guard hasGate, !features.isEmpty else { return true }
    let repository = try open()
    guard let tip = try repository.reference(context.target) else { return true }
    let tree = try repository.commit(tip).tree
    if let known = try gate.known(tree), known.passed, known.isCold {
      try store.setValue(Self.sinceColdKey, nil)
      return true
    }
    let wasGreen = try gate.known(tree)?.passed == true
    for _ in 0...settings.gate.retries {
      switch try await gate.run(tip, tree: tree, cold: true, stop: stop) {
      case .stopped: return true
      case .impossible(let reason), .unready(let reason):
        await report(.note("the cold gate could not run: \(reason)"))
        return false
      case .result(let result):
        guard !result.passed else {
          try store.setValue(Self.sinceColdKey, nil)
          return true
        }
        if result.reds > settings.gate.retries {
          try await reportColdRed(tip, result, features, wasGreen: wasGreen, report: report)
          return false
        }
      }
    }
    return false
  }

  private func reportColdRed(
    _ tip: ObjectID, _ result: GateResult, _ features: [String], wasGreen: Bool,
    report: @Sendable (LandingOutcome) async -> Void
  ) async throws {
    memory.noteRedBase(try open().commit(tip).tree)
    try store.setValue(Self.sinceColdKey, nil)
    try store.record(
      .coldGateRed,
      ["commit": .string(tip.hex), "features": .texts(features), "log": .string(result.log)])
    // What hid it is of no use any more.
    try? GateWorktree.warm(settings, context).clean(ignored: true)
    let causes = try causes(tip, features)
    await report(
      .note(
        "the gate is red on \(targetName) without caches: `\(settings.gate.command)` "
          + "\(result.status)"
          + (wasGreen ? ", though it passed with those of earlier runs" : "")
          + "; \(causes); see \(result.log)"))
    await report(.log(path: result.log, lines: GateLog.tail(result.log, lines: 10)))
  }

  /// Names what may have broken the target since the last cold gate: what has landed, and commits that are no
  /// landings.
  private func causes(_ tip: ObjectID, _ features: [String]) throws -> String {
    let names = features.map { "#\($0)" }.joined(separator: ", ")
    let landed = "\(names), which landed since the last cold gate"
    let one = features.count == 1 ? "" : "one of "
    let repository = try open()
    guard let first = try features.first.flatMap({ try store.lastLanding(of: $0) }),
      let before = ObjectID(hex: first.targetBefore)
    else { return "\(one)\(landed), is the likely cause" }
    var landings: Set<ObjectID> = []
    for landing in try store.endedLandings() where landing.id >= first.id {
      guard let end = landing.commit.flatMap({ ObjectID(hex: $0) }),
        let start = ObjectID(hex: landing.targetBefore)
      else { continue }
      // A rebased one has the commits of its lane below its last.
      landings.formUnion(
        try repository.commits(from: end, excluding: [start], firstParent: true).map(\.id))
    }
    let others = try repository.commits(from: tip, excluding: [before], firstParent: true).filter {
      !landings.contains($0.id)
    }
    guard !others.isEmpty else { return "\(one)\(landed), is the likely cause" }
    let shown = others.prefix(3).map { "\($0.id.short) \"\(ShortTitle.of($0.subject))\"" }
    let more = others.count > 3 ? " and \(others.count - 3) more" : ""
    return
      "the likely cause is one of the commits \(shown.joined(separator: ", "))\(more), which are no landings, or "
      + landed
  }
}
