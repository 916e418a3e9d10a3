import Backlog
import Foundation

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
  /// Keys that are not ours, as JSON text; they are written back as they are.
  package var unknown: [String: String] = [:]

  /// The defaults.
  package init() {}

  /// Reads the file's text.
  ///
  /// - Throws: ``ModelError/brokenSettings(file:line:column:message:)``.
  package init(text: String, file: String) throws(ModelError) {
    let value: Any
    do {
      value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    } catch {
      let place = JSONPlace.ofError(in: text)
      throw .brokenSettings(
        file: file, line: place.line, column: place.column, message: "this is not valid JSON")
    }
    guard let object = value as? [String: Any] else {
      throw .brokenSettings(file: file, line: 1, column: 1, message: "expected an object in { }")
    }
    func wrong(_ key: String, _ expected: String) -> ModelError {
      let place = JSONPlace.ofKey(key, in: text)
      return .brokenSettings(
        file: file, line: place.line, column: place.column, message: "\(key) must be \(expected)")
    }
    func tier(_ value: Any, _ key: String) throws(ModelError) -> Tier {
      guard let name = value as? String, let tier = Tier(rawValue: name.lowercased()) else {
        throw wrong(key, "opus, sonnet or haiku")
      }
      return tier
    }
    func words(_ value: Any, _ key: String) throws(ModelError) -> [String] {
      guard let words = value as? [String] else { throw wrong(key, "a list of words") }
      return words
    }
    for (key, value) in object {
      switch key {
      case "available_models":
        var models: Set<Tier> = []
        for word in try words(value, key) { models.insert(try tier(word, key)) }
        guard !models.isEmpty else { throw wrong(key, "a list of at least one model") }
        availableModels = models.sorted()
      case "preset":
        guard value is NSNull || value is String else { throw wrong(key, "a preset's name") }
        preset = value as? String
      case "category_mapping", "category_floors":
        guard let mapping = value as? [String: Any] else {
          throw wrong(key, "an object of categories and models")
        }
        var tiers: [String: Tier] = [:]
        for (category, name) in mapping { tiers[category] = try tier(name, key) }
        if key == "category_floors" { categoryFloors = tiers } else { categoryMapping = tiers }
      case "fallback_model": fallbackModel = try tier(value, key)
      case "auto_detect_simple":
        guard let flag = value as? Bool else { throw wrong(key, "true or false") }
        autoDetectSimple = flag
      case "simple_keywords": simpleKeywords = try words(value, key)
      case "complex_keywords": complexKeywords = try words(value, key)
      default:
        let data = try? JSONSerialization.data(
          withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
        unknown[key] = data.map { String(decoding: $0, as: UTF8.self) }
      }
    }
  }

  /// The file's text: indent 2, a line's end at its end.
  package var text: String {
    var object: [String: Any] = [
      "available_models": availableModels.map(\.rawValue),
      "preset": preset.map { $0 as Any } ?? NSNull(),
      "category_mapping": categoryMapping.mapValues(\.rawValue),
      "fallback_model": fallbackModel.rawValue, "auto_detect_simple": autoDetectSimple,
      "simple_keywords": simpleKeywords, "complex_keywords": complexKeywords,
    ]
    // The earlier program does not know it, so it stands there only where somebody set it.
    if categoryFloors != Self.standardFloors {
      object["category_floors"] = categoryFloors.mapValues(\.rawValue)
    }
    for (key, value) in unknown {
      object[key] = try? JSONSerialization.jsonObject(
        with: Data(value.utf8), options: .fragmentsAllowed)
    }
    guard
      let data = try? JSONSerialization.data(
        withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    else { return "{}\n" }
    // Foundation writes a space before each colon; the earlier program did not.
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map { line in
      guard let end = line.range(of: "\" : ") else { return String(line) }
      return line[..<end.lowerBound] + "\": " + line[end.upperBound...]
    }.joined(separator: "\n") + "\n"
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
