import Model
import Planning
import TestSupport
import Testing

@Suite(.bounded) struct TierSelectorTests {
  private func choice(_ wish: ModelChoice.Wish, _ settings: ModelSettings? = nil) throws
    -> TierSelector
  {
    TierSelector(
      try ModelChoice.resolve(commandLine: wish, repository: nil, settings: settings))
  }

  private func facts(_ title: String, category: String = "other") -> FeatureFacts {
    FeatureFacts(category: category, title: title, description: "")
  }

  @Test(arguments: [
    ("quality", [Tier.opus, .opus, .opus, .opus, .opus, .opus]),
    ("balanced", [.opus, .opus, .opus, .haiku, .haiku, .opus]),
    ("economy", [.sonnet, .opus, .opus, .haiku, .haiku, .sonnet]),
    ("cheap", [.sonnet, .sonnet, .sonnet, .haiku, .haiku, .sonnet]),
  ]) func presetsMapCategories(_ preset: String, _ tiers: [Tier]) throws {
    let selector = try choice(.preset(preset))
    for (category, tier) in zip(Preset.categories, tiers) {
      #expect(selector.choose(facts("Anything", category: category)).tier == tier)
    }
  }

  @Test func theBacklogsOwnModelWins() throws {
    var feature = facts("List", category: "testing")
    feature.override = .opus
    #expect(try choice(.preset("cheap")).choose(feature).tier == .opus)
  }

  @Test(arguments: ["Widget forgetting", "Dockerize capital", "Contest apiary"])
  func keywordsAreWholeWords(_ title: String) throws {
    let found = try choice(.models([.opus, .haiku])).choose(facts(title))
    #expect(found.reason == "the fallback model")
  }

  @Test func aPluralCountsAsItsWord() throws {
    let selector = try choice(.models([.opus, .haiku]))
    #expect(selector.choose(facts("Unit tests")).tier == .haiku)
    #expect(selector.choose(facts("New APIs")).reason == "complex: 'api'")
    #expect(Keywords.first(["security"], in: "securities") == "security")
  }

  @Test func complexWinsOverSimple() throws {
    let selector = try choice(.models([.opus, .haiku]))
    #expect(selector.choose(facts("List of payments")).tier == .opus)
  }

  @Test func keywordsCanBeTurnedOff() throws {
    var settings = ModelSettings()
    settings.autoDetectSimple = false
    let selector = try choice(.models([.opus, .haiku]), settings)
    #expect(selector.choose(facts("List")).reason == "the fallback model")
  }

  @Test func aSavedPresetIsNotOverwrittenByADefault() throws {
    var settings = ModelSettings()
    settings.apply(try Preset.named("cheap"))
    let saved = try ModelChoice.resolve(commandLine: nil, repository: nil, settings: settings)
    #expect(saved.preset == "cheap" && saved.available == [.sonnet, .haiku])
    let repository = try ModelChoice.resolve(
      commandLine: nil, repository: .preset("economy"), settings: settings)
    #expect(repository.preset == "economy")
    let line = try ModelChoice.resolve(
      commandLine: .preset("quality"), repository: .preset("economy"), settings: settings)
    #expect(line.preset == "quality")
    #expect(
      try ModelChoice.resolve(commandLine: nil, repository: nil, settings: nil).preset == "balanced"
    )
  }

  @Test func theOrderTypedDoesNotMatter() throws {
    #expect(try Tier.list("haiku,opus") == [.opus, .haiku])
    #expect(try Tier.list(" Haiku , sonnet,haiku") == [.sonnet, .haiku])
    #expect(try Tier.list("all") == [.opus, .sonnet, .haiku])
    #expect(try choice(.models([.haiku, .opus])).choose(facts("Payment")).tier == .opus)
    #expect(throws: ModelError.unknownModel("gpt")) { try Tier.list("opus,gpt") }
    #expect(throws: ModelError.noModels) { try Tier.list(",") }
    #expect(throws: ModelError.unknownPreset("fast")) { try choice(.preset("fast")) }
  }

  @Test func experimentalChoosesByDifficulty() throws {
    let selector = try choice(.preset("experimental"))
    #expect(selector.choose(facts("Show a list", category: "frontend")).tier == .haiku)
    #expect(selector.choose(facts("Rename a button", category: "frontend")).tier == .sonnet)
    var hard = facts("Payment security", category: "backend")
    hard.steps = 9
    #expect(selector.choose(hard).tier == .opus)
    var wide = facts("Rename a button")
    (wide.dependents, wide.footprint, wide.steps) = (6, 12, 9)
    #expect(selector.choose(wide).tier == .opus)
  }

  @Test func experimentalLearnsFromThisRepository() throws {
    let resolved = try ModelChoice.resolve(
      commandLine: .preset("experimental"), repository: nil, settings: nil)
    var bandit = TierBandit()
    bandit.add(category: "frontend", tier: .haiku, attempts: 12, passed: 1)
    bandit.add(category: "backend", tier: .haiku, attempts: 12, passed: 12)
    let selector = TierSelector(resolved, bandit: bandit)
    #expect(selector.choose(facts("Show a list", category: "frontend")).tier == .sonnet)
    #expect(selector.choose(facts("Rename a button", category: "backend")).tier == .haiku)
  }

  @Test func aMappedTierThatIsNotThereIsPassedOver() throws {
    let selector = try choice(.models([.sonnet]))
    let found = selector.choose(facts("Plain", category: "backend"))
    #expect(found == TierChoice(tier: .sonnet, reason: "the best available model"))
  }

  @Test func failedAttemptsClimb() throws {
    let selector = try choice(.models([.opus, .sonnet, .haiku]))
    #expect(selector.nextTierUp(after: .haiku) == .sonnet)
    #expect(selector.nextTierUp(after: .sonnet) == .opus)
    #expect(selector.nextTierUp(after: .opus) == .opus)
    #expect(try choice(.preset("balanced")).nextTierUp(after: .haiku) == .opus)
  }
}
