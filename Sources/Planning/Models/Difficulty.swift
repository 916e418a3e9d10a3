/// The estimated difficulty of a feature, by its text and its place in the graph.
package struct Difficulty: Sendable, Equatable {
  /// 0 is ordinary; hard ones have more, simple ones less.
  package var score: Int
  /// The reasons, as text.
  package var reasons: [String]

  package init(score: Int, reasons: [String] = []) {
    self.score = score
    self.reasons = reasons
  }

  package init(_ facts: FeatureFacts, _ settings: ModelSettings) {
    let text = facts.title + " " + facts.description
    let complex = Keywords.all(settings.complexKeywords, in: text)
    let simple = Keywords.all(settings.simpleKeywords, in: text)
    score = 2 * complex.count - 2 * simple.count
    score += min(3, facts.steps / 3) + min(3, facts.dependents / 2) + min(3, facts.footprint / 4)
    if ["testing", "documentation"].contains(facts.category.lowercased()) { score -= 2 }
    reasons = []
    if !complex.isEmpty { reasons.append("complex: " + complex.joined(separator: ", ")) }
    if !simple.isEmpty { reasons.append("simple: " + simple.joined(separator: ", ")) }
    if facts.steps > 0 { reasons.append("\(facts.steps) steps") }
    if facts.dependents > 0 { reasons.append("\(facts.dependents) dependents") }
    if facts.footprint > 0 { reasons.append("\(facts.footprint) paths") }
  }

  /// For people.
  var words: String {
    "difficulty \(score)" + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: "; ")))")
  }
}
