import Backlog
import Model

/// The content of `~/.autocoder/model_settings.json`.
package struct ModelSettings: Sendable, Equatable {
  package var availableModels: [Tier] = [.opus, .haiku]
  package var preset: String? = "balanced"
  package var categoryMapping: [String: Tier] = [
    "frontend": .opus, "backend": .opus, "database": .opus, "testing": .haiku,
    "documentation": .haiku, "infrastructure": .opus,
  ]
  /// The least tier of a category where difficulty decides (`experimental`).
  package static let standardFloors: [String: Tier] = ["database": .sonnet]
  package var categoryFloors = ModelSettings.standardFloors
  package var fallbackModel: Tier = .opus
  package var autoDetectSimple = true
  package var simpleKeywords = [
    "test", "testing", "unit test", "integration test", "documentation", "doc", "comment",
    "readme", "format", "lint", "style", "formatting", "simple", "basic", "crud", "read-only",
    "display", "show", "list", "get",
  ]
  package var complexKeywords = [
    "architecture", "scalability", "performance", "security", "authentication", "authorization",
    "payment", "integration", "api", "infrastructure", "complex", "difficult", "optimize",
    "refactor", "production", "critical", "error handling",
  ]
  /// Keys that are not ours; they are written back as they are.
  package var unknown: [String: JSON] = [:]

  /// The defaults.
  package init() {}

  /// Reads the file's text.
  ///
  /// - Throws: ``ModelError/brokenSettings(file:line:column:message:)``.
  package init(text: String, file: String) throws(ModelError) {
    let bytes = Array(text.utf8)
    let lines = LineStarts(bytes)
    func broken(_ message: String, at offset: Int) -> ModelError {
      let place = lines.place(of: offset)
      return .brokenSettings(
        file: file, line: place.line, column: place.column, message: message)
    }
    let root: PlacedJSON
    do {
      root = try PlacedJSON(reading: bytes)
    } catch {
      throw broken("this is not valid JSON", at: error.offset)
    }
    guard let members = root.members else { throw broken("expected an object in { }", at: 0) }
    for member in members {
      func wrong(_ expected: String) -> ModelError {
        broken("\(member.name) must be \(expected)", at: member.nameOffset)
      }
      func tier(_ value: JSON) throws(ModelError) -> Tier {
        guard let tier = (value.string?.lowercased()).flatMap(Tier.init(rawValue:)) else {
          throw wrong("opus, sonnet or haiku")
        }
        return tier
      }
      func words() throws(ModelError) -> [String] {
        guard let words = member.value.value.strings else { throw wrong("a list of words") }
        return words
      }
      let value = member.value.value
      switch member.name {
      case "available_models":
        var models: Set<Tier> = []
        for word in try words() { models.insert(try tier(.string(word))) }
        guard !models.isEmpty else { throw wrong("a list of at least one model") }
        availableModels = models.sorted()
      case "preset":
        guard value == .null || value.string != nil else { throw wrong("a preset's name") }
        preset = value.string
      case "category_mapping", "category_floors":
        guard let mapping = value.members else { throw wrong("an object of categories and models") }
        var tiers: [String: Tier] = [:]
        for entry in mapping { tiers[entry.name] = try tier(entry.value) }
        if member.name == "category_floors" {
          categoryFloors = tiers
        } else {
          categoryMapping = tiers
        }
      case "fallback_model": fallbackModel = try tier(value)
      case "auto_detect_simple":
        guard let flag = value.bool else { throw wrong("true or false") }
        autoDetectSimple = flag
      case "simple_keywords": simpleKeywords = try words()
      case "complex_keywords": complexKeywords = try words()
      default: unknown[member.name] = value
      }
    }
  }

  /// The file's text: indent 2, a line's end at its end.
  package var text: String {
    var members = unknown
    members["available_models"] = .texts(availableModels.map(\.rawValue))
    members["preset"] = .text(preset)
    members["category_mapping"] = Self.json(categoryMapping)
    members["fallback_model"] = .string(fallbackModel.rawValue)
    members["auto_detect_simple"] = .bool(autoDetectSimple)
    members["simple_keywords"] = .texts(simpleKeywords)
    members["complex_keywords"] = .texts(complexKeywords)
    // The earlier program does not know it, so it stands there only where somebody set it.
    if categoryFloors != Self.standardFloors {
      members["category_floors"] = Self.json(categoryFloors)
    }
    return JSON.sorted(members).lines
  }

  private static func json(_ tiers: [String: Tier]) -> JSON {
    .sorted(tiers.mapValues { .string($0.rawValue) })
  }

  /// Takes over a preset: its models and its mapping.
  package mutating func apply(_ preset: Preset) {
    self.preset = preset.id
    availableModels = preset.models
    if !preset.mapping.isEmpty { categoryMapping = preset.mapping }
  }

  /// Takes over a choice of models without a preset; the mapping stays.
  package mutating func apply(_ models: [Tier]) {
    preset = nil
    availableModels = models.sorted()
  }
}
