import Foundation

/// The contents of `MAKEFLAGS` that `make` passes to the programs of its recipes.
package struct MakeFlags: Sendable, Equatable {
  /// The options without arguments, such as `n` or `k`.
  package var letters: Set<Character> = []
  /// Jobs at once, as it stands there: `-j3`.
  package var jobs: String?
  /// The address of the job server: `3,4` or `fifo:/path`.
  package var jobServer: String?

  /// The argument of `-O`: `target`, `line`, `recurse` or `none`.
  package var outputSync: String?

  /// - Parameter text: the value of the variable; by make's own rules the letters stand first, without
  ///   a dash, and what follows a lone `--` are variables.
  package init(_ text: String) {
    var words = Self.words(text)
    if let end = words.firstIndex(of: "--") { words.removeSubrange(end...) }
    // With no letters the text begins with a space.
    if let first = words.first, !text.hasPrefix(" "), !first.hasPrefix("-"), !first.contains("=") {
      letters = Set(first)
      words.removeFirst()
    }
    for word in words {
      for name in ["--jobserver-auth=", "--jobserver-fds="] where word.hasPrefix(name) {
        jobServer = String(word.dropFirst(name.count))
      }
      if word.hasPrefix("--") { continue }
      if word.hasPrefix("-j") {
        jobs = word
      } else if word.hasPrefix("-O") {
        outputSync = String(word.dropFirst(2))
      } else if word.hasPrefix("-") {
        // What follows one of these is its argument: `-Otarget`.
        letters.formUnion(word.dropFirst().prefix { !"jlICfoWE".contains($0) })
      }
    }
  }

  /// Splits at spaces that no backslash stands before.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var isEscaped = false
    for character in text {
      if isEscaped {
        word.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == " " || character == "\t" {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return word.isEmpty ? words : words + [word]
  }

  /// Whether make only prints (`-n`), touches (`-t`) or asks (`-q`).
  package var isDry: Bool { !letters.isDisjoint(with: "ntq") }
  package var isQuestion: Bool { letters.contains("q") }

  /// Returns an environment in which a `make` shares the job server and is else as one that a person
  /// starts: `-i`, `-n` or a variable that was given to the make around it must not decide what a gate
  /// finds.
  package static func clean(_ environment: [String: String]) -> [String: String] {
    guard let text = environment["MAKEFLAGS"] else { return environment }
    var environment = environment
    for name in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GNUMAKEFLAGS", "MAKEFILES"] {
      environment[name] = nil
    }
    let flags = MakeFlags(text)
    if let address = flags.jobServer {
      guard JobServer.isThere(address) else { return environment }
      environment["MAKEFLAGS"] = " \(flags.jobs ?? "-j") --jobserver-auth=\(address)"
    } else if let jobs = flags.jobs {
      environment["MAKEFLAGS"] = jobs
    }
    return environment
  }
}
