import Foundation
import MCP
import Model

/// `lanekeeper edit-hook claude`: runs around each edit of an agent, so it goes past the commands.
enum EditHookProgram {
  /// Returns whether the command line asks for it.
  static func isAsked(_ arguments: [String]) -> Bool {
    arguments.count == 3 && arguments[1] == "edit-hook" && arguments[2] == "claude"
  }

  /// Answers on standard output and ends. Where the state can't be used, the edit is refused.
  static func run() -> Never {
    signal(SIGPIPE, SIG_IGN)
    var event = "PreToolUse"
    do {
      let input = try JSON(
        reading: [UInt8](FileHandle.standardInput.readDataToEndOfFile()))
      event = input["hook_event_name"]?.string ?? event
      let environment = ProcessInfo.processInfo.environment
      let hook = try EditHook(
        from: environment["LANEKEEPER_LANE"] ?? FileManager.default.currentDirectoryPath,
        environment: environment)
      if let answer = try hook?.judge(input) { print(answer.text) }
      exit(0)
    } catch {
      // Only this status stops a tool; any other is taken for a fault of the hook and passed over.
      FileHandle.standardError.write(
        Data("lanekeeper: this edit can't be checked, so it is refused: \(error)\n".utf8))
      exit(event == "PreToolUse" ? 2 : 0)
    }
  }
}
