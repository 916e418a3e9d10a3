import Foundation
import Processes

/// Starts the `git` program for what libgit2 does not do: attributes and filters in a checkout,
/// merges of what both sides changed, commits through hooks.
package enum GitProgram {
  /// The result of one run.
  package struct Result: Sendable {
    /// The exit status; 128 + n after signal n.
    package var status: Int32
    package var output: [UInt8]
    package var error: String

    package init(status: Int32, output: [UInt8], error: String) {
      (self.status, self.output, self.error) = (status, output, error)
    }

    /// The output as text, without the last line's end.
    package var text: String {
      var text = String(decoding: output, as: UTF8.self)
      while text.hasSuffix("\n") { text.removeLast() }
      return text
    }
  }

  /// The variables that tie git to one repository; `git rev-parse --local-env-vars` lists them.
  package static let localVariables: Set<String> = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR", "GIT_QUARANTINE_PATH",
    "GIT_REFLOG_ACTION", "GIT_NAMESPACE",
  ]

  /// The variables that a git sets for its hooks on behalf of the commit that it is about to make.
  private static let commitVariables: Set<String> = [
    "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE", "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
  ]

  /// Returns an environment without what would tie git to another repository, and, where a hook of an outer
  /// git has started this program, without what belongs to the commit there. Which repositories of other
  /// users it accepts stays.
  package static func clean(_ environment: [String: String]) -> [String: String] {
    let isHook = environment["GIT_DIR"] != nil || environment["GIT_INDEX_FILE"] != nil
    var result = environment.filter {
      !localVariables.contains($0.key) && !$0.key.hasPrefix("GIT_CONFIG_KEY_")
        && !$0.key.hasPrefix("GIT_CONFIG_VALUE_") && !$0.key.hasPrefix("GITHEAD_")
        && !(isHook && commitVariables.contains($0.key))
    }
    result.merge(SafeDirectories.variables(SafeDirectories.inVariables(environment))) { $1 }
    return result
  }

  /// Returns the variables that set one more value for each git of an environment, with those of its kind that
  /// are there: a count without its keys stops every git.
  package static func adding(
    _ key: String, _ value: String, to environment: [String: String]
  ) -> [String: String] {
    var result = clean(environment).filter {
      $0.key.hasPrefix("GIT_CONFIG_KEY_") || $0.key.hasPrefix("GIT_CONFIG_VALUE_")
    }
    let count = result.count / 2
    result["GIT_CONFIG_COUNT"] = String(count + 1)
    result["GIT_CONFIG_KEY_\(count)"] = key
    result["GIT_CONFIG_VALUE_\(count)"] = value
    return result
  }

  /// Runs git to its end. Blocks the calling thread.
  ///
  /// - Parameters:
  ///   - environment: the whole environment; git's local variables are dropped from it first.
  ///   - adding: variables that are set after that.
  ///   - seconds: after it git and all that it has started are ended.
  /// - Throws: ``GitProgramError`` where git can't be started, or did not end by itself.
  package static func run(
    _ arguments: [String], directory: String, environment: [String: String],
    adding: [String: String] = [:], input: [UInt8] = [], seconds: Double = mostSeconds
  ) throws -> Result {
    var variables = clean(environment)
    variables["GIT_TERMINAL_PROMPT"] = "0"
    variables["LC_ALL"] = "C"
    // What is checked and what lands are the objects themselves.
    variables["GIT_NO_REPLACE_OBJECTS"] = "1"
    variables.merge(adding) { $1 }
    // Of a lane's hooks only ours may run outside a sandbox; git would look for others in the lane itself.
    let isLane = variables["LANEKEEPER_USER_HOOKS"] == "none" && isLinked(directory)
    let options =
      isLane && adding["GIT_CONFIG_COUNT"] == nil ? ["-c", "core.hooksPath=/dev/null"] : []
    let line = ["git", "-C", directory] + options + quiet + arguments
    do {
      let result = try Command.runBlocking(
        line, name: "git \(arguments.first { !$0.hasPrefix("-") && !$0.contains("=") } ?? "")",
        directory: "/", environment: variables, input: input, timeoutSeconds: seconds,
        outputLimit: mostOutput)
      guard result.output.count < mostOutput else {
        throw GitProgramError(
          arguments: arguments, status: 1, message: "it wrote more than \(mostOutput) bytes")
      }
      return Result(
        status: result.status, output: result.output,
        error: String(decoding: result.error, as: UTF8.self))
    } catch let failure as ProcessFailure {
      if case .killed(_, let signal) = failure {
        return Result(status: 128 + signal, output: [], error: "\(failure)")
      }
      throw GitProgramError(arguments: arguments, failure: failure)
    }
  }

  /// The time limit of git with all that it starts (hooks, filters, signers, transports), in seconds, unless
  /// the caller says otherwise.
  package static let mostSeconds = 600.0
  private static let mostOutput = 1 << 30
  /// Nothing goes on in the background when git has ended: what does is ended with it.
  private static let quiet = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"]

  /// Returns whether a directory is the top of a linked worktree.
  private static func isLinked(_ directory: String) -> Bool {
    var found = stat()
    return lstat(directory + "/.git", &found) == 0 && found.st_mode & S_IFMT == S_IFREG
  }

  /// Runs git and returns its output; any exit status but 0 is an error.
  @discardableResult
  package static func check(
    _ arguments: [String], directory: String, environment: [String: String],
    adding: [String: String] = [:], input: [UInt8] = [], seconds: Double = mostSeconds
  ) throws -> Result {
    let result = try run(
      arguments, directory: directory, environment: environment, adding: adding, input: input,
      seconds: seconds)
    guard result.status == 0 else {
      throw GitProgramError(
        arguments: arguments, status: result.status,
        message: result.error.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return result
  }

  /// Returns git's version as numbers, such as `[2, 39, 5]`.
  package static func version(environment: [String: String]) throws -> [Int] {
    let text = try check(["--version"], directory: "/", environment: environment).text
    let word = text.split(separator: " ").dropFirst(2).first ?? ""
    return word.split(separator: ".").prefix(3).map { Int($0) ?? 0 }
  }
}
