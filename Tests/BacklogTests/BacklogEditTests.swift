import Model
import TestSupport
import Testing

@testable import Backlog

@Suite(.bounded) struct BacklogEditTests {
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
        == Self.file.replacing("title: 'Log in'      # short", with: "title: Sign in      # short")
        .replacing("steps: [\"a\", 'b']   # two", with: "steps: [\"a\", \"b\", \"c\"]   # two"))
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

  /// - Returns: what is said where a change is refused; `nil` where it is made.
  private func refusal(_ text: String, _ change: (inout Backlog) -> Void) throws -> String? {
    var backlog = try BacklogReader.read(text: text, file: "f")
    change(&backlog)
    do {
      _ = try BacklogEdit.text(text, holding: backlog, file: "f")
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func aFeatureInBracesStaysAsItIs() throws {
    let text = """
      features:
        - {id: 1, title: One} # the first
        - { id: 2,  title: 'Two, it''s', depends_on: [1], touches: [a/, "b"] }   # second
        # about the third
        - {
            id: three, # its id
            title: It's # a word
          } # end
        - id: 4
          title: Four
      """
    let words = try refusal(text) { $0.features[1].priority = 7 }
    #expect(
      words
        == "f:3:5: feature #2 is written in braces, which are not changed in place; "
        + "write each key of it on a line of its own, or change it in an editor")
    #expect(try refusal(text) { $0.features[2].steps = ["x"] }?.hasPrefix("f:5:5") == true)
    // The others change beside them, and they can be removed.
    #expect(
      try edit(text) { $0.features[3].title = "Vier" } == text.replacing("Four", with: "Vier"))
    #expect(
      try edit(text) { $0.features.removeFirst(2) }
        == "features:\n" + text[text.range(of: "  # about")!.lowerBound...])
    #expect(
      try edit(text) { $0.features.append(Feature(id: "5", title: "Five")) }
        == text + "\n  - id: 5\n    title: Five\n    category: backend")
  }

  /// A list of features in brackets, and what one more makes of it.
  @Test(arguments: [
    (
      """
      {"features": [
        {"id": 1, "title": "One ]", "depends_on": []},
        {"id": "b", "title": "Two"}
      ]}
      """,
      """
      {"features": [
        {"id": 1, "title": "One ]", "depends_on": []},
        {"id": "b", "title": "Two"},
        {"id": "c", "title": "Three", "category": "backend", "steps": ["s"]}
      ]}
      """
    ),
    (
      "{\"features\": []}",
      "{\"features\": [{\"id\": \"c\", \"title\": \"Three\", \"category\": \"backend\", \"steps\": [\"s\"]}]}"
    ),
    (
      "features: [{id: 1, title: One}] # all ]\n",
      "features: [{id: 1, title: One}, "
        + "{\"id\": \"c\", \"title\": \"Three\", \"category\": \"backend\", \"steps\": [\"s\"]}] # all ]\n"
    ),
    (
      "features: [\n  {id: 1, title: One} # first\n]\n",
      "features: [\n  {id: 1, title: One} # first\n,\n  "
        + "{\"id\": \"c\", \"title\": \"Three\", \"category\": \"backend\", \"steps\": [\"s\"]}]\n"
    ),
  ]) func aListInBracketsTakesMoreAndChangesNothing(text: String, more: String) throws {
    #expect(
      try edit(text) { $0.features.append(Feature(id: "c", title: "Three", steps: ["s"])) } == more)
    guard text.contains("One") else { return }
    for change in [{ $0.title = "Uno" }, { $0.agent = "command" }] as [(inout Feature) -> Void] {
      let words = try refusal(text) { change(&$0.features[0]) }
      #expect(words?.contains("feature #1 is written in braces") == true, "\(words ?? "")")
    }
    let words = try refusal(text) { $0.features.removeFirst() }
    #expect(words?.contains("feature #1 is written in braces") == true, "\(words ?? "")")
  }

  @Test func commentsOfListsStay() throws {
    let text = """
      features:
        - id: 1
          title: One
          depends_on: # what it needs
            # the session
            - 2 # soon
            # the page
            - 3
            # later perhaps
          steps: [ # two
            "a", # first
            "b" # second
          ]
          description: | # in words
            # no comment
            text
        - {id: 2, title: Two}
        - {id: 3, title: Three}
      """
    let turned = try edit(text) { $0.features[0].dependencies.reverse() }
    #expect(
      turned
        == text.replacing("      # the session\n      - 2 # soon\n", with: "").replacing(
          "      - 3\n", with: "      - 3\n      # the session\n      - 2 # soon\n"))
    let result = try edit(text) {
      $0.features[0].dependencies = [Dependency(id: "3")]
      $0.features[0].description = "words"
    }
    for comment in [
      "what it needs", "the session", "the page", "later perhaps", "two", "first", "second",
      "in words",
    ] {
      #expect(result.contains("# \(comment)\n"), "\(comment)")
    }
    #expect(try refusal(text) { $0.features[0].steps = ["a"] }?.contains("comments") == true)
    let none = try edit(text) { $0.features[0].dependencies = [] }
    #expect(none.contains("depends_on: [] # what it needs\n      # the session\n"))
  }

  @Test func whatCannotBeChangedSafelyIsRefused() throws {
    for text in [
      // An anchor that other features stand on.
      "features:\n  - &one {id: 1, title: One} # c\n  - {id: 2, title: Two, steps: &s [x]}\n"
        + "  - {id: 3, title: Three, steps: *s}\n",
      // Comments between what would be turned round.
      "features:\n  - id: 1\n    title: One\n    steps: [a, # x\n      b]\n  - {id: 2, title: Two}\n",
      // Both ends of lines in one file.
      "features:\r\n  - id: 1\n    title: One\n    steps: [b, a]\r\n  - {id: 2, title: Two}\r\n",
    ] {
      var backlog = try BacklogReader.read(text: text, file: "f")
      backlog.features[1].steps = ["new"]
      backlog.features[0].steps = ["b", "a", "c"]
      backlog.features[0].title = "Uno"
      #expect(throws: InputProblems.self) {
        let result = try BacklogEdit.text(text, holding: backlog, file: "f")
        Issue.record("\(result)")
      }
    }
  }

  @Test func emptyFilesAreFilled() throws {
    for text in ["", "features: []\n", "# head\nfeatures: []   # none\n", "# only\n"] {
      let result = try edit(text) { $0.features = [Feature(id: "1", title: "One")] }
      #expect(result.contains("- id: 1"))
      #expect(!text.hasPrefix("#") || result.hasPrefix("#"))
      #expect(!text.contains("# none") || result.contains("features:   # none\n"))
    }
  }

  @Test func otherLineEndsAndForms() throws {
    let windows = Self.file.replacing("\n", with: "\r\n")
    let result = try edit(windows) { $0.features[1].priority = 4 }
    #expect(result == windows.replacing("priority: 3", with: "priority: 4"))
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
    var base = Backlog(features: present.features.filter { $0.id != "4" })
    base.features[1].dependencies = [Dependency(id: "1")]
    let merge = BacklogMerge(result, into: present, base: base)
    #expect(merge.added == ["3"] && merge.updated == ["1", "2"] && merge.finished == ["5"])
    #expect(merge.unknown == ["4"] && merge.strangers.isEmpty)
    let first = merge.backlog.features[0]
    #expect(
      first.title == "New name of the page" && first.category == "cli" && first.model == "opus")
    #expect(first.touches == ["src/"] && first.dependencies.map(\.id) == ["3"])
    #expect(merge.backlog.features[1].dependencies.map(\.id) == ["4"])
    let again = BacklogMerge(result, into: merge.backlog, base: merge.source)
    #expect(again.added.isEmpty && again.updated.isEmpty && again.backlog == merge.backlog)
    let kept = BacklogMerge(result, into: present, keep: ["5"])
    #expect(kept.finished.isEmpty && kept.backlog.features.contains { $0.id == "5" })
    let other = try Import.read(text: "- [ ] #1 Something else\n", file: "p.md")
    #expect(BacklogMerge(other, into: present).strangers == ["1"])
  }

  /// Random edits on both sides: what a person changed is never lost, and what only the source changed arrives.
  @Test func mergeNeverLosesWhatWasChangedHere() throws {
    var random = SplitMix64(seed: 22)
    func text(_ words: [String]) -> String { words.randomElement(using: &random)! }
    func change(_ feature: inout Feature) -> Set<String> {
      var changed: Set<String> = []
      for field in ["title", "description", "steps", "priority", "depends_on"]
      where Bool.random(using: &random) {
        changed.insert(field)
        switch field {
        case "title": feature.title = "Alpha beta gamma \(UInt32.random(in: 0...9, using: &random))"
        case "description": feature.description = text(["", "a", "b", "c"])
        case "steps": feature.steps = [text(["x", "y", "z"])]
        case "priority": feature.priority = Int.random(in: 0...3, using: &random)
        default: feature.dependencies = Bool.random(using: &random) ? [Dependency(id: "2")] : []
        }
      }
      return changed
    }
    for _ in 0..<2_000 {
      let second = Feature(id: "2", title: "Second")
      let base = Feature(id: "1", title: "Alpha beta gamma", description: "d", steps: ["s"])
      var (here, there) = (base, base)
      _ = change(&here)
      _ = change(&there)
      let entries = [there, second].map {
        ImportedFeature($0, status: .open, given: Set(ImportedFeature.Field.allCases))
      }
      let merge = BacklogMerge(
        ImportResult(backlog: Backlog(features: [there, second]), format: "", entries: entries),
        into: Backlog(features: [here, second]), base: Backlog(features: [base, second]))
      let result = merge.backlog.features[0]
      func check<Value: Equatable>(_ path: KeyPath<Feature, Value>, _ name: String) {
        let (b, h, t) = (base[keyPath: path], here[keyPath: path], there[keyPath: path])
        #expect(result[keyPath: path] == (h != b ? h : t))
        #expect(merge.kept.contains("#1 \(name)") == (h != b && t != b && h != t))
      }
      check(\.title, "title")
      check(\.description, "description")
      check(\.steps, "steps")
      check(\.priority, "priority")
      check(\.dependencies, "depends_on")
    }
  }

  /// Without a known last import, a value of the backlog stays unless it says nothing.
  @Test func mergeWithoutABaseKeepsWhatIsThere() throws {
    var present = Feature(id: "1", title: "A title", description: "mine", priority: 7)
    present.category = "security"
    let result = try Import.read(
      text: #"{"features": [{"id": "1", "title": "A title", "steps": ["new"], "priority": 2}]}"#,
      file: "t")
    let merge = BacklogMerge(result, into: Backlog(features: [present]))
    var expected = present
    expected.steps = ["new"]
    #expect(merge.backlog.features == [expected] && merge.kept == ["#1 priority"])
  }

  @Test func mergeDropsTheLeastCertainEdgeOfACycle() throws {
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
