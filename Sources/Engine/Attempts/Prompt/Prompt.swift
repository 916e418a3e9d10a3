import Store

/// The prompt of an attempt.
package struct Prompt {
  package var feature: FeatureRecord
  package var attempt: Int
  /// The branch that the work lands on.
  package var target: String
  /// The command that must pass; empty for none.
  package var gate: String
  /// Changes of the lane before the start, one line each.
  package var notes: [String] = []
  /// Features that it depends on and that have landed: id, title, commit.
  package var landed: [(id: String, title: String, commit: String)] = []
  /// Paths that the feature holds.
  package var held: [String] = []
  /// The paths that others hold now, with their holders and how far those are.
  package var others: [(path: String, holder: String)] = []
  /// How the attempt before ended, and what it said last.
  package var before: String?
  /// The latest review that requests changes, word for word.
  package var review: ReviewRecord?
  /// Whether the agent goes on with its earlier session.
  package var resumes = false

  private static let longestRework = 12_000

  /// The text, by the template `feature.md`.
  package func text(_ templates: PromptTemplates) throws -> String {
    var rework = [feature.rework, before].compactMap(\.self).filter { !$0.isEmpty }
      .joined(separator: "\n\n")
    if rework.utf8.count > Self.longestRework {
      // What a compiler or a test says first is at the head, how it ended at the end.
      rework =
        rework.prefix(Self.longestRework / 4) + "\n[…]\n"
        + rework.suffix(Self.longestRework * 3 / 4)
    }
    var values: [String: Any] = [
      "id": feature.id, "title": feature.title, "category": feature.category,
      "description": feature.description, "steps": feature.steps, "target": target, "gate": gate,
      "notes": notes, "attempt": attempt, "rework": rework, "held": held,
      "landed": landed.map { ["id": $0.id, "title": $0.title, "commit": $0.commit] },
      "others": others.map { ["path": $0.path, "holder": $0.holder] },
    ]
    for key in ["steps", "notes", "held"] {
      values["has_" + key] = !(values[key] as! [String]).isEmpty
    }
    values["has_landed"] = !landed.isEmpty
    values["has_others"] = !others.isEmpty
    values["has_gate"] = !gate.isEmpty
    values["has_rework"] = !rework.isEmpty
    values["has_description"] = !feature.description.isEmpty
    values["resumes"] = resumes
    values["has_review"] = review != nil
    values["review"] = review.map(Self.text) ?? ""
    return try templates.render("feature", values)
  }

  /// A review's words as they were given, each comment under its place.
  package static func text(_ review: ReviewRecord) -> String {
    var parts = review.text.isEmpty ? [] : [review.text]
    for comment in review.comments {
      let place = comment.line > 0 ? "\(comment.path):\(comment.line)" : comment.path
      parts.append("\(place):\n\(comment.text)")
    }
    return parts.joined(separator: "\n\n")
  }
}
