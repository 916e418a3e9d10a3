import Backlog
import Foundation
import TestSupport
import Testing
import Yams

/// The JSON Schemas that editors use say what the readers take.
@Suite(.bounded) struct SchemaTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func schema(_ name: String) throws -> [String: Any] {
    let file = Self.root.appending(path: "templates/schemas/\(name).schema.json")
    let value = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    return try #require(value as? [String: Any])
  }

  /// The names of a schema's keys, also of those that stand in one of its forms, such as `gate.retries`.
  private func keys(_ schema: [String: Any], below prefix: String = "") -> Set<String> {
    var result: Set<String> = []
    for (name, value) in schema["properties"] as? [String: Any] ?? [:] {
      result.insert(prefix + name)
      result.formUnion(keys(value as? [String: Any] ?? [:], below: prefix + name + "."))
    }
    for form in schema["anyOf"] as? [[String: Any]] ?? [] {
      result.formUnion(keys(form, below: prefix))
    }
    if let item = schema["items"] as? [String: Any] {
      result.formUnion(keys(item, below: prefix))
    }
    return result
  }

  @Test func everyDocumentedSettingIsInTheSchemaAndNoOther() throws {
    let text = try String(
      contentsOf: Self.root.appending(path: "docs/configuration.md"), encoding: .utf8)
    let blocks = text.components(separatedBy: "```yaml\n")
    let yaml = try #require(blocks.dropFirst().first?.components(separatedBy: "```").first)
    _ = try ConfigurationReader.read(text: yaml, file: "docs", repositoryName: "my-app")
    let settings = try #require(try Yams.load(yaml: yaml) as? [String: Any])
    var documented: Set<String> = ["models"]
    for (name, value) in settings {
      documented.insert(name)
      for inner in (value as? [String: Any] ?? [:]).keys { documented.insert("\(name).\(inner)") }
    }
    // The long form stands in a comment there.
    for name in ["kind", "network", "read", "write"] { documented.insert("sandbox.\(name)") }
    #expect(keys(try schema("lanekeeper")) == documented)
  }

  @Test func everyKeyOfAFeatureIsInTheSchemaAndNoOther() throws {
    let names = keys(try schema("features"))
    let values = [
      "id": "a", "title": "T", "category": "backend", "description": "d", "steps": "[s]",
      "depends_on": "[{id: b, source: detected, by: learned, confidence: 0.5, reason: r}]",
      "touches": "[a/]", "priority": "1", "model": "opus", "agent": "command",
      "slots": "[browser]",
    ]
    let inner = ["features", "depends_on", "source", "by", "confidence", "reason", "id"]
    let dependency = Set(inner.dropFirst(2).map { "features.depends_on.\($0)" })
    let feature = Set(values.keys.map { "features.\($0)" })
    #expect(names == feature.union(dependency).union(["features"]))
    let line = values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let text = "features:\n  - {\(line.joined(separator: ", "))}\n  - {id: b, title: B}\n"
    let backlog = try BacklogReader.read(text: text, file: "features.yml")
    #expect(backlog.features.map(\.id) == ["a", "b"])
  }
}
