/// Finds the files that a shell command plainly writes: redirections, and the operands of a few
/// programs. What is computed at run time can't be seen here; it is found after the command.
enum ShellWrites {
  /// One file, with the directory that the command has changed to by then.
  struct Target: Equatable, Sendable {
    var path: String
    /// Relative to where the command starts, or absolute; empty for the same directory.
    var directory: String
  }

  /// Programs all of whose operands are written, moved or removed.
  private static let writers: Set<String> = [
    "rm", "mv", "touch", "truncate", "tee", "mkdir", "rmdir", "unlink", "patch",
  ]

  static func targets(of command: String) -> [Target] {
    var found: [Target] = []
    var directory = ""
    for part in split(command) {
      var words: [String] = []
      var isTarget = false
      for token in part {
        switch token {
        case .redirection: isTarget = true
        case .word(let text, let isPlain):
          if isTarget {
            if isPlain, !text.isEmpty, !text.hasPrefix("/dev/"), !text.hasPrefix("&") {
              found.append(Target(path: text, directory: directory))
            }
            isTarget = false
          } else {
            words.append(isPlain ? text : "")
          }
        }
      }
      while let first = words.first,
        first.contains("=") || ["sudo", "env", "command"].contains(first)
      { words.removeFirst() }
      guard let program = words.first else { continue }
      if program == "cd" {
        guard words.count == 2, !words[1].isEmpty, words[1] != "-" else { return found }
        directory =
          words[1].hasPrefix("/") || directory.isEmpty ? words[1] : directory + "/" + words[1]
        continue
      }
      found += operands(program, Array(words.dropFirst())).filter { !$0.isEmpty }.map {
        Target(path: $0, directory: directory)
      }
    }
    return found
  }

  private static func operands(_ program: String, _ words: [String]) -> [String] {
    let plain = words.filter { !$0.hasPrefix("-") }
    switch program {
    case _ where writers.contains(program): return plain
    case "cp", "ln", "install": return plain.count > 1 ? [plain[plain.count - 1]] : []
    case "sed":
      guard words.contains(where: { $0.hasPrefix("-i") || $0.hasPrefix("--in-place") }) else {
        return []
      }
      let hasScript = words.contains { $0 == "-e" || $0.hasPrefix("--expression") || $0 == "-f" }
      return hasScript ? [] : Array(plain.dropFirst())
    case "git":
      guard let verb = plain.first, ["mv", "rm"].contains(verb) else { return [] }
      return Array(plain.dropFirst())
    default: return []
    }
  }

  private enum Token {
    case redirection
    /// A word; not plain where the shell would compute it.
    case word(String, isPlain: Bool)
  }

  /// Cuts a command line into its simple commands.
  private static func split(_ command: String) -> [[Token]] {
    var parts: [[Token]] = [[]]
    var word = ""
    var isPlain = true
    var hasWord = false
    var quote: Character?
    var isEscaped = false
    func finish() {
      if hasWord { parts[parts.count - 1].append(.word(word, isPlain: isPlain)) }
      (word, isPlain, hasWord) = ("", true, false)
    }
    for character in command {
      if isEscaped {
        word.append(character)
        (isEscaped, hasWord) = (false, true)
        continue
      }
      if let open = quote {
        if character == open {
          quote = nil
        } else if open == "\"", character == "\\" {
          isEscaped = true
        } else {
          if open == "\"", character == "$" || character == "`" { isPlain = false }
          word.append(character)
        }
        continue
      }
      switch character {
      case "\\": isEscaped = true
      case "'", "\"":
        quote = character
        hasWord = true
      case " ", "\t": finish()
      case "\n", ";", "|", "(", ")", "{", "}":
        finish()
        parts.append([])
      case "&":
        if case .redirection = parts[parts.count - 1].last, !hasWord {
          word.append(character)
          hasWord = true
        } else {
          finish()
          parts.append([])
        }
      case ">":
        // A number before it names a descriptor.
        if hasWord, word.allSatisfy(\.isNumber) { (word, hasWord) = ("", false) }
        finish()
        if case .redirection = parts[parts.count - 1].last {
        } else {
          parts[parts.count - 1].append(.redirection)
        }
      case "<": finish()
      default:
        if "$`*?[~#".contains(character) { isPlain = false }
        word.append(character)
        hasWord = true
      }
    }
    finish()
    return parts
  }
}
