import Foundation
import Model
import TestSupport
import Testing

@Suite(.bounded) struct EventNameTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  /// Words that are the name of an event and of something else, where they stand as something else.
  private static let namesakes: Set<String> = [
    "Processes/Guard/GuardedCommand.swift output",
    "Engine/Attempts/Definitions/DefinitionReader.swift output",
    "Engine/Attempts/Definitions/AgentQuestion.swift output",
    "Engine/Attempts/Output/OutputReading.swift output",
    "MCP/Dispatcher.swift progress", "Store/Participants/Store+Participants.swift control",
    "Engine/Views/WorkView.swift progress",
  ]

  @Test func everyNameHasItsFacts() {
    for name in EventName.allCases {
      let facts = name.facts
      #expect(facts.sentence.hasSuffix(".") && facts.sentence.first?.isUppercase == true, "\(name)")
      #expect(!facts.concerns.isEmpty && facts.keys == facts.keys.sorted(), "\(name)")
      #expect(Set(facts.keys).isDisjoint(with: ["seq", "time", "type", "feature", "agent"]))
    }
  }

  @Test func aStateIsEnteredUnderItsOwnName() {
    for state in FeatureState.allCases {
      #expect(EventName(entering: state).rawValue == "feature_" + state.rawValue)
    }
  }

  /// A name stands in the table alone, whole or put together.
  @Test func noNameIsALiteralOfItsOwn() throws {
    let sources = Self.root.appendingPathComponent("Sources")
    let literal = /["'](?<name>[a-z_]+)["']/
    let prefix =
      /"(?:agent|attempt|claims|feature|gate|landing|lane|review|run|target|work)_(?:"|\\\()/
    let names = Set(EventName.allCases.map(\.rawValue))
    var found: [String] = []
    var namesakes: Set<String> = []
    let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
    for case let file as URL in files! where file.pathExtension == "swift" {
      let path = String(file.path.dropFirst(sources.path.count + 1))
      guard path != "Model/Events/EventName.swift" else { continue }
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: literal) where names.contains(String(match.name)) {
        let place = "\(path) \(match.name)"
        if Self.namesakes.contains(place) { namesakes.insert(place) } else { found.append(place) }
      }
      found += text.matches(of: prefix).map { "\(path) \($0.output)" }
    }
    #expect(found == [])
    #expect(namesakes == Self.namesakes, "no longer there")
  }

  /// The page takes what events are about from its generated table alone.
  @Test func thePageNamesNoEvent() throws {
    let scripts = Self.root.appendingPathComponent("templates/ui/js")
    for file in try FileManager.default.contentsOfDirectory(
      at: scripts, includingPropertiesForKeys: nil)
    where file.pathExtension == "js" && file.lastPathComponent != "events.js" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /["'`](?<name>[a-z]+_[a-z_]+)["'`]/) {
        #expect(
          EventName(rawValue: String(match.name)) == nil, "\(file.lastPathComponent) \(match.name)")
      }
      #expect(!text.contains("type.startsWith"), "\(file.lastPathComponent)")
    }
  }
}
