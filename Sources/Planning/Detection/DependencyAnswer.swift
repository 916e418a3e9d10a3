import Model

/// Reads what a language model answered to a ``DependencyQuestion``. Nothing but edges between features
/// of the question can come of it, whatever stands in it.
package enum DependencyAnswer {
  /// The error in an answer, as text for the model that gave it.
  package struct Problem: Error, CustomStringConvertible, Equatable {
    package let description: String
    init(_ description: String) { self.description = description }
  }

  /// Bytes of an answer, at most.
  package static let longest = 1_000_000
  private static let longestReason = 300

  /// - Parameter by: who answered.
  /// - Throws: ``Problem`` with the first few things that are wrong.
  package static func read(
    _ text: String, to question: DependencyQuestion, by: String
  ) throws(Problem) -> [Detector.Finding] {
    guard text.utf8.count <= longest else {
      throw Problem("the answer is longer than \(longest) bytes")
    }
    guard let object = try? JSON(reading: Array(unfenced(text).utf8), by: .lenient),
      let members = object.members
    else {
      throw Problem("the answer is not one JSON object with nothing before or after it")
    }
    if let other = members.map(\.name).filter({ $0 != "dependencies" }).min() {
      throw Problem("the object has the key \(short(other)); only `dependencies` is allowed")
    }
    guard let items = object["dependencies"]?.array else {
      throw Problem("`dependencies` is missing or no list")
    }
    guard items.count <= 20 * question.features.count else {
      throw Problem(
        "\(items.count) dependencies for \(question.features.count) features are too many")
    }
    var problems: [String] = []
    var best: [[String]: Detector.Finding] = [:]
    for (number, item) in items.enumerated() {
      switch finding(item, question, by) {
      case .success(let finding):
        let pair = [finding.feature, finding.dependsOn]
        if best[pair].map({ $0.confidence < finding.confidence }) ?? true { best[pair] = finding }
      case .failure(let problem): problems.append("item \(number + 1): \(problem)")
      }
    }
    guard problems.isEmpty else {
      let more = problems.count > 8 ? "; and \(problems.count - 8) more" : ""
      throw Problem(problems.prefix(8).joined(separator: "; ") + more)
    }
    return best.values.sorted { ($0.feature, $0.dependsOn) < ($1.feature, $1.dependsOn) }
  }

  private static func finding(
    _ item: JSON, _ question: DependencyQuestion, _ by: String
  ) -> Result<Detector.Finding, Problem> {
    guard let members = item.members else { return .failure(Problem("no object")) }
    let keys = ["feature", "depends_on", "confidence", "reason"]
    if let other = members.map(\.name).filter({ !keys.contains($0) }).min() {
      return .failure(Problem("unknown key \(short(other))"))
    }
    guard let feature = id(item["feature"]), let other = id(item["depends_on"]) else {
      return .failure(Problem("feature or depends_on is missing or no id"))
    }
    guard question.features.contains(feature) else {
      return .failure(Problem("feature \(short(feature)) is none of the features"))
    }
    guard question.known.contains(other) else {
      return .failure(Problem("depends_on \(short(other)) is none of the features"))
    }
    guard feature != other else {
      return .failure(Problem("feature \(short(feature)) depends on itself"))
    }
    guard let confidence = item["confidence"]?.number, (0...1).contains(confidence) else {
      return .failure(Problem("confidence is no number from 0 to 1"))
    }
    guard let reason = item["reason"]?.string, !reason.allSatisfy(\.isWhitespace) else {
      return .failure(Problem("reason is missing"))
    }
    guard reason.unicodeScalars.count <= longestReason, reason.unicodeScalars.allSatisfy(isPlain)
    else {
      return .failure(
        Problem("reason is over \(longestReason) characters, or holds a control character"))
    }
    return .success(
      Detector.Finding(
        feature: feature, dependsOn: other,
        confidence: (confidence * 100).rounded() / 100, reason: reason, by: by))
  }

  /// An id as text, or as the whole number that some write for it.
  private static func id(_ value: JSON?) -> String? {
    value?.string ?? value?.integer.map { String($0) }
  }

  /// Returns whether a character neither steers a terminal nor changes the order of what is shown.
  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f...0x9f, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: false
    default: true
    }
  }

  /// Many models put JSON into a code fence, whatever they are told.
  private static func unfenced(_ text: String) -> Substring {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    guard text.hasPrefix("```"), text.hasSuffix("```"), text.count > 6,
      let line = text.firstIndex(where: \.isNewline)
    else { return text }
    return text[text.index(after: line)...].dropLast(3)
  }

  private static func short(_ text: String) -> String {
    let plain = String(String.UnicodeScalarView(text.unicodeScalars.prefix(40).filter(isPlain)))
    return "'\(plain)'"
  }
}
