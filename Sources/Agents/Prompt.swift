import Store

/// The text that tells an agent what to do.
package enum Prompt {
  /// - Parameters:
  ///   - target: the branch that the work lands on.
  ///   - gate: the command that must pass; empty for none.
  ///   - notes: what happened to the lane before the start, one line each.
  package static func text(
    _ feature: FeatureRecord, attempt: Int, target: String, gate: String, notes: [String]
  ) -> String {
    var parts = ["# Feature \(feature.id): \(feature.title)", "Category: \(feature.category)"]
    if !feature.description.isEmpty { parts.append(feature.description) }
    if !feature.steps.isEmpty {
      parts.append("It is done when:\n" + feature.steps.map { "- \($0)" }.joined(separator: "\n"))
    }
    if !feature.touches.isEmpty {
      parts.append("Claimed for you: " + feature.touches.joined(separator: ", "))
    }
    if !notes.isEmpty {
      parts.append("## Before you start\n" + notes.map { "- \($0)" }.joined(separator: "\n"))
    }
    if let rework = feature.rework, !rework.isEmpty {
      parts.append("## What the last attempt met\n" + rework)
    }
    var rules = [
      "Work in this directory only; it is a git worktree of your own, on the branch of this feature.",
      "Other agents work on other features at the same time. A commit that changes a file which "
        + "another feature holds is refused, and says by whom: then leave that file out, do other "
        + "work first, or end; the feature goes on by itself when the file is free.",
      "Commit when you are done; what you leave uncommitted is committed for you.",
      "Don't push, and don't change other branches: \(target) is moved for you.",
    ]
    if !gate.isEmpty { rules.append("`\(gate)` must pass.") }
    parts.append("## Rules\n" + rules.map { "- \($0)" }.joined(separator: "\n"))
    return parts.joined(separator: "\n\n") + "\n"
  }
}
