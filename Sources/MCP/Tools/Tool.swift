import Model

/// One tool: what it is called, what it takes and gives, and what it does.
package struct Tool: Sendable {
  /// What a client may assume of a tool's effects.
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

  package let name: String
  let title: String
  /// Says to a model when to use the tool and what comes of it.
  let description: String
  package let input: JSON
  package let output: JSON
  let hints: Hints
  /// Tells that a call may take long; others are answered in the order in which they come.
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
  package static let all: [Tool] = claimTools + [wait] + featureTools + laneTools
}

/// One call of a tool.
struct ToolCall: Sendable {
  let coordinator: Coordinator
  let arguments: JSON
  /// Tells how far the call has come: done, of how much, and what is going on.
  let progress: @Sendable (Double, Double?, String) -> Void

  func text(_ name: String) -> String { arguments[name]?.string ?? "" }
  func optionalText(_ name: String) -> String? { arguments[name]?.string }
  func texts(_ name: String) -> [String] { arguments[name]?.array?.compactMap(\.string) ?? [] }
  var agentID: String? { optionalText("agent_id") }
}
