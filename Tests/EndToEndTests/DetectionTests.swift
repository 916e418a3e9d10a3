import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct DetectionTests {
  private static let backlog = """
    # the plan of ours
    features:
      - id: 1   # first
        title: Project setup
      - id: 2
        title: "Database schema"
        description: "Tables; after #1"

      - id: 3
        title: Booking API
        description: |
          Reads the tables of task 2.

    """

  private func shop(_ features: String = backlog) throws -> Workshop {
    try Workshop(features: features, agent: "echo $id > f.txt")
  }

  private func text(_ shop: Workshop) throws -> String {
    try String(contentsOfFile: shop.repository.path + "/features.yml", encoding: .utf8)
  }

  @Test func planShowsAndWriteRecordsInPlace() throws {
    let shop = try shop()
    let before = try text(shop)
    let shown = try shop.run("plan", "--detect", "learned")
    #expect(shown.status == 0 && shown.text.contains("#2 after #1"), "\(shown.error)\(shown.text)")
    #expect(shown.text.contains("Its text names #2."))
    #expect(try text(shop) == before)
    #expect(try shop.json("plan", "--json")["edges"] as? [String] == [])
    #expect(try shop.run("plan", "--write").status == 0)
    let written = try text(shop)
    for line in [
      "# the plan of ours", "  - id: 1   # first", "          Reads the tables of task 2.",
    ]
    where before.contains(line) {
      #expect(written.contains(line), "\(written)")
    }
    #expect(written.contains("source: detected") && written.contains("confidence: "))
    // What stands there now is found again by nobody.
    #expect(try shop.run("plan", "--write").status == 0)
    #expect(try text(shop) == written)
    let edges = try #require(try shop.json("plan", "--json")["edges"] as? [[String: Any]])
    #expect(
      edges.contains {
        $0["feature"] as? String == "3" && $0["depends_on"] as? String == "2"
          && $0["source"] as? String == "detected" && $0["confidence"] is Double
      })
  }

  /// What was detected goes, what a person declared stays, and so does every other byte.
  @Test func detectNoneUndoesWhatDetectionWrote() throws {
    let declared = Self.backlog.replacing(
      "    title: Booking API\n", with: "    title: Booking API\n    depends_on: [1]\n")
    let shop = try shop(declared)
    let before = try text(shop)
    #expect(try shop.run("plan", "--write", "--detect", "learned").status == 0)
    #expect(try text(shop).contains("source: detected"))
    let undone = try shop.run("plan", "--write", "--detect", "none")
    #expect(undone.status == 0 && undone.text.contains("removed"), "\(undone.error)\(undone.text)")
    #expect(try !text(shop).contains("detected"))
    let edges = try #require(try shop.json("plan", "--json")["edges"] as? [[String: Any]])
    #expect(edges.map { "\($0["feature"] ?? "")>\($0["depends_on"] ?? "")" } == ["3>1"])
    #expect(try shop.run("plan", "--write", "--detect", "none").status == 0)
    #expect(
      before.split(separator: "\n").allSatisfy { line in
        line.contains("depends_on") || ((try? text(shop))?.contains(line) ?? false)
      })
  }

  @Test func initDetectsWhereNothingIsDeclared() throws {
    let shop = try shop()
    let before = try text(shop)
    #expect(try shop.run("init", "--detect", "none").status == 0)
    #expect(try text(shop) == before)
    let result = try shop.run("init")
    #expect(result.text.contains("no dependency was declared"), "\(result.error)\(result.text)")
    #expect(try text(shop).contains("source: detected"))
    #expect(!(try shop.run("init").text.contains("no dependency was declared")))
  }

  @Test func aFeatureInBracesIsLeftAloneInWords() throws {
    let shop = try shop(
      "features:\n  - {id: 1, title: Project setup}\n"
        + "  - {id: 2, title: Database schema, description: \"Tables; after #1\"}\n")
    let before = try text(shop)
    let plan = try shop.run("plan", "--write")
    #expect(plan.status == 65, "\(plan.text)")
    #expect(
      plan.error.contains("features.yml:3:5: feature #2 is written in braces"), "\(plan.error)")
    let made = try shop.run("init")
    #expect(made.status == 0, "\(made.error)")
    #expect(made.text.contains("were not recorded: features.yml:3:5: feature #2"), "\(made.text)")
    #expect(try text(shop) == before)
  }

  @Test func importDetectsWhereTheSourceDeclaresNothing() throws {
    let shop = try shop("features: []\n")
    let source = shop.repository.root.path("tasks.json")
    try """
    {"tasks": [{"id": 1, "title": "Project setup", "description": "x", "dependencies": []},
     {"id": 2, "title": "Database schema", "description": "Tables, after task 1", "dependencies": []}]}
    """.write(toFile: source, atomically: true, encoding: .utf8)
    let plain = try shop.run("import", source, "--detect", "none")
    #expect(plain.status == 0 && plain.text.contains("no dependency is declared"), "\(plain.error)")
    #expect(!(try text(shop).contains("detected")))
    let result = try shop.run("import", source)
    #expect(result.text.contains("1 were detected"), "\(result.error)\(result.text)")
    #expect(try text(shop).contains("source: detected"))
  }

  @Test func brokenWeights() throws {
    let shop = try shop()
    let file = shop.repository.root.path("weights.json")
    try "{}".write(toFile: file, atomically: true, encoding: .utf8)
    let result = try shop.run("plan", "--weights", file)
    #expect(result.status == 65 && result.error.contains("no weights"), "\(result.error)")
  }
}
