import Foundation

/// A git repository in a temporary directory, on branch `main`, that vanishes with its last reference.
package final class TestRepository: Sendable {
  /// The directory that holds everything, HOME included.
  package let root: TemporaryDirectory
  /// The checkout; the git directory itself in a bare repository.
  package let path: String
  /// The environment of its git; hand it to what starts git in a test.
  package let environment: [String: String]

  /// Makes a repository without a commit.
  ///
  /// - Parameter options: further arguments of `git init`.
  package init(bare: Bool = false, options: [String] = []) throws {
    root = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: root.path("home"), withIntermediateDirectories: false)
    path = root.path("repo")
    environment = TestProgram.environment(home: root.path("home"))
    let kind = bare ? ["--bare"] : []
    let command = ["git", "init", "-q", "-b", "main", "--template="] + kind + options + [path]
    let result = try TestProgram.run(command, directory: root.path, environment: environment)
    guard result.status == 0 else { throw TestProgramFailure(command: command, result: result) }
  }

  /// Runs git and returns its output without the last line's end; any status but 0 is an error.
  @discardableResult
  package func git(_ arguments: String..., at directory: String? = nil) throws -> String {
    try git(arguments, at: directory)
  }

  /// Runs git and returns its output without the last line's end; any status but 0 is an error.
  ///
  /// - Parameter directory: where it runs; `nil` is the checkout.
  @discardableResult
  package func git(
    _ arguments: [String], at directory: String? = nil, input: [UInt8] = []
  ) throws -> String {
    let result = try runGit(arguments, at: directory, input: input)
    guard result.status == 0 else {
      throw TestProgramFailure(command: ["git"] + arguments, result: result)
    }
    return result.text
  }

  /// Runs git and returns how it ended, whatever its status.
  package func runGit(
    _ arguments: [String], at directory: String? = nil, input: [UInt8] = []
  ) throws -> TestProgramResult {
    try TestProgram.run(
      ["git"] + arguments, directory: directory ?? path, environment: environment, input: input)
  }

  /// Writes a text file of the checkout, with the directories that it needs.
  package func write(_ name: String, _ text: String, executable: Bool = false) throws {
    try root.write("repo/" + name, text, executable: executable)
  }

  /// Reads a text file of the checkout.
  package func read(_ name: String) throws -> String { try root.read("repo/" + name) }

  /// Commits everything in the checkout and returns the commit's id in hexadecimal digits.
  @discardableResult
  package func commit(_ message: String) throws -> String {
    try git("add", "-A")
    try git("commit", "-q", "--allow-empty", "-m", message)
    return try git("rev-parse", "HEAD")
  }
}
