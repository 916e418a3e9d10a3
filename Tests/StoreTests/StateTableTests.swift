import Foundation
import Model
import TestSupport
import Testing

@testable import Store

@Suite(.bounded) struct StateTableTests {
  /// The table of transitions as `docs/architecture.md` shows it.
  private var table: String {
    let rows = FeatureState.allCases.map { state in
      let next = FeatureState.allCases.filter { state.allowedSuccessors.contains($0) }
      return "| `\(state.rawValue)` | \(next.map { "`\($0.rawValue)`" }.joined(separator: ", ")) |"
    }
    return (["| state | may become |", "|---|---|"] + rows).joined(separator: "\n")
  }

  @Test func theDocumentationShowsTheTableOfTransitions() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/architecture.md").standardizedFileURL
    let text = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(text.range(of: "<!-- states -->\n"))
    let end = try #require(text.range(of: "<!-- /states -->"))
    let shown = text[start.upperBound..<end.lowerBound]
      .trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(shown == table, "docs/architecture.md must show:\n\(table)")
  }

  @Test func everyStateCanBeReachedAndLeft() {
    let reached = FeatureState.allCases.reduce(into: Set<FeatureState>()) {
      $0.formUnion($1.allowedSuccessors)
    }
    #expect(reached == Set(FeatureState.allCases))
    for state in FeatureState.allCases { #expect(!state.allowedSuccessors.isEmpty) }
  }
}
