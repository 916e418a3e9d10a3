import Git
import Store

/// The text of a landing commit.
enum LandingMessage {
  static func text(
    _ feature: FeatureRecord, attempt: AttemptRecord?, gate: String, reviewers: [String],
    branch: String
  ) -> String {
    var trailers: [(String, String)] = [("Feature", feature.id)]
    if let attempt {
      trailers.append(("Agent", attempt.agent))
      trailers.append(("Model", attempt.modelName))
    }
    trailers.append(
      (
        "Gate",
        gate.isEmpty ? "none" : gate.split(whereSeparator: \.isNewline).joined(separator: "; ")
      ))
    trailers += reviewers.map { ("Reviewed-by", $0) }
    return Trailers.append(
      trailers, to: "Feature #\(feature.id): \(feature.shortTitle)\n\nLands \(branch).\n")
  }

  /// Trailers that only a landing may write; readers of the target's history rely on them.
  private static let own: Set<String> = [
    "feature", "reverts-feature", "agent", "model", "gate", "reviewed-by",
  ]

  /// Returns the message of a lane's commit as it may stand on the target's own line, where `landing.style:
  /// rebase` brings it: trailers that only a landing may write are named `Lane-…`, and characters that would
  /// steer a terminal are left out.
  static func ofLane(_ message: String) -> String {
    var text = ""
    for scalar in message.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0a: text.unicodeScalars.append(scalar)
      case 0..<0x20, 0x7f...0x9f, 0x202a...0x202e, 0x2066...0x2069: continue
      default: text.unicodeScalars.append(scalar)
      }
    }
    return Trailers.rename(in: text) { own.contains($0.lowercased()) ? "Lane-\($0)" : nil }
  }

  /// The text of the commit that reverts a feature's landing.
  static func undo(_ feature: FeatureRecord, commit: String, gate: String) -> String {
    return Trailers.append(
      [
        ("Reverts-Feature", feature.id),
        (
          "Gate",
          gate.isEmpty ? "none" : gate.split(whereSeparator: \.isNewline).joined(separator: "; ")
        ),
      ],
      to: "Revert feature #\(feature.id): \(feature.shortTitle)\n\nThis reverts commit \(commit).\n"
    )
  }
}
