import Git

/// Puts everything that a worktree holds, and git does not ignore, into an index.
///
/// `git add` looks into repositories inside the worktree that the index knows, by starting git there, which
/// starts what their configuration says. Where an agent in a sandbox has made them, only the commit that
/// they stand on is looked at.
enum StageAll {
  /// - Parameters:
  ///   - environment: that of git; it tells whether agents are in sandboxes.
  ///   - excluded: pathspecs that are left out.
  ///   - options: further options of `git add`.
  ///   - git: runs git on the index.
  static func run(
    environment: [String: String], excluded: [String] = [], options: [String] = [],
    git: (_ arguments: [String], _ input: [UInt8]) throws -> GitProgram.Result
  ) throws -> GitProgram.Result {
    let inner = environment["LANEKEEPER_USER_HOOKS"] == "none" ? try repositories(git) : []
    let specs =
      [Array(".".utf8)] + excluded.map { Array($0.utf8) }
      + inner.map { Array(":(exclude,literal)".utf8) + $0 }
    let added = try git(
      ["-c", "core.safecrlf=false", "add", "-A"] + options
        + ["--pathspec-from-file=-", "--pathspec-file-nul"], specs.flatMap { $0 + [0] })
    guard added.status == 0, !inner.isEmpty else { return added }
    return try git(
      ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"],
      inner.flatMap { $0 + [0] })
  }

  /// The paths at which the index has another repository's commit.
  private static func repositories(
    _ git: (_ arguments: [String], _ input: [UInt8]) throws -> GitProgram.Result
  ) throws -> [[UInt8]] {
    let listed = try git(["ls-files", "-s", "-z"], [])
    return listed.output.split(separator: 0).filter { $0.starts(with: "160000 ".utf8) }
      .compactMap { line in
        line.firstIndex(of: 0x09).map { Array(line[(line.index(after: $0))...]) }
      }
  }
}
