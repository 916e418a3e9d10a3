import Model
import TestSupport
import Testing

@testable import Backlog

@Suite(.bounded) struct ExportTests {
  private let features = [
    ExportedFeature(
      Feature(
        id: "1", title: "Schema, \"quoted\"", category: "database",
        description: "Tables.\nTwo lines.",
        steps: ["users; and more", "Test: migrate"], priority: 10), status: .open),
    ExportedFeature(
      Feature(
        id: "2", title: "Página 🦉", category: "frontend", steps: ["one step"],
        dependencies: [Dependency(id: "1")], touches: ["src/a.py", "web/"], priority: -10,
        slots: ["browser"]),
      status: .inProgress),
    ExportedFeature(
      Feature(
        id: "3", title: "Release", category: "infrastructure",
        dependencies: [
          Dependency(id: "1"), Dependency(id: "2"),
        ]), status: .blocked),
    ExportedFeature(Feature(id: "4", title: "Old", category: "backend"), status: .done),
    ExportedFeature(Feature(id: "5", title: "Gone", category: "backend"), status: .cancelled),
  ]
  private let time = "2026-01-02T03:04:05Z"

  private func plain(_ feature: Feature, _ keep: Set<ImportedFeature.Field>) -> Feature {
    var result = Feature(id: feature.id, title: feature.title, category: feature.category)
    result.description = feature.description
    result.steps = feature.steps
    result.dependencies = feature.dependencies.map { Dependency(id: $0.id) }
    if keep.contains(.touches) { result.touches = feature.touches }
    if keep.contains(.slots) { result.slots = feature.slots }
    if keep.contains(.priority) { result.priority = feature.priority }
    if !keep.contains(.category) { result.category = "" }
    return result
  }

  /// What a format can hold comes back as it was.
  @Test(arguments: [
    (Export.Format.taskMaster, "tasks.json", [ImportedFeature.Field.priority]),
    (.beads, "issues.jsonl", [.priority, .category]),
    (.markdown, "plan.md", [.category, .touches]),
    (.csv, "plan.csv", [.category, .touches, .priority]),
    (.json, "plan.json", [.category, .touches, .priority, .slots]),
    (.yaml, "plan.yml", [.category, .touches, .priority, .slots]),
  ])
  func roundTrip(
    _ format: Export.Format, _ file: String, _ fields: [ImportedFeature.Field]
  ) throws {
    let text = Export.text(features, format: format, time: time)
    let back = try Import.read(text: text, file: file)
    let isOwn = format == .json || format == .yaml
    let expected = features.filter { isOwn || !$0.status.isFinished }.map(\.feature)
    let keep = Set(fields)
    #expect(back.backlog.features.map { plain($0, keep) } == expected.map { plain($0, keep) })
    if !isOwn {
      let statuses = Dictionary(
        back.entries.map { ($0.feature.id, $0.status) }, uniquingKeysWith: { a, _ in a })
      #expect(statuses["4"] == .done && statuses["2"] == .inProgress)
      #expect(statuses["5"]?.isFinished == true)
    }
  }

  @Test func taskMasterStatusGoesOutIntoTheFileThatIsThere() throws {
    let old = ImportFormatsTests.tagged
    let done = [
      ExportedFeature(Feature(id: "2", title: ""), status: .done),
      ExportedFeature(Feature(id: "3", title: ""), status: .open),
      ExportedFeature(Feature(id: "8", title: ""), status: .open),
    ]
    let result = try Export.update(
      old, file: "t", with: done, format: .taskMaster, time: time)
    #expect(result.missing == ["8"])
    let before = try JSON(reading: old)
    let after = try JSON(reading: result.text)
    #expect(after["later"] == before["later"])
    let tasks = after["master"]!["tasks"]!.array!
    #expect(tasks.map { $0["status"]!.string } == ["done", "done", "deferred"])
    #expect(tasks[1]["details"]?.string == "users" && after["master"]?["metadata"] != nil)
    #expect(try Import.read(text: result.text, file: "t").backlog.features.map(\.id) == ["3"])
  }

  @Test func beadsStatusGoesOutLineByLine() throws {
    let result = try Export.update(
      ImportFormatsTests.beads, file: "i",
      with: [ExportedFeature(Feature(id: "bd-1.1", title: ""), status: .done)], format: .beads,
      time: time)
    let (old, new) = (
      ImportFormatsTests.beads.split(separator: "\n", omittingEmptySubsequences: false),
      result.text.split(separator: "\n", omittingEmptySubsequences: false)
    )
    #expect(zip(old, new).filter { $0 != $1 }.count == 1)
    #expect(result.text.contains("\"closed_at\":\"\(time)\""))
    #expect(
      try !Import.read(text: result.text, file: "i.jsonl").backlog.features.contains {
        $0.id == "bd-1.1"
      })
  }

  @Test func onlyFormatsWithStatusAreUpdated() {
    #expect(throws: InputProblems.self) {
      try Export.update("", file: "x.csv", with: [], format: .csv, time: time)
    }
  }
}
