import Foundation
import Model
import Store

/// Claims and refusals as the tools tell them.
struct ClaimFacts {
  let title: (String) -> String?
  /// Gives the state of a feature, in the store's word.
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
    return [
      "path": .string(conflict.path.description),
      "feature": .text(holder?.kind == .feature ? holder?.id : nil),
      "holder": .text(holder.map { RefusalText.name($0, title) }),
      "agent": .text(conflict.holder?.agent), "reason": .string(conflict.reason.rawValue),
      "advice": .string(advice(conflict)),
      "holder_state": .text(holder?.kind == .feature ? holder.flatMap { state($0.id) } : nil),
    ]
  }

  /// What the agent can do now, in words that it can act on.
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

  /// Refuses a wait that would never end.
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

  /// One line for each reason and holder of a refusal, as a pre-edit hook gives it.
  func lines(_ conflicts: [ClaimConflict]) -> [String] {
    RefusalText.grouped(conflicts, titleOf: title, stateOf: state)
  }
}
