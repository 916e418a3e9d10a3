import Foundation
import TestSupport
import Testing

/// `preset: experimental`: the tier comes from difficulty and this repository's own results.
@Suite(.bounded) struct ExperimentalPresetTests {
  /// Haiku does nothing, and fails in ways of its own: what fails alike everywhere would end the run. Sonnet and
  /// opus work.
  private static let agent = """
    [ "$LANEKEEPER_MODEL" = haiku ] && exit $((id % 5 + 1))
    echo $id > f$id.txt
    """

  private func features(_ count: Int, from first: Int = 1) -> String {
    "features:\n"
      + (first..<(first + count)).map {
        "  - {id: \($0), title: Show list \($0), category: frontend}\n"
      }.joined()
  }

  private func starts(_ shop: Workshop) throws -> [(id: String, tier: String)] {
    try shop.trace().filter { $0[0] == "begin" }.map { ($0[1], $0[3]) }
  }

  @Test func runLearnsFromItsResultsAndExplainsEachChoice() throws {
    let shop = try Workshop(
      features: features(4), agent: Self.agent,
      configuration: "preset: experimental\nparallel: 1\nlimits: {stagger_seconds: 0}")
    let plan = try shop.json("plan")
    let models = try #require(plan["models"] as? [[String: Any]])
    #expect(models.map { $0["tier"] as? String } == Array(repeating: "haiku", count: 4))
    #expect(
      try shop.run("plan").text.contains(
        "#1 haiku (difficulty -4 (simple: show, list); chance to pass: haiku 79 %"))
    let first = try shop.run("run")
    #expect(first.status == 0, "\(first.error)\(first.text)")
    // Each failure was followed by the next better tier.
    let tiers = try starts(shop)
    #expect(tiers.filter { $0.id == "1" }.map(\.tier) == ["haiku", "sonnet"])
    // After so many failures the next features begin with sonnet, by the draws of their texts.
    try shop.repository.write("features.yml", features(12, from: 11))
    try shop.repository.root.write("trace", "")
    #expect(try shop.run("run").status == 0)
    let later = try starts(shop)
    let begun = Dictionary(grouping: later, by: \.id).compactMapValues(\.first?.tier)
    #expect(begun.count == 12 && begun.values.filter { $0 == "sonnet" }.count >= 8, "\(begun)")
    let events = try shop.run("events", "--json").text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    let reasons = events.filter { $0["type"] as? String == "attempt_started" }
      .compactMap { $0["reason"] as? String }
    #expect(reasons.count == tiers.count + later.count)
    #expect(reasons.contains { $0.contains("here haiku passed 0 of ") }, "\(reasons)")
    #expect(reasons.contains("after a failed attempt with haiku"))
    #expect(try shop.run("explain", "22").text.contains("chance to pass"))
    #expect(
      try shop.json("models", "select", "--category", "frontend", "--title", "Show list")["reason"]
        .map { "\($0)" }?.contains("here haiku passed 0 of ") == true)
  }

  @Test func aRedGateCountsAsAFailure() throws {
    let shop = try Workshop(
      features: features(1),
      agent: "[ $LANEKEEPER_ATTEMPT = 1 ] && echo BUG > f.txt || echo good > f.txt",
      configuration: "preset: experimental\nlimits: {stagger_seconds: 0}")
    #expect(try shop.run("run").status == 0)
    let reason = try shop.json("models", "select", "--category", "frontend", "--title", "x")[
      "reason"]
    #expect(
      "\(reason ?? "")".contains("here haiku passed 0 of 1, sonnet passed 1 of 1"),
      "\(reason ?? "")")
  }

  @Test func theFloorOfTheUsersSettingsHolds() throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: Show list, category: frontend}\n"
        + "  - {id: 2, title: Show list, category: database}\n",
      agent: Self.agent, configuration: "preset: experimental")
    func tiers() throws -> [String] {
      (try shop.json("plan")["models"] as? [[String: Any]] ?? []).compactMap {
        $0["tier"] as? String
      }
    }
    #expect(try tiers() == ["haiku", "sonnet"])
    let home = try #require(shop.environment["HOME"])
    try FileManager.default.createDirectory(
      atPath: home + "/.autocoder", withIntermediateDirectories: true)
    try "{\"category_floors\": {\"frontend\": \"opus\"}}".write(
      toFile: home + "/.autocoder/model_settings.json", atomically: true, encoding: .utf8)
    #expect(try tiers() == ["opus", "haiku"])
  }
}
