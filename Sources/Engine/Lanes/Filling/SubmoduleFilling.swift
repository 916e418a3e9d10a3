import Foundation
import Git
import Processes

/// Fills the submodules of a lane or a gate worktree with the commits that its own commit names.
///
/// What the person's checkout has of a submodule (`.git/modules/<name>`) is cloned from there, without a network; git
/// fetches the rest from where `.gitmodules` says, within a time limit.
struct SubmoduleFilling {
  /// The top of the worktree, or of a submodule inside it; absolute.
  let path: String
  /// A git directory that has the commit, and the person's copies of its submodules in `modules/`.
  let source: String
  let environment: [String: String]
  /// Whether nobody works here but gates, so that nothing in it is worth keeping.
  let isGate: Bool
  /// The directory for changed submodules of a lane; absolute.
  let trash: String
  var depth = 0

  private static let mostDepth = 4
  private static let seconds = 600.0

  struct Module: Equatable {
    var name: String
    var path: String
    var commit: String
  }

  /// Brings each submodule to its commit.
  ///
  /// - Parameter afresh: whether nothing that programs made inside them is to stay.
  /// - Throws: ``LaneError/commandFailed(command:detail:)`` with git's words where one can't be had.
  func fill(_ commit: String, afresh: Bool) throws {
    guard depth < Self.mostDepth else { return }
    for module in try Self.list(commit, gitDirectory: source, environment: environment) {
      let place = path + "/" + module.path
      guard isPlain(module.path) else { continue }
      if isGate, afresh { try? FileManager.default.removeItem(atPath: place) }
      let own = "\(source)/modules/\(module.name)"
      let isHere =
        try FileManager.default.fileExists(atPath: own + "/HEAD")
        && run(["--git-dir=\(own)", "cat-file", "-e", module.commit + "^{commit}"], at: "/").status
          == 0
      if try head(place) != module.commit || isGate {
        try update(module, place, from: isHere ? own : nil)
      }
      guard isHere else { continue }
      let inner = SubmoduleFilling(
        path: place, source: own, environment: environment, isGate: isGate, trash: trash,
        depth: depth + 1)
      try inner.fill(module.commit, afresh: afresh)
    }
  }

  /// Returns what a commit has of submodules, by path.
  static func list(
    _ commit: String, gitDirectory: String, environment: [String: String]
  ) throws -> [Module] {
    let git = ["--git-dir=\(gitDirectory)"]
    let file = try GitProgram.run(
      git + ["cat-file", "blob", "\(commit):.gitmodules"], directory: "/",
      environment: environment)
    guard file.status == 0 else { return [] }
    return try DeclaredSubmodule.parse(file.output, environment: environment).compactMap { one in
      let name = one.name
      guard let path = String(validating: one.path, as: UTF8.self), isSafe(name), isSafe(path)
      else { return nil }
      let found = try GitProgram.run(
        git + ["ls-tree", "-z", "--full-tree", commit, "--", ":(literal)" + path], directory: "/",
        environment: environment
      ).output
      let words = String(decoding: found.prefix { $0 != 0x09 }, as: UTF8.self).split(separator: " ")
      guard words.count == 3, words[0] == "160000" else { return nil }
      return Module(name: name, path: path, commit: String(words[2]))
    }
  }

  private static func isSafe(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !parts.isEmpty && !path.hasPrefix("-")
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.lowercased() != ".git" }
  }

  /// Returns whether a path leads through directories only.
  private func isPlain(_ name: String) -> Bool {
    var place = path
    for part in name.split(separator: "/") {
      place += "/" + part
      var found = stat()
      if lstat(place, &found) == 0, found.st_mode & S_IFMT != S_IFDIR { return false }
    }
    return true
  }

  private func head(_ place: String) throws -> String? {
    var found = stat()
    guard lstat(place + "/.git", &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return nil }
    let result = try run(["rev-parse", "-q", "--verify", "HEAD"], at: place)
    return result.status == 0 ? result.text : nil
  }

  private func update(_ module: Module, _ place: String, from own: String?) throws {
    if !isGate, try isChanged(place) { try putAside(module, place) }
    var words = ["-c", "core.hooksPath=/dev/null"]
    if let own {
      words += ["-c", "submodule.\(module.name).url=\(own)", "-c", "protocol.file.allow=always"]
    }
    if let own { try fetch(module, from: own) }
    words += ["submodule", "--quiet", "update", "--init", "--checkout"]
    if isGate { words.append("--force") }
    if own == nil { words.append("--recursive") }
    let result = try run(words + ["--", module.path], at: path)
    guard result.status == 0 else {
      throw LaneError.commandFailed(
        command: "git submodule update --init -- \(module.path)",
        detail: String(decoding: result.error, as: UTF8.self).trimmingCharacters(
          in: .whitespacesAndNewlines))
    }
    if isGate { _ = try run(["clean", "-f", "-f", "-d", "-q"], at: place) }
    guard let own else { return }
    // Pushes from the lane are not for the person's copy.
    let url = try run(["--git-dir=\(own)", "config", "remote.origin.url"], at: "/")
    if url.status == 0 { _ = try run(["remote", "set-url", "origin", url.text], at: place) }
  }

  /// Brings a commit of the person's copy into the worktree's own, where that is there already.
  private func fetch(_ module: Module, from own: String) throws {
    let found = try run(
      ["rev-parse", "--path-format=absolute", "--git-path", "modules/\(module.name)"], at: path)
    guard found.status == 0, FileManager.default.fileExists(atPath: found.text + "/HEAD") else {
      return
    }
    _ = try run(
      [
        "-c", "protocol.file.allow=always", "--git-dir=\(found.text)", "fetch", "-q", "--no-tags",
        "--no-recurse-submodules", own, module.commit,
      ], at: "/")
  }

  private func isChanged(_ place: String) throws -> Bool {
    var found = stat()
    guard lstat(place + "/.git", &found) == 0 else { return false }
    // In a sandbox an agent may have made another repository of it, which nothing is to be started in.
    if environment["LANEKEEPER_USER_HOOKS"] == "none" { return true }
    let result = try run(["-c", "core.fsmonitor=false", "status", "--porcelain"], at: place)
    return result.status != 0 || !result.output.isEmpty
  }

  private func putAside(_ module: Module, _ place: String) throws {
    let name = module.path.replacing("/", with: "-")
    let aside = "\(trash)-\(name)-\(Int64(Date().timeIntervalSince1970 * 1000))"
    guard rename(place, aside) == 0 else {
      throw LaneError.notWritable(path: place, reason: String(cString: strerror(errno)))
    }
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
  }

  private func run(_ arguments: [String], at directory: String) throws -> ProcessOutput {
    var variables = GitProgram.clean(environment)
    variables["GIT_TERMINAL_PROMPT"] = "0"
    variables["LC_ALL"] = "C"
    return try Command.runBlocking(
      ["git", "-C", directory] + arguments, directory: "/", environment: variables,
      timeoutSeconds: Self.seconds)
  }
}
