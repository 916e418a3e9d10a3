import Foundation

/// What Claude Code is given on its command line, so that it claims before it edits and finds the
/// coordination server, while no settings of the repository or the user are touched.
package enum ClaudeHandover {
  /// The JSON for `--settings`: the hooks around its tools.
  ///
  /// - Parameter program: the path of `lanekeeper`.
  package static func settings(program: String) -> String {
    let quoted = "'" + program.replacingOccurrences(of: "'", with: "'\\''") + "'"
    let hook: [String: Any] = [
      "type": "command", "command": quoted + " edit-hook claude", "timeout": 60,
    ]
    return json([
      "hooks": [
        "PreToolUse": [["matcher": "Write|Edit|MultiEdit|NotebookEdit|Bash", "hooks": [hook]]],
        "PostToolUse": [["matcher": "Bash", "hooks": [hook]]],
      ]
    ])
  }

  /// The JSON for `--mcp-config`.
  ///
  /// - Parameter program: the path of `lanekeeper`.
  package static func servers(program: String) -> String {
    json(["mcpServers": ["lanekeeper": ["command": program, "args": ["mcp"]]]])
  }

  private static func json(_ value: [String: Any]) -> String {
    let data = try? JSONSerialization.data(
      withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data ?? Data("{}".utf8), as: UTF8.self)
  }
}
