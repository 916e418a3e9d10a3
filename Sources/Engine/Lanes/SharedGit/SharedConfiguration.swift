import Foundation
import Git
import GitFormats
import Model
import Processes
import Store

/// Watches the configuration that all checkouts of the repository share, which an agent can change from its
/// lane as easily as `git config user.name`.
///
/// What it was is written down before the first of the attempts that are at work begins, and compared whenever
/// one ends. What breaks the person's checkout, makes their git start other programs, or signs with another name is
/// put back; anything else is told. A change while no attempt is at work is a person's.
package struct SharedConfiguration: Sendable {
  /// The outcome for one key.
  package struct Change: Codable, Sendable, Equatable {
    package var file: String
    package var key: String
    package var before: [String]
    package var now: [String]
    /// The attempt at whose end it was noticed.
    package var during: String
    package var isRestored: Bool
    /// The copy of the changed file.
    package var kept: String

    /// One line for people.
    package var text: String {
      func words(_ values: [String]) -> String {
        values.isEmpty ? "unset" : values.map { "'\($0)'" }.joined(separator: ", ")
      }
      return
        "\(key) was changed in \(file) while \(during) was at work (it was \(words(before)), then "
        + "\(words(now))); "
        + (isRestored
          ? "it is put back, and the changed file kept as \(kept)"
          : "it stays so: look at it, and put it back with `git config` where it is not yours")
    }
  }

  private typealias Values = [String: [String]]
  private static let files = ["config", "config.worktree"]
  /// Files that are compared as a whole: what git ignores, filters, leaves out or takes for another history everywhere.
  private static let wholeFiles = [
    "info/exclude", "info/attributes", "info/sparse-checkout", "info/grafts",
  ]
  private static let largest = 16 << 20
  /// Seconds for which another may compare it.
  private static let patience = 30.0

  private let state: StateDirectory
  private let environment: [String: String]

  package init(state: StateDirectory, environment: [String: String]) {
    self.state = state
    self.environment = environment
  }

  private var seen: String { state.path + "/config-seen" }
  private var record: String { state.path + "/config-changes.json" }
  private func path(_ file: String) -> String { state.commonDirectory + "/" + file }

  /// Writes down what the configuration is, before an attempt begins. Blocks.
  ///
  /// Where each attempt that had begun has ended, whatever is there is a person's. What was changed since one began
  /// that was cut off, and that makes git commands fail or start a program, is its own, whether or not the state file
  /// still knows it.
  /// - Parameters:
  ///   - attempt: a name for the attempt that is fit for a file.
  ///   - lane: git's name for the worktree that it works in, whose own configuration is watched as well.
  ///   - running: the names of all attempts that are at work.
  /// - Returns: what others at work, or cut off, have changed meanwhile.
  package func begin(
    _ attempt: String, lane: String? = nil, running: Set<String>
  ) throws -> [Change] {
    let lock = try FileLock.acquireBlocking(state.locks + "/config", seconds: Self.patience)
    defer { lock.release() }
    guard atWork(besides: attempt, running: running).isEmpty else {
      try note(attempt, lane)
      return try compare("another feature", only: nil)
    }
    let changes = try compare("an attempt that was cut off", only: Self.breaksCommands)
    try? FileManager.default.removeItem(atPath: seen)
    let fresh = seen + ".\(getpid())"
    try? FileManager.default.removeItem(atPath: fresh)
    try FileManager.default.createDirectory(atPath: fresh, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: fresh + "/info", withIntermediateDirectories: true)
    for file in Self.files + Self.wholeFiles {
      guard let content = HookFiles.content(path(file), limit: Self.largest) else { continue }
      try Data(content).write(to: URL(fileURLWithPath: fresh + "/" + file))
    }
    try FileManager.default.moveItem(atPath: fresh, toPath: seen)
    try note(attempt, lane)
    return changes
  }

  private var notes: String { seen + "/at-work" }

  private func note(_ attempt: String, _ lane: String?) throws {
    try FileManager.default.createDirectory(atPath: notes, withIntermediateDirectories: true)
    let own = notes + "/" + attempt + Self.ofLane
    unlink(own)
    if let lane, let content = HookFiles.content(ownPath(lane), limit: Self.largest) {
      try Data(content).write(to: URL(fileURLWithPath: own))
    }
    try Data().write(to: URL(fileURLWithPath: notes + "/" + attempt))
  }

  /// The end of the names under which the configurations of lanes' own are written down.
  private static let ofLane = ".worktree"

  private func ownPath(_ lane: String) -> String {
    path("worktrees/\(lane)/config.worktree")
  }

  /// The attempts that have begun, have not ended, and were not given up by a killed run.
  private func atWork(besides attempt: String, running: Set<String>) -> Set<String> {
    let noted = (try? FileManager.default.contentsOfDirectory(atPath: notes)) ?? []
    return running.intersection(noted).subtracting([attempt])
  }

  /// Compares it with what was written down, and puts back what endangers. Blocks.
  ///
  /// - Parameters:
  ///   - attempt: the name of the attempt that has ended, as ``begin(_:lane:running:)`` had it.
  ///   - lane: the worktree that it worked in, as ``begin(_:lane:running:)`` had it.
  ///   - words: the same for people.
  ///   - running: the names of all attempts that are at work; this one may be among them.
  /// - Returns: what was changed.
  package func end(
    _ attempt: String, lane: String? = nil, words: String, running: Set<String>
  ) throws -> [Change] {
    guard FileManager.default.fileExists(atPath: seen) else { return [] }
    let lock = try FileLock.acquireBlocking(state.locks + "/config", seconds: Self.patience)
    defer { lock.release() }
    guard FileManager.default.fileExists(atPath: seen) else { return [] }
    let hasBegun = HookFiles.isFile(notes + "/" + attempt)
    let own = notes + "/" + attempt + Self.ofLane
    let changes = try compare(words, only: nil) { () throws -> [Change] in
      guard hasBegun, let lane else { return [] }
      return try compare(own, ownPath(lane), words, nil)
    }
    unlink(notes + "/" + attempt)
    unlink(own)
    if atWork(besides: attempt, running: running).isEmpty {
      try? FileManager.default.removeItem(atPath: seen)
    }
    return changes
  }

  /// Compares while attempts are at work. Blocks.
  @discardableResult
  package func look() throws -> [Change] {
    guard FileManager.default.fileExists(atPath: seen) else { return [] }
    let lock = try FileLock.acquireBlocking(state.locks + "/config", seconds: Self.patience)
    defer { lock.release() }
    return try compare("an attempt", only: nil)
  }

  /// Puts back at once what keeps every command from finding the person's checkout, where an attempt that is at
  /// work, or was cut off, has changed it.
  package func repair() throws -> [Change] {
    guard FileManager.default.fileExists(atPath: seen) else { return [] }
    let isChanged =
      HookFiles.content(path("config"), limit: Self.largest)
      != HookFiles.content(seen + "/config", limit: Self.largest)
    guard isChanged, let lock = try FileLock.tryAcquire(state.locks + "/config") else { return [] }
    defer { lock.release() }
    return try compare("an attempt", only: Self.structure.contains)
  }

  /// Returns the changes to report: restored ones, and those that are still in place.
  package func open() -> [Change] {
    recorded().filter { change in
      guard !change.isRestored else { return true }
      let values = try? Self.values(of: path(change.file), environment)
      return values?[change.key] ?? [] == change.now
    }
  }

  /// Forgets what was told: a person has begun anew since.
  package func forget() { unlink(record) }

  /// Lets what Lanekeeper itself changes in the file count as known.
  static func follow(
    _ state: StateDirectory, file: String = "config", change body: (inout [UInt8]) throws -> Bool
  ) throws {
    let path = state.path + "/config-seen/" + file
    guard FileManager.default.fileExists(atPath: (path as NSString).deletingLastPathComponent)
    else {
      return
    }
    var content = HookFiles.content(path, limit: largest) ?? []
    guard try body(&content) else { return }
    try Data(content).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  // MARK: comparing

  /// Compares under the lock, in which the last attempt may have ended meanwhile.
  private func compare(
    _ attempt: String, only: ((String) -> Bool)?, _ more: () throws -> [Change] = { [] }
  ) throws -> [Change] {
    // A repository has a configuration, so where none was written down there is nothing to compare with.
    guard HookFiles.isFile(seen + "/config") else { return [] }
    let changes = try GitSpecials.freeing((Self.files + Self.wholeFiles).map(path)) {
      var changes: [Change] = []
      for file in Self.files {
        changes += try compare(seen + "/" + file, path(file), attempt, only)
      }
      if only == nil {
        for file in Self.wholeFiles { changes += try compareWhole(file, attempt) }
      }
      return try changes + more()
    }
    guard !changes.isEmpty else { return [] }
    let known = recorded()
    let new = changes.filter { change in
      !known.contains {
        ($0.file, $0.key, $0.now) == (change.file, change.key, change.now) && !$0.isRestored
      }
    }
    let data = try JSONEncoder().encode(known + new)
    try data.write(to: URL(fileURLWithPath: record), options: .atomic)
    return new
  }

  private func kept(_ path: String) -> String {
    let name = path.dropFirst(state.commonDirectory.count + 1).replacing("/", with: "-")
    return "\(state.path)/config-changed/\(Int(Date().timeIntervalSince1970 * 1000))-\(name)"
  }

  /// Compares a file that is no list of keys.
  private func compareWhole(_ file: String, _ attempt: String) throws -> [Change] {
    let now = path(file)
    let before = HookFiles.content(seen + "/" + file, limit: Self.largest)
    let content = HookFiles.content(now, limit: Self.largest)
    var facts = stat()
    guard content != before || content == nil && lstat(now, &facts) == 0,
      // One that was written down by an older version knows nothing of it.
      FileManager.default.fileExists(atPath: seen + "/info")
    else { return [] }
    let kept = kept(now)
    for place in [kept, now] {
      try FileManager.default.createDirectory(
        atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    }
    guard rename(now, kept) == 0 || errno == ENOENT else {
      throw LaneError.notWritable(path: now, reason: String(cString: strerror(errno)))
    }
    if let before {
      try Data(before).write(to: URL(fileURLWithPath: now), options: .withoutOverwriting)
    }
    func lines(_ content: [UInt8]?) -> [String] {
      (content ?? []).split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
    }
    let (old, new) = (lines(before), lines(content))
    return [
      Change(
        file: now, key: (now as NSString).lastPathComponent,
        before: Array(Set(old).subtracting(new).sorted().prefix(10)),
        now: Array(Set(new).subtracting(old).sorted().prefix(10)), during: attempt,
        isRestored: true, kept: kept)
    ]
  }

  private func compare(
    _ old: String, _ now: String, _ attempt: String, _ only: ((String) -> Bool)?
  ) throws -> [Change] {
    let content = HookFiles.content(now, limit: Self.largest)
    let before = HookFiles.content(old, limit: Self.largest)
    guard content != before else { return [] }
    let was = try Self.values(of: old, environment) ?? [:]
    // What is no file any more is read by nobody.
    let present = try content == nil && before != nil ? nil : Self.values(of: now, environment)
    let kept = kept(now)
    func change(_ key: String, isRestored: Bool) -> Change {
      Change(
        file: now, key: key, before: was[key] ?? [], now: present?[key] ?? [], during: attempt,
        isRestored: isRestored, kept: isRestored ? kept : "")
    }
    guard let present else {
      // git can't read it any more, so that no git command works.
      try replace(now, with: before, keeping: content, as: kept)
      return [
        Change(
          file: now, key: "all of it", before: ["readable"], now: ["unreadable"], during: attempt,
          isRestored: true, kept: kept)
      ]
    }
    let keys = Set(was.keys).union(present.keys).filter { was[$0] != present[$0] }.sorted()
    let isDanger = only ?? Self.endangers
    let dangers = keys.filter(isDanger)
    let others = keys.filter { !isDanger($0) && !Self.isEveryday($0) }
    if !dangers.isEmpty {
      let harmless = keys.filter { !isDanger($0) }
      let restored =
        harmless.isEmpty ? before : try merged(old, harmless, present)
      try replace(now, with: restored, keeping: content, as: kept)
    }
    return dangers.map { change($0, isRestored: true) }
      + (only == nil ? others.map { change($0, isRestored: false) } : [])
  }

  /// Returns the file as it was, with those keys as they are now.
  private func merged(_ old: String, _ keys: [String], _ present: Values) throws -> [UInt8]? {
    let scratch = seen + "/merged.\(getpid())"
    defer { unlink(scratch) }
    try Data(HookFiles.content(old, limit: Self.largest) ?? []).write(
      to: URL(fileURLWithPath: scratch))
    for key in keys {
      _ = try git(["config", "--file", scratch, "--unset-all", key])
      for value in present[key] ?? [] {
        let added = try git(["config", "--file", scratch, "--add", key, value])
        guard added.status == 0 else {
          throw LaneError.notWritable(path: path("config"), reason: added.error)
        }
      }
    }
    return HookFiles.content(scratch, limit: Self.largest)
  }

  /// Puts a content in place under git's own lock, and keeps what was there.
  private func replace(
    _ path: String, with content: [UInt8]?, keeping old: [UInt8]?, as kept: String
  ) throws {
    if let old {
      try FileManager.default.createDirectory(
        atPath: (kept as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try Data(old).write(to: URL(fileURLWithPath: kept), options: .atomic)
    }
    let lock = path + ".lock"
    var descriptor: Int32 = -1
    // Another git may be writing just now.
    for _ in 0..<20 {
      descriptor = Foundation.open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      if descriptor >= 0 || errno != EEXIST { break }
      usleep(50_000)
    }
    guard descriptor >= 0 else {
      throw LaneError.configurationLocked(path: lock, reason: String(cString: strerror(errno)))
    }
    var found = stat()
    if stat(path, &found) == 0 { fchmod(descriptor, found.st_mode & 0o777) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      guard let content else {
        guard rename(path, kept) == 0 || errno == ENOENT else {
          throw LaneError.notWritable(path: path, reason: String(cString: strerror(errno)))
        }
        unlink(lock)
        return
      }
      try handle.write(contentsOf: Data(content))
      try handle.synchronize()
      guard rename(lock, path) == 0 else {
        throw LaneError.notWritable(path: path, reason: String(cString: strerror(errno)))
      }
    } catch {
      unlink(lock)
      throw error
    }
  }

  private func recorded() -> [Change] {
    guard let data = FileManager.default.contents(atPath: record) else { return [] }
    return (try? JSONDecoder().decode([Change].self, from: data)) ?? []
  }

  private func git(_ arguments: [String]) throws -> GitProgram.Result {
    try GitProgram.run(arguments, directory: "/", environment: environment)
  }

  /// Reads a file as git does, its includes aside; `nil` where git can't.
  private static func values(of path: String, _ environment: [String: String]) throws -> Values? {
    guard HookFiles.isFile(path) else { return [:] }
    let result = try GitProgram.run(
      ["config", "--file", path, "--no-includes", "-z", "--list"], directory: "/",
      environment: environment)
    guard result.status == 0 else { return nil }
    var values: Values = [:]
    for entry in result.output.split(separator: 0) {
      let parts = entry.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(decoding: parts[0], as: UTF8.self)
      // A key without a value is true.
      let value = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "true"
      values[key, default: []].append(value)
    }
    return values
  }

  // MARK: what a key can do

  /// Keys by which git finds the checkout and its hooks.
  private static let structure: Set<String> = [
    "core.bare", "core.worktree", "core.hookspath", "core.repositoryformatversion",
  ]

  /// The sections that git itself reads: what it starts, for whom it signs, and what it does with the files and
  /// references of every worktree. `git config --help` lists them.
  private static let own: Set<String> = [
    "add", "advice", "alias", "am", "apply", "attr", "author", "blame", "browser", "bundle",
    "checkout", "clean", "clone", "color", "column", "commit", "commitgraph", "committer", "core",
    "credential", "diff", "difftool", "extensions", "fastimport", "feature", "fetch", "filter",
    "format", "fsck", "fsmonitor", "gpg", "grep", "gui", "guitool", "help", "http", "i18n",
    "include", "includeif", "index", "init", "interactive", "log", "mailinfo", "mailmap", "man",
    "merge", "mergetool", "notes", "pack", "pager", "pretty", "protocol", "pull", "push", "rebase",
    "receive", "reftable", "repack", "rerere", "revert", "safe", "sendemail", "sequence",
    "showbranch", "sparse", "splitindex", "ssh", "stash", "status", "submodule", "tag", "tar",
    "trace2", "trailer", "transfer", "uploadarchive", "uploadpack", "url", "user", "versionsort",
    "web", "worktree",
  ]

  /// The last words of keys of a remote that name programs.
  private static let programsOfRemotes: Set<String> = [
    "proxycommand", "receivepack", "uploadpack", "vcs",
  ]

  /// Returns whether a key keeps every command from finding the checkout, or starts a program with nearly each.
  private static func breaksCommands(_ key: String) -> Bool {
    structure.contains(key) || key.hasPrefix("filter.")
      || ["core.fsmonitor", "core.hookspath"].contains(key)
  }

  private static func endangers(_ key: String) -> Bool {
    let section = String(key.prefix { $0 != "." })
    let word = key.split(separator: ".").last.map(String.init) ?? ""
    switch section {
    case "remote": return programsOfRemotes.contains(word)
    // `git submodule init` writes these.
    case "submodule" where ["active", "url"].contains(word): return false
    default: return own.contains(section)
    }
  }

  /// Returns whether a key changes with everyday commands, such as a push with `-u`.
  private static func isEveryday(_ key: String) -> Bool {
    key.hasPrefix("branch.") || key.hasPrefix("gc.") || key.hasPrefix("maintenance.")
  }
}

extension Store {
  /// Records changes of the shared configuration as events.
  ///
  /// - Parameter attempt: the attempt at whose begin or end they were noticed; `nil` for none.
  package func record(
    _ changes: [SharedConfiguration.Change], of attempt: AttemptRecord? = nil
  ) throws {
    for change in changes {
      var data: [String: JSON] = [
        "key": .string(change.key), "restored": .bool(change.isRestored),
        "detail": .string(change.text),
      ]
      if let attempt { data["attempt"] = .integer(Int64(attempt.number)) }
      try record(
        .configurationChanged, feature: attempt?.feature, agent: attempt?.agent, data)
    }
  }
}
