import Testing

@testable import Backlog

@Suite struct BacklogEditTests {
  static let file = """
    # Our backlog.
    features:
      # the first
      - id: 1   # never change
        title: 'Log in'      # short
        steps: ["a", 'b']   # two
        depends_on: []

      - title: Page
        id: "two"
        description: |
          Line one
            # not a comment
          line three
        depends_on:
          - 1            # needs the session
          - {id: three, source: detected, confidence: 0.5, reason: "x"}
        # about priorities
        priority: 3

      - {id: three, title: Flow}
    # the end
    """ + "\n"

  private func edit(_ text: String, _ change: (inout Backlog) -> Void) throws -> String {
    var backlog = try BacklogReader.read(text: text, file: "f")
    change(&backlog)
    let result = try BacklogEdit.text(text, holding: backlog, file: "f")
    #expect(
      try BacklogReader.read(text: result, file: "f")
        == BacklogEdit.ordered(
          backlog, like: try BacklogReader.read(text: text, file: "f")))
    return result
  }

  @Test func nothingChangesNothing() throws {
    #expect(try edit(Self.file) { _ in } == Self.file)
    // The order of what is asked for is not the file's business.
    #expect(try edit(Self.file) { $0.features.reverse() } == Self.file)
  }

  @Test func aValueChangesAlone() throws {
    let result = try edit(Self.file) {
      $0.features[0].title = "Sign in"
      $0.features[0].steps.append("c")
    }
    #expect(
      result
        == Self.file.replacing("title: 'Log in'      # short", with: "title: Sign in  # short")
        .replacing("steps: [\"a\", 'b']   # two", with: "steps: [\"a\", \"b\", \"c\"]  # two"))
  }

  @Test func edgesAreAddedAndTakenAwayLineByLine() throws {
    let result = try edit(Self.file) {
      $0.features[1].dependencies.removeLast()
      $0.features[1].dependencies.append(
        Dependency(id: "three", source: .detected, confidence: 0.9, reason: "it \"says\" so"))
      $0.features[0].dependencies = [Dependency(id: "three")]
    }
    #expect(result.contains("      - 1            # needs the session\n"))
    #expect(
      result.contains(
        "      - {id: \"three\", source: detected, confidence: 0.9, reason: \"it \\\"says\\\" so\"}\n"
      ))
    #expect(!result.contains("0.5") && result.contains("    depends_on: [three]\n"))
    #expect(result.contains("    # about priorities\n") && result.contains("# not a comment"))
  }

  @Test func featuresComeAndGo() throws {
    let result = try edit(Self.file) {
      $0.features.remove(at: 0)
      $0.features[0].dependencies.removeFirst()
      $0.features.append(Feature(id: "4", title: "New: one", steps: ["x"]))
    }
    #expect(!result.contains("never change") && result.contains("# Our backlog."))
    #expect(result.hasSuffix("# the end\n"))
    #expect(result.contains("\n\n  - id: 4\n    title: \"New: one\"\n"))
  }

  @Test func aFlowFeatureIsWrittenAnew() throws {
    let result = try edit(Self.file) { $0.features[2].priority = 7 }
    #expect(
      result.contains("  - id: three\n    title: Flow\n    category: backend\n    priority: 7"))
    #expect(result.contains("# needs the session"))
  }

  @Test func emptyFilesAreFilled() throws {
    for text in ["", "features: []\n", "# head\nfeatures: []   # none\n", "# only\n"] {
      let result = try edit(text) { $0.features = [Feature(id: "1", title: "One")] }
      #expect(result.contains("- id: 1"))
      #expect(!text.hasPrefix("#") || result.hasPrefix("#"))
    }
  }

  @Test func otherLineEndsAndForms() throws {
    let windows = Self.file.replacing("\n", with: "\r\n")
    let result = try edit(windows) { $0.features[1].priority = 4 }
    #expect(result == windows.replacing("priority: 3", with: "priority: 4"))
    let json = "{\"features\": [{\"id\": 1, \"title\": \"One\"}]}"
    _ = try edit(json) { $0.features[0].title = "Two" }
    let list = "features:\n- id: 1\n  title: One\n- id: 2\n  title: Two\nother: 1\n"
    #expect(throws: InputProblems.self) { try edit(list) { _ in } }
    let flat = "features:\n- id: 1\n  title: One\n- id: 2\n  title: Two\n"
    let more = try edit(flat) { $0.features.append(Feature(id: "3", title: "Three")) }
    #expect(more == flat + "- id: 3\n  title: Three\n  category: backend\n")
  }

  @Test func mergeUpdatesAndKeepsWhatTheSourceDoesNotSay() throws {
    let present = try BacklogReader.read(
      text: """
        features:
          - {id: 1, title: Old name of the page, category: cli, touches: [src/], model: opus}
          - {id: 2, title: Second, depends_on: [1, {id: 4, source: detected, confidence: 0.6}]}
          - {id: 4, title: By hand}
          - {id: 5, title: Done there}
        """, file: "f")
    let result = try Import.read(
      text: """
        {"tasks": [{"id": 1, "title": "New name of the page", "dependencies": [3], "priority": "high"},
          {"id": 2, "title": "Second", "dependencies": []},
          {"id": 3, "title": "Third", "dependencies": []},
          {"id": 5, "title": "Done there", "status": "done"}]}
        """, file: "t")
    let merge = BacklogMerge(result, into: present)
    #expect(merge.added == ["3"] && merge.updated == ["1", "2"] && merge.finished == ["5"])
    #expect(merge.unknown == ["4"] && merge.strangers.isEmpty)
    let first = merge.backlog.features[0]
    #expect(
      first.title == "New name of the page" && first.category == "cli" && first.model == "opus")
    #expect(first.touches == ["src/"] && first.dependencies.map(\.id) == ["3"])
    #expect(merge.backlog.features[1].dependencies.map(\.id) == ["4"])
    let again = BacklogMerge(result, into: merge.backlog)
    #expect(again.added.isEmpty && again.updated.isEmpty && again.backlog == merge.backlog)
    let kept = BacklogMerge(result, into: present, keep: ["5"])
    #expect(kept.finished.isEmpty && kept.backlog.features.contains { $0.id == "5" })
    let other = try Import.read(text: "- [ ] #1 Something else\n", file: "p.md")
    #expect(BacklogMerge(other, into: present).strangers == ["1"])
  }

  @Test func mergeDropsTheLeastCertainEdgeOfACircle() throws {
    let present = try BacklogReader.read(
      text: """
        features:
          - {id: 1, title: A, depends_on: [{id: 2, source: detected, confidence: 0.4}]}
          - {id: 2, title: B}
        """, file: "f")
    let result = try Import.read(
      text: "{\"tasks\": [{\"id\": 2, \"title\": \"B\", \"dependencies\": [1]},"
        + "{\"id\": 1, \"title\": \"A\"}]}", file: "t")
    let merged = BacklogMerge(result, into: present).backlog
    #expect(merged.features.map { $0.dependencies.map(\.id) } == [[], ["1"]])
  }
}
