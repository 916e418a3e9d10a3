import Model
import TestSupport
import Testing

@testable import Backlog

/// Backlogs as other programs write them; the files here are made up, their form is documented.
@Suite(.bounded) struct ImportFormatsTests {
  private func read(
    _ text: String, _ file: String = "file", _ options: ImportOptions = ImportOptions()
  ) throws -> ImportResult {
    try Import.read(text: text, file: file, options: options)
  }

  private func problem(
    _ text: String, _ file: String, _ options: ImportOptions = ImportOptions()
  ) -> String {
    do {
      _ = try Import.read(text: text, file: file, options: options)
      return "no problem"
    } catch {
      return error.description
    }
  }

  private func edges(_ backlog: Backlog) -> [String: [String]] {
    Dictionary(
      backlog.features.map { ($0.id, $0.dependencies.map(\.id)) }, uniquingKeysWith: { a, _ in a })
  }

  // MARK: task-master

  static let tagged = """
    {
      "master": {
        "tasks": [
          {"id": 1, "title": "Set up", "description": "d", "status": "done", "dependencies": []},
          {"id": 2, "title": "Database schema", "description": "Tables", "details": "users",
           "testStrategy": "migrate", "priority": "high", "status": "in-progress",
           "dependencies": [1], "subtasks": [
             {"id": 1, "title": "users", "description": "one", "status": "pending",
              "dependencies": []},
             {"id": 2, "title": "posts", "description": "", "status": "pending",
              "dependencies": [1]},
             {"id": 3, "title": "old", "description": "", "status": "cancelled",
              "dependencies": []}]},
          {"id": 3, "title": "Page \\ud83d\\ude00", "description": "", "priority": "low",
           "status": "deferred", "dependencies": [2, "2.1", 9], "subtasks": []}
        ],
        "metadata": {"created": "2026-01-01T00:00:00.000Z"}
      },
      "later": {"tasks": [{"id": 1, "title": "Other", "status": "pending"}]}
    }
    """

  @Test func taskMasterWithTags() throws {
    let result = try read(Self.tagged, "tasks.json")
    #expect(result.backlog.features.map(\.id) == ["2", "3"])
    let second = result.backlog.features[0]
    #expect(second.category == "database" && second.priority == 10)
    #expect(second.description == "Tables\n\nusers")
    #expect(second.steps == ["users: one", "posts", "Test: migrate"])
    #expect(result.backlog.features[1].title == "Page 😀")
    #expect(edges(result.backlog) == ["2": [], "3": ["2"]])
    #expect(result.entries.map(\.status) == [.done, .inProgress, .open])
    let notes = result.notes.joined(separator: "\n")
    #expect(notes.contains("the tag 'master' was taken; left out: later"))
    #expect(notes.contains("1 tasks are done") && notes.contains("'9', which is not there"))
    #expect(notes.contains("1 dependencies on finished tasks are met"))
    let other = try read(Self.tagged, "tasks.json", ImportOptions(tag: "later"))
    #expect(other.backlog.features.map(\.title) == ["Other"])
    let wrong = problem(Self.tagged, "tasks.json", ImportOptions(tag: "lather"))
    #expect(wrong.contains("there is no tag 'lather'; did you mean `later`?"))
  }

  @Test func taskMasterOlderLayouts() throws {
    let flat = """
      {"tasks": [{"id": 1, "title": "A", "status": "pending", "dependencies": []},
                 {"id": "2", "title": "B", "status": "review", "dependencies": ["1"]}],
       "meta": {"projectName": "x"}}
      """
    #expect(edges(try read(flat).backlog) == ["1": [], "2": ["1"]])
    let bare = """
      [{"id": 1, "title": "A", "dependencies": [], "details": "x", "testStrategy": ""},
       {"id": 2, "title": "B", "dependencies": [1]}]
      """
    #expect(edges(try read(bare).backlog) == ["1": [], "2": ["1"]])
  }

  @Test func taskMasterSubtasksAsFeatures() throws {
    let result = try read(Self.tagged, "tasks.json", ImportOptions(subtasks: .features))
    #expect(result.backlog.features.map(\.id) == ["2.1", "2.2", "2", "3"])
    #expect(
      edges(result.backlog) == [
        "2.1": [], "2.2": ["2.1"], "2": ["2.1", "2.2"], "3": ["2", "2.1"],
      ])
  }

  @Test func taskMasterBroken() {
    #expect(problem("{\n \"tasks\": [1,,]\n}", "t.json").contains("t.json:2:14: this is not valid"))
    #expect(
      problem(String(Self.tagged.prefix(200)), "t.json").contains("the file ends too early"))
    #expect(
      problem("{\"tasks\": [{\"title\": \"x\"}]}", "t").contains("t:1:12: this task has no id"))
    #expect(problem("{\"tasks\": [{\"id\": 1}]}", "t").contains("task '1' has no title"))
    let double = "{\"tasks\": [{\"id\": 1, \"title\": \"a\"},\n{\"id\": 1, \"title\": \"b\"}]}"
    #expect(problem(double, "t").contains("t:2:1: the id '1' is a duplicate; line 1 has it"))
    let cycle = """
      {"tasks": [{"id": 1, "title": "a", "dependencies": [2]},
                 {"id": 2, "title": "b", "dependencies": [1]}]}
      """
    #expect(problem(cycle, "t").contains("these tasks depend on each other: 1 -> 2 -> 1"))
    #expect(problem("{\"x\": 1}", "t").contains("this holds no tasks of task-master"))
  }

  // MARK: beads

  static let beads = """
    {"id":"bd-1","title":"Epic","status":"open","priority":1,"issue_type":"epic","created_at":"t","dependencies":[{"issue_id":"bd-1","depends_on_id":"bd-0","type":"blocks"}]}
    {"id":"bd-1.1","title":"API","description":"d","design":"REST","acceptance_criteria":"- [ ] answers 200\\n2. logs","status":"open","priority":0,"issue_type":"feature","labels":["api"],"created_at":"t","dependencies":[{"issue_id":"bd-1.1","depends_on_id":"bd-1","type":"parent-child"}]}
    {"id":"bd-1.2","title":"Page","status":"in_progress","priority":3,"issue_type":"task","created_at":"t","dependencies":[{"issue_id":"bd-1.2","depends_on_id":"bd-1","type":"parent-child"},{"issue_id":"bd-1.2","depends_on_id":"bd-1.1","type":"blocks"}]}

    {"id":"bd-0","title":"Schema","status":"open","priority":2,"issue_type":"task","created_at":"t"}
    {"id":"bd-2","title":"Release","status":"blocked","priority":2,"issue_type":"task","created_at":"t","dependencies":[{"issue_id":"bd-2","depends_on_id":"bd-1","type":"blocks"},{"issue_id":"bd-2","depends_on_id":"bd-3","type":"blocks"},{"issue_id":"bd-2","depends_on_id":"bd-0","type":"related"}]}
    {"id":"bd-3","title":"Done","status":"closed","priority":2,"issue_type":"bug","created_at":"t"}
    {"id":"bd-4","status":"tombstone"}
    """

  @Test func beadsIssues() throws {
    let result = try read(Self.beads, "issues.jsonl")
    #expect(result.format == "beads' issues.jsonl")
    #expect(
      edges(result.backlog) == [
        "bd-1.1": ["bd-0"], "bd-1.2": ["bd-1.1", "bd-0"], "bd-0": [], "bd-2": ["bd-1.1", "bd-1.2"],
      ])
    let api = result.backlog.features[0]
    #expect(
      api.steps == ["answers 200", "logs"] && api.priority == 20 && api.category == "backend")
    #expect(api.description == "d\n\nDesign:\nREST")
    #expect(result.notes.contains { $0.contains("1 epics") })
  }

  @Test func unknownStatusesOfBeadsAreNoted() throws {
    let lines = Self.beads.replacing("\"status\":\"blocked\"", with: "\"status\":\"snoozed\"")
    let result = try read(lines, "issues.jsonl")
    #expect(result.backlog.features.contains { $0.id == "bd-2" })
    #expect(result.notes.contains { $0.hasPrefix("issues.jsonl:") && $0.contains("'snoozed'") })
  }

  @Test func beadsBroken() {
    let lines = Self.beads.split(separator: "\n")
    let cut = lines[0] + "\n" + lines[1].prefix(40)
    #expect(problem(String(cut), "i.jsonl").contains("i.jsonl:2:41: this line is not valid JSON"))
    let nameless = lines[0] + "\n{\"title\": \"x\"}"
    #expect(problem(String(nameless), "i.jsonl").contains("i.jsonl:2:1: this issue has no id"))
  }

  // MARK: gh and glab

  @Test func githubIssues() throws {
    let result = try read(
      """
      [{"number": 7, "title": "Login page", "state": "OPEN", "labels": [{"name": "frontend"},
        {"name": "priority: high"}],
        "body": "Text\\r\\n- [ ] form\\r\\n- [x] route\\r\\n\\r\\nDepends on #5 and #6. See #1."},
       {"number": 5, "title": "API", "state": "OPEN", "labels": [], "body": null},
       {"number": 6, "title": "Old", "state": "CLOSED", "labels": [], "body": ""}]
      """)
    #expect(result.format.contains("gh issue list"))
    #expect(edges(result.backlog) == ["7": ["5"], "5": []])
    let login = result.backlog.features[0]
    #expect(login.category == "frontend" && login.priority == 10)
    #expect(login.steps == ["form", "route"] && login.description.hasPrefix("Text\n- [ ]"))
  }

  @Test func gitlabIssues() throws {
    let result = try read(
      """
      [{"id": 9001, "iid": 3, "title": "CI", "state": "opened", "labels": ["infra", "P1"],
        "description": "blocked by #2"},
       {"id": 9000, "iid": 2, "title": "Repo", "state": "closed", "labels": []}]
      """)
    #expect(result.format.contains("glab") && result.backlog.features.map(\.id) == ["3"])
    #expect(result.backlog.features[0].priority == 10)
    #expect(result.backlog.features[0].category == "infrastructure")
  }

  @Test func trackedIssuesAreDependenciesAndTheOldestComesFirst() throws {
    let result = try read(
      """
      [{"number": 9, "title": "Epic", "createdAt": "2026-03-01T00:00:00Z", "subIssues": [{"number": 4}],
        "body": "- [ ] #7\\n- [ ] https://example.org/a/b/issues/8\\n- [ ] own `name`\\n<!-- depends on #4 -->\\n`after #4`\\n```\\nblocked by #5\\n```"},
       {"number": 8, "title": "H", "createdAt": "2026-02-01T00:00:00Z"},
       {"number": 7, "title": "G", "createdAt": "2026-01-01T00:00:00Z"},
       {"number": 5, "title": "E", "createdAt": "2026-01-01T00:00:00Z", "state": "WEIRD"},
       {"number": 4, "title": "D", "createdAt": "2026-01-03T00:00:00Z"}]
      """)
    #expect(result.backlog.features.map(\.id) == ["7", "5", "4", "8", "9"])
    #expect(edges(result.backlog)["9"] == ["7", "8", "4"])
    #expect(result.backlog.features.last?.steps == ["own `name`"])
    #expect(result.notes.contains("file:5: the status 'WEIRD' is not known; it counts as open"))
  }

  @Test func issuesBroken() {
    #expect(
      problem("[{\"number\": 1}]", "i").contains("issue 1 has no title; add it: `gh issue list"))
    #expect(
      problem("[{\"number\": 1, \"title\": \"a\"},\n3]", "i").contains("i:2:1: an issue must"))
    #expect(problem("[{\"iid\": 1, \"title\": \"a\"", "i").contains("not valid JSON"))
  }

  // MARK: Markdown

  @Test func checklist() throws {
    let result = try read(
      """
      # Plan

      ## Backend
      - [ ] #1 Schema
        The tables.
        - [ ] users
        - [x] done already
      - [x] Old thing
      - [ ] Login endpoint (after #1)
        - touches: `src/auth/`, src/app.py
      ## Web pages
      * [ ] Login page
        - depends on: Login endpoint, 1
      ```
      - [ ] not a feature
      ```
      1. [ ] T007 [P] [US1] Write docs (needs Schema, login-page)
      - [-] Dropped
      - [ ] 3 buttons for the head
      - [link](url)
      """, "plan.md")
    #expect(
      result.backlog.features.map(\.id) == [
        "1", "3", "4", "T007", "6",
      ])
    #expect(
      edges(result.backlog) == [
        "1": [], "3": ["1"], "4": ["3", "1"], "T007": ["1", "4"], "6": [],
      ])
    let first = result.backlog.features[0]
    #expect(first.category == "backend" && first.steps == ["users"])
    #expect(first.description == "The tables.")
    #expect(result.backlog.features[1].touches == ["src/auth/", "src/app.py"])
    #expect(result.backlog.features[2].category == "frontend")
    #expect(result.backlog.features[3].title == "Write docs")
  }

  @Test func checklistBroken() {
    #expect(
      problem("# Only text\n\nnothing\n", "p.md").contains("p.md:1:1: this holds no checklist"))
    #expect(problem("- [ ] #1 A\n- [ ] #1 B\n", "p.md").contains("p.md:2:1: the id '1' is a dup"))
  }

  /// Six additions to a library that all name one page, a command over them all, and release notes.
  @Test func aListOfWishesGetsShortIDsAndTitles() throws {
    let result = try read(
      """
      # Wishes for 2.0

      - [ ] Count words without a list of stop words: the result is the same as with an empty list.
        - [ ] tests for empty input
        - document it in docs/api.md
      - [ ] `split_once(text, mark)` - both halves, or the whole and nothing. Tests and docs/api.md too.
      - [ ] **Trim a prefix** – with tests, e.g. for a prefix that is longer than the text
      - [ ] Join lines. Keep the last line end; document it in docs/api.md.
      - [ ] Fold case (Unicode, see docs/api.md) with tests
      - [ ]* Pad to a width of 3.5 columns
      - [ ] A command `text` that runs each of them (after "Trim a prefix", Join lines, #1)
      - [ ] Release notes (after the command)
      """, "wishes.md")
    let features = result.backlog.features
    #expect(features.map(\.id) == (1...8).map(String.init))
    #expect(
      features.map(\.title) == [
        "Count words without a list of stop words", "`split_once(text, mark)`", "Trim a prefix",
        "Join lines", "Fold case (Unicode, see docs/api.md) with tests",
        "Pad to a width of 3.5 columns", "A command `text` that runs each of them",
        "Release notes",
      ])
    #expect(features[0].description == "the result is the same as with an empty list.")
    #expect(features[0].steps == ["tests for empty input", "document it in docs/api.md"])
    #expect(features[1].description.hasPrefix("both halves"))
    #expect(features[6].dependencies.map(\.id) == ["3", "4", "1"])
    #expect(features[7].dependencies.map(\.id) == ["7"])
  }

  @Test func numbersAndBulletsWithoutBoxesAreItems() throws {
    let numbered = try read("3. Alpha\n5. Beta (after 3)\n\n\ttext\n9. Gamma\n", "p.md")
    #expect(edges(numbered.backlog) == ["3": [], "5": ["3"], "9": []])
    #expect(numbered.notes.contains { $0.contains("no check boxes") })
    let ones = try read("1. Alpha\n1. Beta\n   - part\n   more\n", "p.md")
    #expect(ones.backlog.features.map(\.id) == ["1", "2"])
    #expect(
      ones.backlog.features[1].steps == ["part"]
        && ones.backlog.features[1].description == "more")
    // With a single box, bullets are text.
    #expect(try read("- note\n- [ ] Item\n", "p.md").backlog.features.map(\.title) == ["Item"])
    #expect(try read("<!--\n- [ ] Hidden\n-->\n- [ ] Item\n", "p.md").backlog.features.count == 1)
  }

  @Test func kirosTasks() throws {
    let result = try read(
      """
      # Implementation Plan

      - [x] 1. Set up the project
        - _Requirements: 1.1_
      - [-] 2. Parser
        - [x] 2.1 Tokens
        - [ ] 2.2 Tree
          - errors name their line
        - _Requirements: 2.1, 2.2_
      - [ ]* 3. Fuzz it
      """, "tasks.md")
    #expect(result.entries.map(\.status) == [.done, .inProgress, .open])
    #expect(result.backlog.features.map(\.id) == ["2", "3"])
    #expect(result.backlog.features[0].steps == ["2.2 Tree", "errors name their line"])
    #expect(result.backlog.features[1].title == "Fuzz it")
  }

  @Test func headingsAreCategoryOrSection() throws {
    let features = try read(
      "# Plan\n## Web pages\n- [ ] One\n## Parser\n### Errors\n- [ ] Two\n", "p.md"
    ).backlog.features
    #expect(features[0].category == "frontend" && features[0].description == "")
    #expect(features[1].description == "Section: Parser / Errors")
  }

  /// Long lists often repeat themselves; each further one must not look at all before it.
  @Test func manyOfTheSameTitleGetNumbersInOneGo() throws {
    let count = 30_000
    let list = try read("- [ ] #3 Own\n" + String(repeating: "- [ ] a\n", count: count), "p.md")
    let ids = list.backlog.features.map(\.id)
    #expect(Set(ids).count == count + 1)
    #expect(ids.prefix(4) == ["3", "1", "2", "4"] && ids.last == "\(count + 1)")
    let again = BacklogMerge(list, into: list.backlog, base: list.backlog)
    #expect(again.added.isEmpty && again.updated.isEmpty && again.backlog == list.backlog)
    let table = try read("title\n" + String(repeating: "a\n", count: count), "p.csv")
    #expect(table.backlog.features.last?.id == "a-\(count)")
  }

  /// A list without ids is matched by title, so that new items in front move nothing.
  @Test func itemsWithoutIDsKeepTheirs() throws {
    let one = try read("- [ ] Alpha\n- [ ] Beta\n- [ ] Alpha\n", "p.md")
    #expect(one.backlog.features.map(\.id) == ["1", "2", "3"])
    let two = try read("- [ ] New (after Beta)\n- [ ] Beta\n- [ ] Alpha\n", "p.md")
    let merge = BacklogMerge(two, into: one.backlog, base: one.backlog)
    #expect(merge.backlog.features.map(\.title) == ["Alpha", "Beta", "Alpha", "New"])
    #expect(edges(merge.backlog) == ["1": [], "2": [], "3": [], "4": ["2"]])
    #expect(merge.added == ["4"] && merge.unknown == ["3"])
    // What was imported under ids made of titles stays so.
    let old = Backlog(features: [Feature(id: "beta-all-of-it", title: "Beta: all of it")])
    let again = BacklogMerge(try read("- [ ] Beta: all of it\n", "p.md"), into: old)
    #expect(again.backlog.features.map(\.id) == ["beta-all-of-it"] && again.added.isEmpty)
    let other = try read("- [ ] 数据库\n", "p.md").backlog.features[0]
    #expect(other.id == "1" && other.title == "数据库")
  }

  @Test(arguments: [
    ("Add a cache: least recently used", "Add a cache", "least recently used"),
    ("API: add pages", "API: add pages", nil), ("feat(api): pages", "feat(api): pages", nil),
    ("Fix: crash on empty input", "Fix: crash on empty input", nil),
    ("Release notes. They name all.", "Release notes", "They name all."),
    ("Use v1.2 of the format, e.g. for maps", "Use v1.2 of the format, e.g. for maps", nil),
    ("Rename a-b to c", "Rename a-b to c", nil),
    ("Print `a: b` and (c: d)", "Print `a: b` and (c: d)", nil),
    ("Does it end? It does", "Does it end?", "It does"), ("Stop...", "Stop...", nil),
    ("Time 10:30 is read", "Time 10:30 is read", nil),
  ]) func titlesEndWhereTheFirstSentenceDoes(_ text: String, _ title: String, _ rest: String?) {
    let found = ItemText.split(text)
    #expect(found.title == title && found.rest == rest)
  }

  // MARK: CSV

  @Test func separatedValues() throws {
    let result = try read(
      "\u{feff}ID;Summary;Status;Blocked by;Steps;Priority;Owner\r\n"
        + "A-1;\"One; with \"\"quotes\"\"\nand lines\";To Do;;a|b;high;x\r\n"
        + "A-2;Two;In Progress;A-1, A-3;;3;\r\nA-3;Three;Closed;;;;\r\n", "jira.csv")
    #expect(edges(result.backlog) == ["A-1": [], "A-2": ["A-1"]])
    #expect(result.backlog.features[0].title == "One; with \"quotes\"\nand lines")
    #expect(result.backlog.features[0].steps == ["a", "b"])
    #expect(result.backlog.features.map(\.priority) == [10, 3])
    #expect(result.notes.contains("columns that were left out: Owner"))
    let bare = try read("title\nAlpha\nBeta\n", "x.csv")
    #expect(bare.backlog.features.map(\.id) == ["alpha", "beta"])
  }

  @Test func separatedValuesBroken() throws {
    #expect(problem("id,name\n1,\"open\n", "x.csv").contains("x.csv:2:3: the quote that opens"))
    #expect(problem("id,name\n1,\"a\"b\n", "x.csv").contains("x.csv:2:6: text follows the closing"))
    #expect(problem("id,name\n1,a,b\n", "x.csv").contains("x.csv:2:1: this row has 3 cells"))
    #expect(problem("a,b\n1,2\n", "x.csv").contains("no column is named title"))
    #expect(problem("", "x.csv").contains("the file is empty"))
    #expect(
      try read("title,status\na,purple\n", "x.csv").notes == [
        "x.csv:2: the status 'purple' is not known; it counts as open"
      ])
  }

  // MARK: limits

  @Test func limits() throws {
    // A chain 60 deep, a fan 10,000 wide, and a text of one megabyte.
    let chain = (1...60).map { number in
      "{\"id\": \(number), \"title\": \"t\", \"dependencies\": [\(number > 1 ? "\(number - 1)" : "")]}"
    }
    let deep = try read("{\"tasks\": [" + chain.joined(separator: ",") + "]}")
    #expect(deep.backlog.features.last?.dependencies.map(\.id) == ["59"])
    let fan = (2...10_000).map { "\($0),title \($0),1" }
    let wide = try read("id,title,depends_on\n1,root,\n" + fan.joined(separator: "\n"), "f.csv")
    #expect(wide.backlog.features.count == 10_000)
    let long = String(repeating: "wörd ", count: 200_000)
    let big = try read("[{\"number\": 1, \"title\": \"日本語 🦉\", \"body\": \"\(long)\"}]")
    #expect(big.backlog.features[0].description.utf8.count > 1_000_000)
    #expect(big.backlog.features[0].title == "日本語 🦉")
    let text = BacklogWriter.yaml(big.backlog)
    #expect(try BacklogReader.read(text: text, file: "f") == big.backlog)
    // The same edge twice, an edge to itself, an unknown id, an empty text.
    let odd = try read(
      "{\"tasks\": [{\"id\": 1, \"title\": \"a\", \"description\": \"\", \"dependencies\": []},"
        + "{\"id\": 2, \"title\": \"b\", \"dependencies\": [1, 1, 2, 77]}]}")
    #expect(edges(odd.backlog) == ["1": [], "2": ["1"]])
    #expect(odd.notes.count == 2)
    #expect(problem("{\"tasks\": " + String(repeating: "[", count: 10_000), "t").contains("JSON"))
  }
}
