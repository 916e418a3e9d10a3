import Foundation
import Git
import Processes

/// The git hooks that lanes use, and how they reach them without touching any other checkout.
package struct HookInstallation: Sendable {
  /// The hooks that the hook program answers itself.
  package static let ours = ["pre-commit", "reference-transaction"]
  /// Every other hook that git may start in a lane, and that a user's own hook may stand behind.
  package static let others = [
    "applypatch-msg", "commit-msg", "post-applypatch", "post-checkout", "post-commit",
    "post-index-change", "post-merge", "post-rewrite", "pre-applypatch", "pre-auto-gc",
    "pre-merge-commit", "pre-push", "pre-rebase", "prepare-commit-msg",
  ]
  private static let laneKey = "includeIf.gitdir:./worktrees/lane-*.path"
  private static let personKey = "include.path"

  private let state: StateDirectory
  private let repository: String
  private let program: String
  private let environment: [String: String]

  /// - Parameters:
  ///   - repository: a checkout or git directory of the repository.
  ///   - program: the path of `lanekeeper-hook`.
  ///   - environment: the environment for git.
  package init(
    state: StateDirectory, repository: String, program: String, environment: [String: String]
  ) {
    self.state = state
    self.repository = repository
    self.program = program
    self.environment = environment
  }

  /// Brings our hooks directory up to date: our own copy of the program, a link to it under the name
  /// of each hook that is needed, and a link to the user's own hooks, which run after ours.
  ///
  /// The copy lets hooks work on after the program was moved or uninstalled: git skips a hook that
  /// is not there, and commits would go unchecked.
  package func refresh() throws {
    try state.create()
    try copyProgram()
    let files = FileManager.default
    let user = try userHooks()
    try link(state.path + "/hooks/user", to: user.link)
    let present = Set((try? files.contentsOfDirectory(atPath: user.directory)) ?? [])
    let wanted = Set(
      Self.ours
        + Self.others.filter {
          present.contains($0) && files.isExecutableFile(atPath: user.directory + "/" + $0)
        })
    for name in wanted { try link(state.hooks + "/" + name, to: "../bin/lanekeeper-hook") }
    for name in (try? files.contentsOfDirectory(atPath: state.hooks)) ?? []
    where !wanted.contains(name) && Self.others.contains(name) {
      try? files.removeItem(atPath: state.hooks + "/" + name)
    }
  }

  /// Tells whether lanes get the hooks from the repository's own configuration.
  package func isInstalled() throws -> Bool {
    try localValues(Self.laneKey).contains("lanekeeper/lane.config")
  }

  /// Writes the conditional include into the repository's configuration.
  ///
  /// - Parameter forPersons: also looks at a person's commits in the other checkouts.
  /// - Returns: what was changed, a sentence each; empty when nothing had to be.
  package func install(forPersons: Bool) throws -> [String] {
    try refresh()
    let text = "[core]\n\thooksPath = \(Self.quoted(state.hooks))\n"
    for path in [state.laneConfiguration, state.personConfiguration] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
    var changes: [String] = []
    if try !isInstalled() {
      try git(["config", "--local", "--add", Self.laneKey, "lanekeeper/lane.config"])
      changes.append("the hooks reach every lane, by a conditional include in .git/config")
    }
    let persons = try localValues(Self.personKey).contains("lanekeeper/person.config")
    if forPersons, !persons {
      try git(["config", "--local", "--add", Self.personKey, "lanekeeper/person.config"])
      changes.append("your own commits are compared with the agents' claims (claims.humans)")
    } else if !forPersons, persons {
      try remove(Self.personKey, "lanekeeper/person.config")
      changes.append("your own commits are not looked at any more (claims.humans: off)")
    }
    return changes
  }

  /// Takes the includes out of the repository's configuration again.
  package func uninstall() throws -> [String] {
    var changes: [String] = []
    if try isInstalled() {
      try remove(Self.laneKey, "lanekeeper/lane.config")
      changes.append("the include for lanes is gone from .git/config")
    }
    if try localValues(Self.personKey).contains("lanekeeper/person.config") {
      try remove(Self.personKey, "lanekeeper/person.config")
      changes.append("the include for your own commits is gone from .git/config")
    }
    return changes
  }

  /// The variables that bring the hooks to a process that has no include: `core.hooksPath` for each
  /// git that it starts.
  package func variables(addingTo environment: [String: String]) -> [String: String] {
    let count = Int(environment["GIT_CONFIG_COUNT"] ?? "") ?? 0
    return [
      "GIT_CONFIG_COUNT": String(count + 1), "GIT_CONFIG_KEY_\(count)": "core.hooksPath",
      "GIT_CONFIG_VALUE_\(count)": state.hooks,
    ]
  }

  private func userHooks() throws -> (link: String, directory: String) {
    let repository = try Repository(opening: repository, environment: environment)
    let configured = try repository.configString("core.hooksPath")
    guard let path = configured, path != state.hooks, !path.isEmpty else {
      let directory = state.commonDirectory + "/hooks"
      return (directory, directory)
    }
    if path.hasPrefix("/") { return (path, path) }
    if path.hasPrefix("~/") {
      let home = (environment["HOME"] ?? "") + path.dropFirst()
      return (home, home)
    }
    return (path, (repository.mainWorktreePath ?? state.commonDirectory) + "/" + path)
  }

  private func copyProgram() throws {
    let files = FileManager.default
    let copy = state.programs + "/lanekeeper-hook"
    let wanted = try files.attributesOfItem(atPath: program)
    if let found = try? files.attributesOfItem(atPath: copy),
      found[.size] as? Int == wanted[.size] as? Int,
      let theirs = found[.modificationDate] as? Date, let ours = wanted[.modificationDate] as? Date,
      theirs >= ours
    {
      return
    }
    let temporary = copy + ".\(getpid())"
    try? files.removeItem(atPath: temporary)
    // By a process of its own: were the copy open for writing in this one, a process that is being
    // started at the same time would inherit that for a moment, and git could not start the hook.
    let result = try OneShot.runBlocking(
      ["cp", program, temporary], directory: state.programs,
      environment: GitProgram.clean(environment),
      timeoutSeconds: 60)
    guard result.status == 0 else {
      throw LaneError.notWritable(path: copy, reason: String(decoding: result.error, as: UTF8.self))
    }
    guard chmod(temporary, 0o755) == 0, rename(temporary, copy) == 0 else {
      throw LaneError.notWritable(path: copy, reason: String(cString: strerror(errno)))
    }
  }

  private func link(_ path: String, to target: String) throws {
    if (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == target { return }
    let temporary = path + ".\(getpid())"
    unlink(temporary)
    guard symlink(target, temporary) == 0, rename(temporary, path) == 0 else {
      throw LaneError.notWritable(path: path, reason: String(cString: strerror(errno)))
    }
  }

  private func localValues(_ key: String) throws -> [String] {
    let result = try GitProgram.run(
      ["config", "--local", "--get-all", key], directory: repository, environment: environment)
    return result.text.split(separator: "\n").map(String.init)
  }

  private func remove(_ key: String, _ value: String) throws {
    let pattern = "^" + value.replacingOccurrences(of: ".", with: "\\.") + "$"
    try git(["config", "--local", "--unset-all", key, pattern])
    let section = String(key.dropLast(".path".count))
    let left = try GitProgram.run(
      [
        "config", "--local", "--get-regexp", "^" + NSRegularExpression.escapedPattern(for: section),
      ],
      directory: repository, environment: environment)
    if left.text.isEmpty {
      _ = try GitProgram.run(
        ["config", "--local", "--remove-section", section], directory: repository,
        environment: environment)
    }
  }

  private func git(_ arguments: [String]) throws {
    try GitProgram.check(arguments, directory: repository, environment: environment)
  }

  private static func quoted(_ path: String) -> String {
    let escaped = path.replacingOccurrences(of: "\\", with: "\\\\")
      .replacingOccurrences(of: "\"", with: "\\\"")
    return "\"\(escaped)\""
  }
}
