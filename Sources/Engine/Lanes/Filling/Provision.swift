import Foundation
import Git
import Processes
import Store

/// Brings into lanes and gate worktrees what a commit does not hold: copies of ignored files, and what the
/// set-up command makes.
///
/// What a worktree was given is remembered in the state file, so that it is given again where the settings, a
/// copied file's source or a lock file of the commit have changed.
package struct Provision: Sendable {
  private let context: RepositoryContext
  private let settings: LaneSettings
  private let store: Store

  package init(_ context: RepositoryContext, settings: LaneSettings, store: Store) {
    self.context = context
    self.settings = settings
    self.store = store
  }

  private var state: StateDirectory { context.state }
  private var environment: [String: String] { context.environment }

  /// The copies that a worktree has just received, and the steps that are left.
  package struct Need: Sendable {
    /// Whether the set-up command has to run.
    package var runsSetUp: Bool
    fileprivate var given: [String]
  }

  /// The set-up command; `nil` where none is set.
  package var setUpCommand: String? { settings.setup.flatMap { $0.isEmpty ? nil : $0 } }

  /// Files that say which dependencies a commit needs, where they stand at its top.
  private static let lockFiles = [
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lockb",
    "bun.lock", "Cargo.lock", "uv.lock", "poetry.lock", "Pipfile.lock", "requirements.txt",
    "requirements-dev.txt", "dev-requirements.txt", "Gemfile.lock", "go.sum", "composer.lock",
    "mix.lock", "deno.lock",
  ]

  /// Copies into a worktree what it lacks, and renews copies whose source has changed since.
  ///
  /// Nothing is written through a symbolic link of the commit. Blocks.
  /// - Parameters:
  ///   - name: git's name for the worktree.
  ///   - commit: what stands in it.
  ///   - afresh: whether nothing of what it was given before is there any more.
  ///   - isGate: whether only gates run in it.
  /// - Returns: what remains to be done; `nil` where it has all already.
  /// - Throws: ``LaneError`` where a directory can't be made, ``ProcessFailure`` where a file can't be read or
  ///   written.
  package func bring(
    into path: String, name: String, commit: ObjectID, afresh: Bool, isGate: Bool = false
  ) throws -> Need? {
    try fillSubmodules(path, name, commit, afresh: afresh, isGate: isGate)
    guard !settings.copy.isEmpty || setUpCommand != nil else { return nil }
    let before =
      try afresh ? [] : (store.value(Self.key(name)) ?? "").split(separator: "\n").map(String.init)
    var given: [String] = []
    for item in settings.copy {
      let copied = item.split(separator: "/").joined(separator: "/")
      guard let seal = SourceSeal.of("\(context.directory)/\(copied)") else { continue }
      let line = "copy \(seal) \(copied)"
      given.append(line)
      guard !before.contains(line) else { continue }
      let isRenewed = before.contains { $0.hasPrefix("copy ") && $0.hasSuffix(" \(copied)") }
      try copy(copied, into: path, replacing: isRenewed)
    }
    if let command = setUpCommand {
      given.append("setup \(try seal(of: command, commit))")
    }
    guard given != before else { return nil }
    return Need(runsSetUp: setUpCommand != nil, given: given)
  }

  /// Returns the paths of a commit's submodules.
  package static func submodules(
    of commit: ObjectID, _ repository: Repository
  ) throws -> [String] {
    try SubmoduleFilling.list(
      commit.hex, gitDirectory: repository.commonDirectory, environment: repository.environment
    ).map(\.path)
  }

  private func fillSubmodules(
    _ path: String, _ name: String, _ commit: ObjectID, afresh: Bool, isGate: Bool
  ) throws {
    let repository = try Repository(opening: state.commonDirectory, environment: environment)
    let tree = try repository.commit(commit).tree
    guard try repository.entry(at: Array(".gitmodules".utf8), inTree: tree) != nil else { return }
    try SubmoduleFilling(
      path: path, source: state.commonDirectory, environment: environment, isGate: isGate,
      trash: "\(settings.directory)/trash-\(name)"
    ).fill(commit.hex, afresh: afresh)
  }

  /// Remembers that a worktree has got everything.
  package func finish(_ need: Need, name: String) throws {
    // `npm ci` and its like let hook managers write themselves into the hooks that git names there, which are ours.
    if need.runsSetUp { HookInstallation.putBack(state) }
    try store.setValue(Self.key(name), need.given.joined(separator: "\n"))
  }

  /// Returns the set-up command for a worktree.
  ///
  /// - Parameter lock: what the guard holds meanwhile.
  package func setUp(_ command: String, in path: String, name: String, lock: String)
    -> GuardedCommand
  {
    let log = state.setUpLog(name)
    try? FileManager.default.removeItem(atPath: log)
    try? FileManager.default.createDirectory(
      atPath: (log as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    return GuardedCommand(
      guardProgram: context.guardProgram, lockPath: lock, logPath: log, inputPath: nil,
      directory: path, argv: ["/bin/sh", "-c", command],
      environment: GitProgram.clean(environment).merging(variables) { $1 },
      mark: "setup-\(name)-\(getpid())", wallSeconds: 1800)
  }

  /// Returns the second try of a failed set-up command; `nil` if it would not differ.
  ///
  /// `pre-commit install` refuses where `core.hooksPath` is set, as it is in every lane.
  package func setUpAgain(_ command: String, in path: String, name: String, lock: String)
    -> GuardedCommand?
  {
    guard FileManager.default.fileExists(atPath: path + "/.pre-commit-config.yaml") else {
      return nil
    }
    var again = setUp(command, in: path, name: name, lock: lock)
    again.environment.merge(GitProgram.adding("core.hooksPath", "", to: environment)) { $1 }
    return again
  }

  /// Environment variables of set-up commands and gates.
  package var variables: [String: String] { ["LANEKEEPER_REPOSITORY": context.directory] }

  private static func key(_ name: String) -> String { "provision.\(name)" }

  /// Names the set-up command together with the lock files that it goes by.
  private func seal(of command: String, _ commit: ObjectID) throws -> String {
    let repository = try Repository(opening: state.commonDirectory, environment: environment)
    let tree = try repository.commit(commit).tree
    var seal = SourceSeal()
    seal.add(command)
    for name in Self.lockFiles {
      guard let entry = try repository.entry(at: Array(name.utf8), inTree: tree) else { continue }
      seal.add("\(name) \(entry.id.hex)")
    }
    return seal.text
  }

  private func copy(_ name: String, into path: String, replacing: Bool) throws {
    let components = name.split(separator: "/").map(String.init)
    var place = path
    for component in components.dropLast() {
      place += "/" + component
      var found = stat()
      if lstat(place, &found) != 0 {
        guard mkdir(place, 0o777) == 0 else {
          throw LaneError.notWritable(path: place, reason: String(cString: strerror(errno)))
        }
      } else if found.st_mode & S_IFMT != S_IFDIR {
        // The commit has something else there; what that breaks is its own fault.
        return
      }
    }
    let target = place + "/" + (components.last ?? "")
    if replacing { try Self.remove(target) }
    try FileCopy.copy("\(context.directory)/\(name)", to: target)
  }

  /// Removes a copy, also of directories that can't be written.
  private static func remove(_ path: String) throws {
    var found = stat()
    guard lstat(path, &found) == 0 else { return }
    if (try? FileManager.default.removeItem(atPath: path)) != nil { return }
    _ = try Command.runBlocking(["chmod", "-R", "u+rwX", path], directory: "/", environment: [:])
    try FileManager.default.removeItem(atPath: path)
  }
}

/// A short name for the state of files, by what `stat` says of them.
struct SourceSeal {
  /// FNV-1a of 64 bits: the same in every process.
  private var hash: UInt64 = 0xcbf2_9ce4_8422_2325

  var text: String { String(hash, radix: 16) }

  mutating func add(_ text: String) {
    for byte in Array(text.utf8) + [0] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  /// Looks at a file, or at a directory with what stands up to three levels below it: where package managers add or
  /// remove something, a directory's time changes. Hidden files, such as caches, don't count.
  ///
  /// - Returns: `nil` where nothing is there.
  static func of(_ path: String) -> String? {
    var found = stat()
    guard lstat(path, &found) == 0 else { return nil }
    var seal = SourceSeal()
    var left = 4000
    seal.look(path, depth: 3, &left)
    return seal.text
  }

  private mutating func look(_ path: String, depth: Int, _ left: inout Int) {
    var found = stat()
    guard left > 0, lstat(path, &found) == 0 else { return }
    left -= 1
    let isDirectory = found.st_mode & S_IFMT == S_IFDIR
    add((path as NSString).lastPathComponent)
    add("\(found.st_mode) \(isDirectory ? 0 : found.st_size)")
    add("\(found.st_mtim.tv_sec).\(found.st_mtim.tv_nsec)")
    guard isDirectory, depth > 0 else { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    for name in names.sorted() where !name.hasPrefix(".") {
      look("\(path)/\(name)", depth: depth - 1, &left)
    }
  }
}
