import Backlog
import Yams

/// Reads the part of a definition that says how output is understood.
enum OutputReading {
  private static let fieldKeys = [
    "session", "model", "message", "path", "command", "tool", "cost", "input_tokens",
    "output_tokens", "cached_tokens", "reset", "reset_in",
  ]
  private static let ruleKeys =
    fieldKeys + [
      "when", "like", "each", "rules", "event", "limit", "counting", "reset_pattern",
    ]

  static func read(_ node: Node?, _ input: YAMLInput, _ result: inout OutputSettings) {
    let known = ["format", "rules", "file", "limit_mb", "repeats"]
    guard let node, let members = input.members(node, of: "output", known: known) else { return }
    let formats = OutputSettings.Format.allCases.map(\.rawValue)
    if let word = input.choice(members["format"], "output.format", formats) {
      result.format = .init(rawValue: word)!
    }
    result.rules = rules(members["rules"], input)
    if result.format == .plain, !result.rules.isEmpty {
      input.report(
        members["rules"], "plain output has no structure that rules could read",
        "`format: json-lines`, or rules under `file`")
    }
    if let megabytes = input.integer(members["limit_mb"], "output.limit_mb", in: 1...1024) {
      result.limitBytes = Int64(megabytes) << 20
    }
    if let count = input.integer(members["repeats"], "output.repeats", in: 2...1000) {
      result.repeats = count
    }
    guard let file = members["file"],
      let inner = input.members(file, of: "output.file", known: ["format", "rules"])
    else { return }
    var side = OutputSettings.SideFile()
    let kinds = OutputSettings.SideFile.Format.allCases.map(\.rawValue)
    if let word = input.choice(inner["format"], "output.file.format", kinds) {
      side.format = .init(rawValue: word)!
    }
    side.rules = rules(inner["rules"], input)
    result.file = side
  }

  private static func rules(_ node: Node?, _ input: YAMLInput) -> [OutputRule] {
    guard let node, !input.isNull(node) else { return [] }
    guard let sequence = node.sequence else {
      input.report(node, "rules must be a list")
      return []
    }
    return sequence.compactMap { rule($0, input) }
  }

  private static func rule(_ node: Node, _ input: YAMLInput) -> OutputRule? {
    guard let members = input.members(node, of: "a rule", known: ruleKeys) else { return nil }
    var rule = OutputRule()
    if let when = members["when"] {
      guard let mapping = when.mapping else {
        input.report(when, "when must be a mapping of paths and values")
        return nil
      }
      for (key, value) in mapping {
        rule.when[key.string ?? ""] = input.texts(value, "when")?.map(\.text) ?? []
      }
    }
    if let like = members["like"] {
      guard let mapping = like.mapping else {
        input.report(like, "like must be a mapping of paths and regular expressions")
        return nil
      }
      for (key, value) in mapping {
        rule.like[key.string ?? ""] = pattern(value, input, groups: 0)
      }
    }
    rule.each = input.text(members["each"], "each")
    rule.rules = rules(members["rules"], input)
    if (rule.each == nil) != (members["rules"] == nil) {
      input.report(node, "each and rules belong together")
    }
    if let word = input.choice(
      members["event"], "event", OutputRule.Event.allCases.map(\.rawValue))
    {
      rule.event = .init(rawValue: word)
    }
    if let word = input.choice(members["limit"], "limit", UsageLimit.allCases.map(\.rawValue)) {
      rule.limit = .init(rawValue: word)
    }
    if let word = input.choice(
      members["counting"], "counting", OutputRule.Counting.allCases.map(\.rawValue))
    {
      rule.counting = .init(rawValue: word)!
    }
    if let node = members["reset_pattern"] {
      rule.resetPattern = pattern(node, input, groups: 1)
    }
    func field(_ key: String) -> String? { input.text(members[key], key) }
    rule.fields = .init(
      session: field("session"), model: field("model"), message: field("message"),
      path: field("path"), command: field("command"), tool: field("tool"), cost: field("cost"),
      inputTokens: field("input_tokens"), outputTokens: field("output_tokens"),
      cachedTokens: field("cached_tokens"), reset: field("reset"), resetIn: field("reset_in"))
    return rule
  }

  /// Checks a regular expression.
  private static func pattern(_ node: Node, _ input: YAMLInput, groups: Int) -> String? {
    guard let text = input.text(node, "a regular expression") else { return nil }
    do {
      let expression = try Regex(text)
      _ = expression
    } catch {
      input.report(node, "'\(text)' is no regular expression: \(error)")
      return nil
    }
    if groups > 0, !text.contains("(") {
      input.report(node, "'\(text)' has no group that holds the time")
      return nil
    }
    return text
  }
}
