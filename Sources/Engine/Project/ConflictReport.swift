import Model
import Store

/// Conflicts of a claim, for people and as JSON.
package struct ConflictReport {
  private let conflicts: [ClaimConflict]
  private let store: Store

  package init(_ conflicts: [ClaimConflict], _ store: Store) {
    self.conflicts = conflicts
    self.store = store
  }

  private func title(_ id: String) -> String? { try? store.feature(id)?.title }

  private func state(_ id: String) -> String? { try? store.feature(id)?.state.rawValue }

  package var json: JSON {
    .array(
      conflicts.map {
        Self.json(
          $0, advice: RefusalText.advice([$0]).joined(separator: " "), titleOf: title)
      })
  }

  /// Returns one conflict, with the advice for whoever reads it.
  package static func json(
    _ conflict: ClaimConflict, advice: String, titleOf: (String) -> String?
  ) -> JSON {
    let holder = conflict.holder?.owner
    return [
      "path": .string(conflict.path.description),
      "feature": .text(holder?.kind == .feature ? holder?.id : nil),
      "holder": .text(holder.map { RefusalText.name($0, titleOf) }),
      "agent": .text(conflict.holder?.agent), "reason": .string(conflict.reason.rawValue),
      "advice": .string(advice),
    ]
  }

  package var lines: [String] { RefusalText.lines(conflicts, titleOf: title, stateOf: state) }

  /// 1 where a path is frozen, which no waiting changes; else 75.
  package var status: Int32 { conflicts.contains { $0.reason == .frozen } ? 1 : 75 }
}
