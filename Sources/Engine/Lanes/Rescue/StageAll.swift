import Foundation
import Git
import Processes

/// Puts everything that a worktree holds, and git does not ignore, into an index.
///
/// What `git add` refuses keeps nothing else from being added. Repositories inside the worktree are left
/// out: adding one writes down a commit that nobody else has, and starts git in it, which starts what its
/// configuration says. Of those that the index knows, and that an agent in a sandbox may have made, only
/// the commit that they stand on is looked at.
struct StageAll {
  /// The top of the worktree.
  let directory: String
  /// The environment of git; it says whether agents are in sandboxes.
  let environment: [String: String]
  /// Pathspecs that are left out.
  var excluded: [String] = []
  /// Paths that are left out.
  var leaving: [[UInt8]] = []
  /// The paths that may differ from the index, where they are known; repositories inside the worktree that the index
  /// does not know end in a slash.
  var changed: [[UInt8]]?
  /// The lock of the index, which nobody else uses meanwhile.
  let lock: String
  /// Runs git on the index.
  let git: (_ arguments: [String], _ input: [UInt8]) throws -> GitProgram.Result

  /// The maximum number of git processes for finding out which of many files git refuses.
  private static let mostStarts = 200
  /// The time limit of each of these in seconds: a filter that hangs does so in several.
  private static let mostSeconds = 60.0
  /// Up to which size, in bytes, git is given a file: it reads a sparse one whole, at some 100 MB a second.
  private static let largestFile: off_t = 1 << 30

  /// Adds what can be added; returns what could not be.
  @discardableResult
  static func run(
    _ directory: String, environment: [String: String], excluded: [String] = [],
    leaving: [[UInt8]] = [], lock: String,
    git: (_ arguments: [String], _ input: [UInt8]) throws -> GitProgram.Result
  ) throws -> [[UInt8]] {
    try withoutActuallyEscaping(git) { git in
      try StageAll(
        directory: directory, environment: environment, excluded: excluded, leaving: leaving,
        lock: lock, git: git
      ).run()
    }
  }

  /// - Returns: what git did not take, by path; repositories inside the worktree are not among it.
  /// - Throws: ``GitProgramError`` where nothing could be added.
  func run() throws -> [[UInt8]] {
    let known = environment["LANEKEEPER_USER_HOOKS"] == "none" ? try submodules() : []
    let changed =
      try self.changed ?? paths(["ls-files", "-o", "-m", "--exclude-standard", "-z"], [])
    let others = changed.filter { $0.last == 0x2f }.map { Array($0.dropLast()) }
    var left = try tooLarge(changed)
    let outside =
      excluded.map { Array($0.utf8) }
      + (leaving + known + others + left).map { Array(":(exclude,literal)".utf8) + $0 }
    let added = try add([Array(".".utf8)] + outside)
    // A git that was ended with the run has refused nothing.
    if added.status != 0, Programs.stop?.isSet == true {
      throw GitProgramError(arguments: ["add", "-A"], status: added.status, message: added.error)
    }
    if added.status != 0 {
      let rest = try paths(["ls-files", "-o", "-m", "-d", "--exclude-standard", "-z"], outside)
      var starts = 0
      let single = Set(rest).filter { $0.last != 0x2f }.sorted(by: precedes)
      left += try Programs.$most.withValue(min(Programs.most, Self.mostSeconds)) {
        try addOneByOne(single, &starts)
      }
      guard try !rest.isEmpty || git(["ls-files", "-z"], []).status == 0 else {
        throw GitProgramError(arguments: ["add", "-A"], status: added.status, message: added.error)
      }
    }
    if !known.isEmpty {
      _ = try git(
        ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"],
        known.flatMap { $0 + [0] })
    }
    return left
  }

  private func tooLarge(_ paths: [[UInt8]]) throws -> [[UInt8]] {
    let root = try Root(directory)
    return paths.filter {
      let facts = try? root.facts($0)
      return facts.map { $0.st_mode & S_IFMT == S_IFREG && $0.st_size > Self.largestFile } ?? false
    }
  }

  private func precedes(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.lexicographicallyPrecedes(other)
  }

  /// Adds what can be added, in halves where git ends at one of them.
  private func addOneByOne(_ paths: [[UInt8]], _ starts: inout Int) throws -> [[UInt8]] {
    guard !paths.isEmpty else { return [] }
    guard starts < Self.mostStarts else { return paths }
    starts += 1
    if try add(paths.map { Array(":(literal)".utf8) + $0 }).status == 0 { return [] }
    guard paths.count > 1 else { return paths }
    let half = paths.count / 2
    return try addOneByOne(Array(paths[..<half]), &starts)
      + addOneByOne(Array(paths[half...]), &starts)
  }

  private func add(_ specs: [[UInt8]]) throws -> GitProgram.Result {
    func run(_ options: [String]) throws -> GitProgram.Result {
      try git(
        ["-c", "core.safecrlf=false", "add", "-A", "--ignore-errors"] + options
          + ["--pathspec-from-file=-", "--pathspec-file-nul"], specs.flatMap { $0 + [0] })
    }
    var result = try run(["--sparse"])
    // git before 2.34 does not know it, and refuses nothing that lies outside.
    if result.status == 129 { result = try run([]) }
    // A signal ended it, such as SIGBUS at a file that became shorter while it was read.
    if result.status > 128 { unlink(lock) }
    return result
  }

  private func paths(_ command: [String], _ specs: [[UInt8]]) throws -> [[UInt8]] {
    let words = specs.map { String(decoding: $0, as: UTF8.self) }
    return try git(command + ["--", "."] + words, []).output.split(separator: 0).map { Array($0) }
  }

  /// The paths at which the index has another repository's commit.
  private func submodules() throws -> [[UInt8]] {
    let listed = try git(["ls-files", "-s", "-z"], [])
    return listed.output.split(separator: 0).filter { $0.starts(with: "160000 ".utf8) }
      .compactMap { line in
        line.firstIndex(of: 0x09).map { Array(line[(line.index(after: $0))...]) }
      }
  }
}
