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
    let status = "{\"tasks\": [{\"id\": 1, \"title\": \"a\", \"status\": \"purple\"}]}"
    #expect(problem(status, "t").contains("the status 'purple' is not known"))
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
        "1", "login-endpoint", "login-page", "T007", "3-buttons-for-the-head",
      ])
    #expect(
      edges(result.backlog) == [
        "1": [], "login-endpoint": ["1"], "login-page": ["login-endpoint", "1"],
        "T007": ["1", "login-page"], "3-buttons-for-the-head": [],
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

  /// Long lists often repeat themselves; each further one must not look at all before it.
  @Test func manyOfTheSameTitleGetNumbersInOneGo() throws {
    let count = 30_000
    let list = try read("- [ ] #a-3 Own\n" + String(repeating: "- [ ] a\n", count: count), "p.md")
    let ids = list.backlog.features.map(\.id)
    #expect(Set(ids).count == count + 1)
    #expect(ids.prefix(4) == ["a-3", "a", "a-2", "a-4"] && ids.last == "a-\(count + 1)")
    let table = try read("title\n" + String(repeating: "a\n", count: count), "p.csv")
    #expect(table.backlog.features.last?.id == "a-\(count)")
  }

  @Test func checklistIDsStayWhileTitlesDo() throws {
    let one = try read("- [ ] Alpha\n- [ ] Beta\n- [ ] Alpha\n", "p.md")
    let two = try read("- [ ] Beta\n- [ ] New\n- [ ] Alpha\n", "p.md")
    #expect(one.backlog.features.map(\.id) == ["alpha", "beta", "alpha-2"])
    #expect(two.backlog.features.map(\.id) == ["beta", "new", "alpha"])
    let other = try read("- [ ] 数据库\n", "p.md").backlog.features[0]
    #expect(FeatureID.problem(other.id) == nil && other.title == "数据库")
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

  @Test func separatedValuesBroken() {
    #expect(problem("id,name\n1,\"open\n", "x.csv").contains("x.csv:2:3: the quote that opens"))
    #expect(problem("id,name\n1,\"a\"b\n", "x.csv").contains("x.csv:2:6: text follows the closing"))
    #expect(problem("id,name\n1,a,b\n", "x.csv").contains("x.csv:2:1: this row has 3 cells"))
    #expect(problem("a,b\n1,2\n", "x.csv").contains("no column is named title"))
    #expect(problem("", "x.csv").contains("the file is empty"))
    #expect(problem("title,status\na,purple\n", "x.csv").contains("the status 'purple'"))
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
