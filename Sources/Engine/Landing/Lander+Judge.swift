import Backlog
import Foundation
import Git
import Processes
import Store

/// The reason why a link is at fault.
struct Blame: Sendable, Equatable {
  /// The ending of the gate.
  var status: String
  var log: String
  /// git's words where it can't even be checked out.
  var unready: String?
}

/// The gate's result for a chain.
enum GateDecision: Sendable {
  /// The first `land` links may land; the one after them is at fault, where `blamed` is not `nil`.
  case settle(land: Int, blamed: Blame?)
  /// Nothing lands for now, and nobody is at fault.
  case held(String)
  /// The same, since the machine does not let the gate run.
  case impossible(String)
  /// Somebody moved the target.
  case overtaken
  case stopped
}

extension Lander {
  /// Gates a chain's end, and where that is red looks for who is at fault by halves.
  ///
  /// What the gate said of a tree at any time before is used again.
  func judge(
    _ chain: Chain, stop: StopSignal, report: @Sendable (LandingOutcome) async -> Void
  ) async throws -> GateDecision {
    var batch = Batch(count: chain.links.count, confirmations: settings.gate.retries)
    var unready: [Int: String] = [:]
    try forgetOldReds(chain)
    for length in 0...chain.links.count {
      guard let known = try gate.known(chain.prefix(length).tree) else { continue }
      batch.record(length, passed: known.passed, times: max(1, known.reds))
    }
    while true {
      let prefixes: [Int]
      var isConfirmation = false
      switch batch.next {
      case .settle(let land, let blamed):
        guard blamed != nil else { return .settle(land: land, blamed: nil) }
        if let reason = unready[land + 1] {
          return .settle(land: land, blamed: Blame(status: "", log: "", unready: reason))
        }
        let result = try gate.known(chain.prefix(land + 1).tree)
        // Where the red was remembered, no run of this landing has noted its log.
        if let result { try? store.setGateLog(result.log, of: [chain.links[land].record]) }
        return .settle(
          land: land, blamed: Blame(status: result?.status ?? "failed", log: result?.log ?? ""))
      case .redBase:
        // Not even the target can be checked out: nobody's work is at fault.
        if let reason = unready[0] {
          return .impossible(gate.unready(GateWorktree.warm(settings, context), reason))
        }
        return try redBase(chain)
      case .gate: prefixes = batch.ahead(settings.landing.speculate)
      case .confirm(let prefix): (prefixes, isConfirmation) = ([prefix], true)
      }
      guard try open().reference(context.target) == chain.target else { return .overtaken }
      let verdicts = GateVerdicts(
        gate: gate, chain: chain, prefixes: prefixes, cold: isConfirmation, stop: stop)
      let end = try await verdicts.collect { length, answer in
        let result: GateResult
        switch answer {
        case .ran(let verdict): result = verdict
        case .unready(let reason):
          unready[length] = reason
          batch.record(length, passed: false)
          return batch.ahead(16)
        }
        try? store.setGateLog(result.log, of: chain.links[..<max(1, length)].map(\.record))
        if result.isFlaky, isConfirmation, result.passed {
          await report(.note(try noteFlaky(chain, length, result)))
        }
        batch.record(length, passed: result.passed)
        return batch.ahead(16)
      }
      switch end {
      case nil: break
      case .stopped: return .stopped
      case .impossible(let reason): return .impossible(reason)
      case .result, .unready: break
      }
    }
  }

  /// A red that nobody was blamed for since the target itself was red is asked for again by the next
  /// process: what made it so may lie outside the repository.
  private func forgetOldReds(_ chain: Chain) throws {
    guard let base = try gate.known(chain.baseTree), !base.passed,
      !memory.hasSeenRed(chain.baseTree)
    else { return }
    let trees = try ([chain.baseTree] + chain.links.map(\.tree)).filter {
      try gate.known($0)?.passed == false
    }
    try store.forgetGateResults(trees: trees.map(\.hex))
  }

  private func redBase(_ chain: Chain) throws -> GateDecision {
    .held(try noteRedTarget(chain.base, chain.baseTree, try gate.known(chain.baseTree)))
  }

  private func noteFlaky(_ chain: Chain, _ length: Int, _ result: GateResult) throws -> String {
    let features = chain.links[..<length].map { "#\($0.feature.id)" }.joined(separator: ", ")
    try store.record(
      .gateFlaky,
      [
        "features": .texts(chain.links[..<length].map(\.feature.id)),
        "tree": .string(chain.prefix(length).tree.hex), "log": .string(result.log),
      ])
    let what = length == 0 ? targetName : features
    return "the gate is flaky: `\(settings.gate.command)` failed on \(what) and passed on the same "
      + "tree when it was asked again"
  }

  /// Sends the feature back that makes the gate fail.
  func blame(_ link: Chain.Link, _ blame: Blame) throws -> LandingOutcome {
    if let reason = blame.unready { return try sendBackUnfit(link, reason) }
    let command = settings.gate.command
    let detail = "gate: \(command) \(blame.status)"
    let tail = GateLog.tail(blame.log, lines: 80).joined(separator: "\n")
    try store.stopLanding(
      link.record,
      .gateFailed(
        detail: detail,
        rework: "The gate `\(command)` \(blame.status) on your work merged with the "
          + "target. Its log ends:\n\n\(tail)", maximum: settings.attempts))
    switch link.record.kind {
    case .feature: return .sentBack(feature: link.feature.id, detail: detail)
    case .undo: return .undoFailed(feature: link.feature.id, detail: detail)
    }
  }
}
