import Foundation

/// Looking at a command line before it is handed to the shell.
package enum ShellCommand {
  private static let builtins: Set<String> = [
    ".", ":", "[", "case", "cd", "command", "eval", "exec", "exit", "export", "false", "for", "if",
    "printf", "read", "return", "set", "shift", "source", "test", "time", "trap", "true", "umask",
    "unset", "until", "wait", "while", "{", "(", "!",
  ]

  /// Returns the program that a command starts; `nil` where its first word needs a shell to be
  /// understood.
  package static func program(of command: String) -> String? {
    let words = command.split(whereSeparator: \.isWhitespace)
    guard let word = words.first(where: { !$0.contains("=") || $0.hasPrefix("/") }) else {
      return nil
    }
    let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "/._+-".contains($0) }
    guard plain, !builtins.contains(String(word)) else { return nil }
    return String(word)
  }

  /// Returns whether a program can be started from a directory.
  package static func exists(
    _ program: String, directory: String, path: String?
  ) -> Bool {
    if program.contains("/") {
      let full = program.hasPrefix("/") ? program : directory + "/" + program
      return access(full, X_OK) == 0
    }
    return (path ?? "/usr/bin:/bin").split(separator: ":").contains {
      access("\($0)/\(program)", X_OK) == 0
    }
  }
}
