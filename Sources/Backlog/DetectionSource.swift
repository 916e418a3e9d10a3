import Yams

/// Who is asked which feature needs which, by `--detect agent`.
package enum DetectionSource: Sendable, Equatable {
  /// An agent program, by the name of its definition.
  case agent(String)
  /// A model behind HTTP.
  case endpoint(Endpoint)

  /// How questions and answers look on the wire.
  package enum Wire: String, Sendable, CaseIterable {
    case anthropic
    case openai
  }

  package struct Endpoint: Sendable, Equatable {
    package var wire: Wire
    package var model: String
    /// The base that the wire's path is added to; `nil` for what the environment or the wire says.
    package var url: String?
    /// The variable that holds the key; `nil` for the wire's usual one.
    package var keyVariable: String?

    package init(wire: Wire, model: String, url: String? = nil, keyVariable: String? = nil) {
      self.wire = wire
      self.model = model
      self.url = url
      self.keyVariable = keyVariable
    }
  }

  /// Reads an agent's name, or `anthropic:MODEL` and `openai:MODEL`.
  ///
  /// - Returns: `nil` for another word before the colon, or nothing after it.
  package init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else {
      guard !text.isEmpty else { return nil }
      self = .agent(text)
      return
    }
    let model = String(text[text.index(after: colon)...])
    guard let wire = Wire(rawValue: String(text[..<colon])), !model.isEmpty else { return nil }
    self = .endpoint(Endpoint(wire: wire, model: model))
  }
}

/// Reads `schedule.ask`.
enum AskedReading {
  static func read(_ node: Node?, _ input: YAMLInput) -> DetectionSource? {
    guard let node, !input.isNull(node) else { return nil }
    if let scalar = node.scalar {
      if let asked = DetectionSource(scalar.string) { return asked }
      input.report(
        node,
        "schedule.ask is an agent's name, anthropic:MODEL or openai:MODEL, not "
          + "'\(scalar.string)'")
      return nil
    }
    guard
      let members = input.members(
        node, of: "schedule.ask", known: ["endpoint", "model", "url", "key_env"])
    else { return nil }
    let wires = DetectionSource.Wire.allCases.map(\.rawValue)
    guard let word = input.choice(members["endpoint"], "schedule.ask.endpoint", wires),
      let wire = DetectionSource.Wire(rawValue: word),
      let model = input.text(members["model"], "model")
    else {
      input.report(node, "schedule.ask needs `endpoint`, anthropic or openai, and `model`")
      return nil
    }
    return .endpoint(
      DetectionSource.Endpoint(
        wire: wire, model: model, url: input.text(members["url"], "schedule.ask.url"),
        keyVariable: input.text(members["key_env"], "schedule.ask.key_env")))
  }
}
