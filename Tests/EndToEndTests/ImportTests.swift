import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct ImportExportTests {
  private static let tasks = """
    {"master": {"tasks": [
      {"id": 1, "title": "Set up", "description": "d", "status": "pending", "dependencies": [],
       "details": "keep me"},
      {"id": 2, "title": "Use it", "description": "d", "status": "pending", "dependencies": [1]}
    ], "metadata": {"x": 1}}}
    """

  @Test func importAgainUpdatesAndStatesGoBackOut() throws {
    let shop = try Workshop(features: "# Ours.\nfeatures: []\n", agent: "echo $id > f$id.txt")
    let file = shop.repository.root.path("tasks.json")
    try shop.repository.root.write("tasks.json", Self.tasks)
    #expect(try shop.run("import", file).status == 0)
    var text = try shop.repository.read("features.yml")
    #expect(text.hasPrefix("# Ours.\n"))
    text = text.replacing("    title: Use it\n", with: "    title: Use it   # hand-written\n")
    text += "  - {id: own, title: Mine}\n"
    try shop.repository.write("features.yml", text)
    // Nothing new: nothing changes, to the byte.
    #expect(try shop.run("import", file).status == 0)
    #expect(try shop.repository.read("features.yml") == text)
    try shop.repository.root.write(
      "tasks.json", Self.tasks.replacing("\"Set up\"", with: "\"Set it up\""))
    let again = try shop.json("import", file)
    #expect(
      again["updated"] as? [String] == ["1"] && (again["added"] as? [String])?.isEmpty == true)
    #expect(
      try shop.repository.read("features.yml")
        == text.replacing("title: Set up", with: "title: Set it up"))
    #expect(try shop.run("run", "--feature", "1").status == 0)
    let exported = try shop.json("export", "task-master", "--update", file)
    #expect(exported["missing"] as? [String] == ["own"])
    let after = try shop.repository.root.read("tasks.json")
    #expect(after.contains("\"status\": \"done\"") && after.contains("keep me"))
    #expect(after.contains("\"status\": \"pending\"") && after.contains("\"metadata\""))
    // What landed here stays in features.yml although the source calls it done now.
    #expect(try shop.run("import", file).status == 0)
    #expect(try shop.repository.read("features.yml").contains("Set it up"))
  }

  @Test func everyFormatGoesOutAndComesBack() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: Schema, category: database, steps: [one, two]}
          - {id: 2, title: API, depends_on: [1], description: "An API."}

        """, agent: "true")
    let formats = [
      ("task-master", "a.json"), ("beads", "a.jsonl"), ("autocoder", "a.db"),
      ("autocoder-v2", "b.db"), ("markdown", "a.md"), ("csv", "a.csv"), ("json", "b.json"),
      ("yaml", "a.yml"),
    ]
    for (format, name) in formats {
      let path = shop.repository.root.path(name)
      let out = try shop.run("export", format, "--output", path)
      #expect(out.status == 0, "\(format): \(out.error)")
      let plan = try shop.json("plan", "--backlog", path)
      let edges = plan["edges"] as? [[String: Any]] ?? []
      #expect(edges.count == 1 && edges.first?["feature"] as? String == "2", "\(format)")
      // Into the same features.yml: nothing is doubled.
      let back = try shop.json("import", path)
      #expect(back["features"] as? Int == 2 && (back["added"] as? [String])?.isEmpty == true)
    }
    let piped = try TestProgram.run(
      [Workshop.program, "import", "-", "--json"], directory: shop.repository.path,
      environment: shop.environment,
      input: Array("[{\"number\": 9, \"title\": \"From gh\", \"body\": \"needs #1\"}]".utf8))
    #expect(piped.status == 0 && piped.text.contains("\"added\":[\"9\"]"))
  }

  @Test func brokenFilesGiveOneClearErrorAndChangeNothing() throws {
    let text = "features:\n  - {id: 1, title: One}\n"
    let shop = try Workshop(features: text, agent: "true")
    let files = [
      ("broken.json", "{\"tasks\": [", "broken.json:1:12: this is not valid JSON"),
      (
        "broken.jsonl", "{\"id\":\"a\",\"title\":\"t\",\"issue_type\":\"task\"}\n{\"id\"",
        "jsonl:2:6:"
      ),
      ("broken.csv", "id,title\n1,\"x\n", "broken.csv:2:3: the quote"),
      ("broken.md", "no list\n", "broken.md:1:1: this holds no checklist"),
      ("broken.db", "no database", "is no SQLite database"),
      ("broken.yml", "features:\n  - id: [\n", "broken.yml:"),
    ]
    for (name, content, message) in files {
      try shop.repository.root.write(name, content)
      let result = try shop.run("import", shop.repository.root.path(name))
      #expect(result.status == 65 && result.error.contains(message), "\(name): \(result.error)")
      #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
    }
    try Data([0xff, 0xfe, 0x41]).write(to: URL(fileURLWithPath: shop.repository.root.path("x")))
    #expect(try shop.run("import", shop.repository.root.path("x")).status == 65)
    try shop.repository.root.write("other.md", "- [ ] #1 Quite another thing\n")
    let other = try shop.run("import", shop.repository.root.path("other.md"))
    #expect(other.status == 1 && other.error.contains("--force"))
    #expect(try shop.repository.read("features.yml") == text)
    let letters = try shop.run("export", "task-master", "--update", "none.json")
    #expect(letters.status == 65)
  }
}
