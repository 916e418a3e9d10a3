import Planning
import TestSupport
import Testing

@Suite(.bounded) struct ModelSettingsTests {
  @Test func readsWhatAutoCoderWrote() throws {
    let text = """
      {
        "available_models": ["haiku", "opus"],
        "preset": "balanced",
        "category_mapping": {"backend": "opus", "mobile": "haiku"},
        "fallback_model": "haiku",
        "auto_detect_simple": false,
        "simple_keywords": ["tiny"],
        "complex_keywords": [],
        "theme": {"dark": true}
      }
      """
    let settings = try ModelSettings(text: text, file: "s.json")
    #expect(settings.availableModels == [.opus, .haiku])
    #expect(settings.categoryMapping == ["backend": .opus, "mobile": .haiku])
    #expect(settings.fallbackModel == .haiku && !settings.autoDetectSimple)
    #expect(settings.simpleKeywords == ["tiny"] && settings.complexKeywords.isEmpty)
    #expect(settings.unknown == ["theme": ["dark": true]])
    #expect(try ModelSettings(text: settings.text, file: "s.json") == settings)
    #expect(settings.text.contains("\n  \"theme\": {\n    \"dark\": true\n  }"))
  }

  @Test(arguments: [
    ("{\n  \"preset\": \"x\",\n  oops\n}", 3, 3), ("[1, 2", 1, 6), ("", 1, 1),
    ("{\n \"available_models\": [\"gpt\"]}", 2, 2), ("{\"fallback_model\": 3}", 1, 2),
    ("{\"auto_detect_simple\": \"yes\"}", 1, 2), ("[]", 1, 1), ("{} x", 1, 4),
  ]) func aBrokenFileSaysWhere(_ text: String, _ line: Int, _ column: Int) throws {
    let error = #expect(throws: ModelError.self) { try ModelSettings(text: text, file: "s.json") }
    guard case .brokenSettings(_, let foundLine, let foundColumn, _) = error else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    #expect(foundLine == line && foundColumn == column)
  }
}
