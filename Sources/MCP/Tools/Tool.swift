import Model

/// An MCP tool: its name, its schemas, and its implementation.
struct Tool: Sendable {
  /// Hints to the client about a tool's effects.
  struct Hints: Sendable {
    var isReadOnly = false
    var isDestructive = false
    var isIdempotent = false

    static let reads = Hints(isReadOnly: true, isIdempotent: true)
    static let repeatable = Hints(isIdempotent: true)

    var json: JSON {
      [
        "readOnlyHint": .bool(isReadOnly), "destructiveHint": .bool(isDestructive),
        "idempotentHint": .bool(isIdempotent), "openWorldHint": false,
      ]
    }
  }

  let name: String
  let title: String
  /// Explains to a model when to use the tool, and what it returns.
  let description: String
  let input: JSON
  let output: JSON
  let hints: Hints
  /// True if a call may take long; it then runs beside others, which are answered in their order.
  var takesTime = false
  /// Returns the structured result, which the output schema describes.
  let run: @Sendable (ToolCall) async throws -> JSON

  var json: JSON {
    [
      "name": .string(name), "title": .string(title), "description": .string(description),
      "inputSchema": input, "outputSchema": output,
      "annotations": hints.json.with("title", .string(title)),
    ]
  }

  /// Every tool, in the order in which they are listed.
  static let all: [Tool] = claimTools + [wait] + featureTools + laneTools
}

/// One call of a tool.
struct ToolCall: Sendable {
  let coordinator: Coordinator
  let arguments: JSON
  /// Reports progress: done, total, and a message.
  let progress: @Sendable (Double, Double?, String) -> Void

  func text(_ name: String) -> String { arguments[name]?.string ?? "" }
  func optionalText(_ name: String) -> String? { arguments[name]?.string }
  func texts(_ name: String) -> [String] { arguments[name]?.array?.compactMap(\.string) ?? [] }
  var agentID: String? { optionalText("agent_id") }
}
