/// A path of a worktree that is not as HEAD has it, and not ignored.
package struct StatusEntry: Equatable, Sendable {
  /// The kind of a difference.
  package enum Change: Equatable, Sendable {
    case added, modified, deleted, typeChanged
  }

  package var path: [UInt8]
  /// The difference between HEAD and the index.
  package var staged: Change?
  /// The difference between the index and the file.
  package var unstaged: Change?
  /// Whether the index does not know the path; a repository made inside the worktree is listed
  /// with a slash at its end.
  package var isUntracked: Bool
  /// Whether a merge left the path in conflict.
  package var isConflicted: Bool

  package init(
    path: [UInt8], staged: Change?, unstaged: Change?, isUntracked: Bool, isConflicted: Bool
  ) {
    self.path = path
    self.staged = staged
    self.unstaged = unstaged
    self.isUntracked = isUntracked
    self.isConflicted = isConflicted
  }
}

extension Repository {
  /// Compares HEAD, index and files, in the order of the paths' bytes.
  ///
  /// git does it, since filters, sparse checkout and ignore rules are its own; no lock is taken and
  /// nothing is written. Untracked directories are listed file by file.
  ///
  /// - Parameter excluding: patterns of names that are left out, wherever they stand.
  package func status(excluding: [String] = []) throws -> [StatusEntry] {
    let result = try GitProgram.check(
      statusArguments(untracked: "all") + Self.pathspecs(excluding: excluding),
      directory: workingDirectory ?? gitDirectory, environment: environment,
      adding: ["GIT_OPTIONAL_LOCKS": "0"])
    return result.output.split(separator: 0).compactMap { StatusEntry(porcelain: Array($0)) }
      .sorted { $0.path.lexicographicallyPrecedes($1.path) }
  }

  /// - Parameter untracked: `all` files, or `no`.
  func statusArguments(untracked: String) -> [String] {
    Self.wholeLook + [
      "status", "--porcelain=v1", "-z",
      "--untracked-files=\(untracked)", "--no-renames",
      // Else git is started in repositories inside the worktree, which an agent may have made.
      environment["LANEKEEPER_USER_HOOKS"] == "none"
        ? "--ignore-submodules=dirty" : "--ignore-submodules=none",
    ]
  }

  private static func pathspecs(excluding patterns: [String]) -> [String] {
    guard !patterns.isEmpty else { return [] }
    return ["--", "."]
      + patterns.flatMap { [":(exclude,glob)**/\($0)", ":(exclude,glob)**/\($0)/**"] }
  }
}

extension StatusEntry {
  /// Reads `XY path` of git-status(1)'s short format.
  init?(porcelain line: [UInt8]) {
    guard line.count > 3 else { return nil }
    let code = String(decoding: line[..<2], as: UTF8.self)
    path = Array(line[3...])
    isUntracked = code == "??"
    isConflicted = ["DD", "AU", "UD", "UA", "DU", "AA", "UU"].contains(code)
    func change(_ letter: UInt8) -> Change? {
      switch letter {
      case UInt8(ascii: "A"): .added
      case UInt8(ascii: "M"): .modified
      case UInt8(ascii: "D"): .deleted
      case UInt8(ascii: "T"): .typeChanged
      default: nil
      }
    }
    staged = isConflicted ? nil : change(line[0])
    unstaged = isConflicted ? nil : change(line[1])
  }
}
