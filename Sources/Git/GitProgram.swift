import CLibgit2
import Foundation

/// Starts the `git` program for what libgit2 does not do: attributes and filters in a checkout,
/// merges of what both sides changed, commits through hooks.
package enum GitProgram {
  /// The result of one run.
  package struct Result: Sendable {
    /// The exit status; 128 + n after signal n.
    package var status: Int32
    package var output: [UInt8]
    package var error: String
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

  /// Returns an environment without what would tie git to another repository.
  package static func clean(_ environment: [String: String]) -> [String: String] {
    environment.filter {
      !localVariables.contains($0.key) && !$0.key.hasPrefix("GIT_CONFIG_KEY_")
        && !$0.key.hasPrefix("GIT_CONFIG_VALUE_")
    }
  }

  /// Runs git to its end. Blocks the calling thread.
  ///
  /// - Parameters:
  ///   - environment: the whole environment; git's local variables are dropped from it first.
  ///   - adding: variables that are set after that.
  /// - Throws: ``GitProgramError`` with status 127 where git can't be started.
  package static func run(
    _ arguments: [String], directory: String, environment: [String: String],
    adding: [String: String] = [:], input: [UInt8] = []
  ) throws -> Result {
    var variables = clean(environment)
    variables["GIT_TERMINAL_PROMPT"] = "0"
    variables["LC_ALL"] = "C"
    variables.merge(adding) { $1 }
    // Of a lane's hooks only ours may run outside a sandbox; git would look for others in the lane itself.
    let isLane = variables["LANEKEEPER_USER_HOOKS"] == "none" && isLinked(directory)
    let options =
      isLane && adding["GIT_CONFIG_COUNT"] == nil ? ["-c", "core.hooksPath=/dev/null"] : []
    var standardInput: Int32 = -1
    var outPipe: [Int32] = [-1, -1]
    var errPipe: [Int32] = [-1, -1]
    func fail(_ code: Int32) -> GitProgramError {
      for fd in [standardInput] + outPipe + errPipe where fd >= 0 { close(fd) }
      return GitProgramError(
        arguments: arguments, status: 127, message: String(cString: strerror(code)))
    }
    standardInput = memoryFile(holding: input)
    guard standardInput >= 0, lk_pipe(&outPipe) == 0,
      lk_pipe(&errPipe) == 0
    else { throw fail(errno) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, standardInput, 0)
    posix_spawn_file_actions_adddup2(&actions, outPipe[1], 1)
    posix_spawn_file_actions_adddup2(&actions, errPipe[1], 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var argv: [UnsafeMutablePointer<CChar>?] =
      (["git", "-C", directory] + options + arguments).map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] =
      variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer {
      for pointer in argv { free(pointer) }
      for pointer in envp { free(pointer) }
    }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, "git", &actions, &attributes, &argv, &envp)
    guard code == 0 else { throw fail(code) }
    close(standardInput)
    close(outPipe[1])
    close(errPipe[1])
    let (output, error) = drain(outPipe[0], errPipe[0])
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    let exit = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    return Result(
      status: exit, output: output, error: String(decoding: error, as: UTF8.self))
  }

  /// Tells whether a directory is the top of a linked worktree.
  private static func isLinked(_ directory: String) -> Bool {
    var found = stat()
    return lstat(directory + "/.git", &found) == 0 && found.st_mode & S_IFMT == S_IFREG
  }

  /// Runs git and returns its output; any exit status but 0 is an error.
  @discardableResult
  package static func check(
    _ arguments: [String], directory: String, environment: [String: String],
    adding: [String: String] = [:], input: [UInt8] = []
  ) throws -> Result {
    let result = try run(
      arguments, directory: directory, environment: environment, adding: adding, input: input)
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

  /// Returns a descriptor at the start of a file in memory, so that no write can meet a closed pipe.
  private static func memoryFile(holding content: [UInt8]) -> Int32 {
    let fd = lk_memory_file()
    var sent = 0
    while fd >= 0, sent < content.count {
      let count = content[sent...].withUnsafeBytes { write(fd, $0.baseAddress, $0.count) }
      if count < 0, errno != EINTR {
        close(fd)
        return -1
      }
      sent += max(count, 0)
    }
    if fd >= 0 { lseek(fd, 0, SEEK_SET) }
    return fd
  }

  /// Reads two pipes to their ends, whichever has something, and closes them.
  private static func drain(_ output: Int32, _ error: Int32) -> ([UInt8], [UInt8]) {
    var results: [Int32: [UInt8]] = [output: [], error: []]
    var open: Set<Int32> = [output, error]
    var buffer = [UInt8](repeating: 0, count: 65536)
    while !open.isEmpty {
      var polled = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard poll(&polled, nfds_t(polled.count), -1) >= 0 || errno == EINTR else { break }
      for item in polled where item.revents != 0 {
        let count = read(item.fd, &buffer, buffer.count)
        if count > 0 {
          results[item.fd, default: []].append(contentsOf: buffer[..<count])
        } else if count == 0 || errno != EINTR {
          open.remove(item.fd)
          close(item.fd)
        }
      }
    }
    for fd in open { close(fd) }
    return (results[output] ?? [], results[error] ?? [])
  }
}
