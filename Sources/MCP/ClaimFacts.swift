import Engine
import Foundation
import Model
import Store

/// Encodes claims and refusals for the tools' results.
struct ClaimFacts {
  let title: (String) -> String?
  /// Returns the state of a feature, as the store names it.
  let state: (String) -> String?

  func json(_ row: ClaimRow) -> JSON {
    [
      "path": .string(row.path.description), "kind": row.path.isSubtree ? "subtree" : "file",
      "mode": .string(row.mode.rawValue),
      "feature": .text(row.owner.kind == .feature ? row.owner.id : nil),
      "holder": .string(RefusalText.name(row.owner, title)), "agent": .text(row.agent),
      "generation": .integer(row.generation), "acquired_at": .time(row.acquiredAt),
      "expires_at": .time(row.expiresAt),
    ]
  }

  func json(_ conflict: ClaimConflict) -> JSON {
    let holder = conflict.holder?.owner
    return ConflictReport.json(conflict, advice: advice(conflict), titleOf: title).with(
      "holder_state", .text(holder?.kind == .feature ? holder.flatMap { state($0.id) } : nil))
  }

  /// Returns the next step for the agent.
  func advice(_ conflict: ClaimConflict) -> String {
    switch conflict.reason {
    case .held:
      "First do other work, then try again: who holds what changes (list_claims). Nothing else to do? "
        + "Call wait_for_file, or end here (exit status 0): your work is kept, and the feature goes "
        + "on by itself after the holder has landed. report_progress leaves a note."
    case .deadlock:
      "The holder waits for you, so waiting would never end. Commit what you have and end here: "
        + "your work is kept, and the feature goes on by itself after the holder has landed."
    case .staleBase:
      "Your branch is behind: the target has changed it. Call sync_lane (or run `lanekeeper sync`), "
        + "then try again."
    case .frozen:
      "No lane may change it (claims.paths in lanekeeper.yml). Find a way without it."
    }
  }

  func granted(_ rows: [ClaimRow]) -> JSON {
    ["granted": true, "claims": .array(rows.map(json))]
  }

  func refused(_ conflicts: [ClaimConflict]) -> JSON {
    ["granted": false, "conflicts": .array(conflicts.map(json))]
  }

  /// Encodes the refusal of a wait that would deadlock.
  func refused(
    _ conflicts: [ClaimConflict], orBecauseOf other: String, _ requests: [ClaimRequest]
  ) -> JSON {
    let holders = Dictionary(
      conflicts.map { ($0.path, $0.holder) }, uniquingKeysWith: { first, _ in first })
    return refused(
      requests.map { request in
        ClaimConflict(
          path: request.path, reason: .deadlock,
          holder: holders[request.path] ?? nil
            ?? ClaimRow(
              path: request.path, mode: .exclusive, owner: .feature(other), agent: nil,
              generation: 0, acquiredAt: 0, expiresAt: nil, isPinned: false))
      })
  }

  func outcome(_ outcome: ClaimOutcome) -> JSON {
    switch outcome {
    case .granted(let rows): granted(rows)
    case .refused(let conflicts): refused(conflicts)
    }
  }

  /// Returns one line for each reason and holder of a refusal.
  func lines(_ conflicts: [ClaimConflict]) -> [String] {
    RefusalText.grouped(conflicts, titleOf: title, stateOf: state)
  }
}
