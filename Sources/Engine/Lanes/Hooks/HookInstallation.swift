import Foundation
import Git
import GitFormats
import Processes

/// The git hooks that lanes use, and how they reach them without touching any other checkout.
package struct HookInstallation: Sendable {
  /// The hooks that the hook program answers itself in a lane.
  package static let ours = [
    "pre-commit", "pre-merge-commit", "pre-push", "reference-transaction",
  ]
  private static let laneKey = "includeIf.gitdir:./worktrees/lane-*.path"
  private static let laneBlock = """
    [includeIf "gitdir:./worktrees/lane-*"]
    \tpath = lanekeeper/lane.config

    """
  private static let personKey = "include.path"
  private static let personBlock = """
    [include]
    \tpath = lanekeeper/person.config

    """

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

  private var lanes: HookDirectory { HookDirectory(path: state.hooks, ours: Self.ours) }

  private var persons: HookDirectory {
    HookDirectory(path: state.personHooks, ours: Self.ours + ["pre-receive"])
  }

  /// Brings our hooks directories up to date: our own copy of the program, a file that starts it under the
  /// name of each hook that is needed, and a link to the user's own hooks, which run after ours.
  ///
  /// The copy lets hooks work on after the program was moved or uninstalled: git skips a hook that
  /// is not there, and commits would go unchecked.
  package func refresh() throws {
    try state.create()
    try copyProgram()
    let user = try userHooks()
    for directory in [lanes, persons] {
      try directory.refresh(link: user.link, user: user.directory, isGits: user.isGits)
    }
    if let checkout = try Repository(opening: repository, environment: environment).workingDirectory
    {
      try RepositoryPlace.note(checkout: checkout, state.commonDirectory)
    }
    // The repository may have been moved since.
    if !isUpToDate, try isInstalled() || isInstalledForPersons() { try writeIncluded() }
  }

  /// Puts our own hooks back where another program has written over them; what it wrote is kept and runs after them.
  package static func putBack(_ state: StateDirectory) {
    for directory in [state.hooks, state.personHooks] {
      let files = HookFiles(directory)
      // A launcher without its program would stop every commit.
      guard files.hasProgram, access(directory, F_OK) == 0 else { continue }
      for name in ours { files.put(name) }
    }
  }

  /// Writes the files that the includes name: where git finds the hooks.
  private func writeIncluded() throws {
    for (path, data) in included where FileManager.default.contents(atPath: path) != data {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
  }

  private var isUpToDate: Bool {
    included.allSatisfy { FileManager.default.contents(atPath: $0.path) == $0.data }
  }

  private var included: [(path: String, data: Data)] {
    [(state.laneConfiguration, state.hooks), (state.personConfiguration, state.personHooks)].map {
      ($0, Data("[core]\n\thooksPath = \(Self.quoted($1))\n".utf8))
    }
  }

  /// Returns whether lanes get the hooks from the repository's own configuration.
  package func isInstalled() throws -> Bool {
    try localValues(Self.laneKey).contains("lanekeeper/lane.config")
  }

  /// Returns whether a person's commits and moves of the target are looked at, too.
  package func isInstalledForPersons() throws -> Bool {
    try localValues(Self.personKey).contains("lanekeeper/person.config")
  }

  /// Writes the conditional include into the repository's configuration.
  ///
  /// - Parameter forPersons: also looks at a person's commits in the other checkouts.
  /// - Returns: what was changed, a sentence each; empty when nothing had to be.
  package func install(forPersons: Bool) throws -> [String] {
    try refresh()
    try writeIncluded()
    let file = GitConfigFile(state: state)
    var changes: [String] = []
    // The include for lanes comes last, so that it wins there.
    let wasForPersons = try isInstalledForPersons()
    let wasInstalled = try isInstalled()
    if forPersons, !wasForPersons {
      if wasInstalled {
        try remove(Self.laneKey, Self.laneBlock, "lanekeeper/lane.config", isLast: false)
      }
      try file.add(Self.personBlock)
      if wasInstalled { try file.add(Self.laneBlock) }
      changes.append(
        "you'll be warned when you commit a file that an agent has claimed (claims.humans)")
    } else if !forPersons, wasForPersons {
      try remove(
        Self.personKey, Self.personBlock, "lanekeeper/person.config", isLast: !wasInstalled)
      changes.append("your own commits are not looked at any more (claims.humans: off)")
    }
    if !wasInstalled {
      try file.add(Self.laneBlock)
      changes.insert(
        "hooks installed for all lanes (conditional include in \(file.path))", at: 0)
    }
    return changes
  }

  /// Takes the includes out of the repository's configuration again, which is then what it was, byte for
  /// byte.
  package func uninstall() throws -> [String] {
    var changes: [String] = []
    // What other programs have written here runs on without us where it can.
    let user = try userHooks()
    for directory in [lanes, persons] where user.isGits { directory.adopt(into: user.directory) }
    for path in persons.displaced {
      changes.append("\(path) is another program's hook, which git does not find any more there")
    }
    let forPersons = try isInstalledForPersons()
    if try isInstalled() {
      try remove(Self.laneKey, Self.laneBlock, "lanekeeper/lane.config", isLast: !forPersons)
      changes.append("the include for lanes is gone from .git/config")
    }
    if forPersons {
      try remove(Self.personKey, Self.personBlock, "lanekeeper/person.config", isLast: true)
      changes.append("the include for your own commits is gone from .git/config")
    }
    return changes
  }

  /// The variables that bring the hooks to a process that has no include: `core.hooksPath` for each
  /// git that it starts.
  package func variables(addingTo environment: [String: String]) -> [String: String] {
    GitProgram.adding("core.hooksPath", state.hooks, to: environment)
  }

  /// The present state of the hooks.
  package func report() throws -> HookReport {
    let user = try userHooks().directory
    let repository = try Repository(opening: repository, environment: environment)
    var shadowed: [String] = []
    // What keeps a sandbox's lane from starting hooks of its own is no setting of the lane.
    let environment = environment.filter { $0.key != "LANEKEEPER_USER_HOOKS" }
    if try isInstalled() {
      for tree in repository.worktrees() where tree.name.hasPrefix("lane-") {
        let found = try GitProgram.run(
          ["config", "--get", "core.hooksPath"], directory: tree.path, environment: environment)
        if found.status <= 1, found.text != state.hooks {
          shadowed.append("\(tree.name): core.hooksPath is '\(found.text)' there")
        }
      }
    }
    let forPersons = try isInstalledForPersons()
    let isInstalled = try isInstalled()
    return HookReport(
      isInstalled: isInstalled, isInstalledForPersons: forPersons,
      isMoved: (isInstalled || forPersons) && !isUpToDate,
      overwritten: Set(lanes.overwritten + (forPersons ? persons.overwritten : [])).sorted(),
      displaced: lanes.displaced + persons.displaced,
      replaced: lanes.replaced + persons.replaced + damagedProgram,
      directory: state.hooks, names: lanes.names, userDirectory: user,
      managers: HookManager.found(in: user), shadowed: shadowed)
  }

  /// The user's own hooks: what `user` points to, where that is, and whether it is git's own place.
  private func userHooks() throws -> (link: String, directory: String, isGits: Bool) {
    let configured = try userSetting()
    guard let path = configured, !path.isEmpty else {
      let directory = state.commonDirectory + "/hooks"
      return (directory, directory, true)
    }
    if path.hasPrefix("/") { return (path, path, false) }
    if path.hasPrefix("~/") {
      let home = (environment["HOME"] ?? "") + path.dropFirst()
      return (home, home, false)
    }
    let repository = try Repository(opening: repository, environment: environment)
    let top = repository.workingDirectory ?? repository.mainWorktreePath
    return (path, (top ?? state.commonDirectory) + "/" + path, false)
  }

  /// The user's own `core.hooksPath`: the last value of all that is not ours, whether or not our include
  /// stands behind it.
  private func userSetting() throws -> String? {
    let values = try GitProgram.run(
      ["config", "-z", "--get-all", "core.hooksPath"], directory: repository,
      environment: environment)
    return values.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      .last { $0 != state.hooks && $0 != state.personHooks }
  }

  /// Other programs' hooks that were written over the program itself.
  private var damagedProgram: [String] {
    HookFiles.entries(of: state.programs).filter { $0.contains(HookFiles.displaced) }
      .map { state.programs + "/" + $0 }
  }

  private func copyProgram() throws {
    let files = FileManager.default
    let copy = state.programs + "/lanekeeper-hook"
    // Where links led to it, a hook manager may have written its own hook over it.
    if let start = HookFiles.content(copy, limit: 2), start == Array("#!".utf8) {
      rename(copy, copy + "\(HookFiles.displaced).\(Int(Date().timeIntervalSince1970))")
    }
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
    let result = try Command.runBlocking(
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

  private func localValues(_ key: String) throws -> [String] {
    let result = try GitProgram.run(
      ["config", "--local", "--get-all", key], directory: repository, environment: environment)
    return result.text.split(separator: "\n").map(String.init)
  }

  private func remove(_ key: String, _ block: String, _ value: String, isLast: Bool) throws {
    if try GitConfigFile(state: state).remove(block, isLast: isLast) { return }
    // Somebody has edited the block; git itself takes the value out.
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
