import Foundation
import Model

/// The command-line arguments that make Claude Code claim paths before it edits and find the
/// coordination server, while no settings of the repository or the user are touched.
package enum ClaudeHandover {
  /// The JSON for `--settings`: the hooks around its tools.
  ///
  /// - Parameter program: the path of `lanekeeper`.
  package static func settings(program: String) -> String {
    let quoted = "'" + program.replacingOccurrences(of: "'", with: "'\\''") + "'"
    let hook: JSON = [
      "type": "command", "command": .string(quoted + " edit-hook claude"), "timeout": 60,
    ]
    let settings: JSON = [
      "hooks": [
        "PreToolUse": [["matcher": "Write|Edit|MultiEdit|NotebookEdit|Bash", "hooks": [hook]]],
        "PostToolUse": [["matcher": "Bash", "hooks": [hook]]],
      ]
    ]
    return settings.canonical.text
  }

  /// The JSON for `--mcp-config`.
  ///
  /// - Parameter program: the path of `lanekeeper`.
  package static func servers(program: String) -> String {
    let servers: JSON = [
      "mcpServers": ["lanekeeper": ["command": .string(program), "args": ["mcp"]]]
    ]
    return servers.canonical.text
  }
}
