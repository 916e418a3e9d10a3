import Git
import Store

/// The text of a landing commit.
enum LandingMessage {
  static func text(
    _ feature: FeatureRecord, attempt: AttemptRecord?, gate: String, reviewers: [String],
    branch: String
  ) -> String {
    let title = feature.title.split(whereSeparator: \.isNewline).joined(separator: " ")
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
    return Trailers.append(trailers, to: "Feature #\(feature.id): \(title)\n\nLands \(branch).\n")
  }

  /// The text of the commit that reverts a feature's landing.
  static func undo(_ feature: FeatureRecord, commit: String, gate: String) -> String {
    let title = feature.title.split(whereSeparator: \.isNewline).joined(separator: " ")
    return Trailers.append(
      [
        ("Reverts-Feature", feature.id),
        (
          "Gate",
          gate.isEmpty ? "none" : gate.split(whereSeparator: \.isNewline).joined(separator: "; ")
        ),
      ], to: "Revert feature #\(feature.id): \(title)\n\nThis reverts commit \(commit).\n")
  }
}
