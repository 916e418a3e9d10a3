import Foundation
import Git
import Processes
import Store

/// The git directory that an agent in a sandbox sees in the place of the shared one.
///
/// References and configuration in it are copies, and what is written as an object goes to a directory of
/// its own, which finds the shared objects as an alternate. So nothing that the agent does with git reaches
/// another lane, the target, or the user's configuration. Its work is brought in from outside: objects are
/// named anew by their content on the way, and only the lane's own branch is moved.
package struct SandboxView: Sendable {
  /// The shared git directory.
  package let common: String
  /// git's name for the lane, such as `lane-1`.
  let name: String
  /// The directory that holds view, home and socket.
  package let path: String
  let environment: [String: String]

  package init(state: StateDirectory, lane: LaneRecord, environment: [String: String]) {
    common = state.commonDirectory
    name = lane.name
    path = state.sandbox(lane.name)
    self.environment = environment
  }

  /// The git directory itself.
  package var git: String { path + "/git" }
  /// The agent's HOME, which stays from attempt to attempt of a feature.
  package var home: String { path + "/home" }
  /// The lane's own part of the shared git directory.
  package var administration: String { common + "/worktrees/" + name }
  private var liveFile: String { path + "/live" }
  private var snapshotFile: String { path + "/references" }

  /// Whether work may stand in it that was not brought in.
  package var isThere: Bool { FileManager.default.fileExists(atPath: git) }

  // MARK: making

  /// Makes the view anew, with the lane's branch where the shared git directory has it.
  ///
  /// What the last one held must have been brought in.
  /// - Parameter isLane: tells which branches are features', and are not shown.
  package func make(
    branch: String, isLane: (String) -> Bool = { $0.hasPrefix("refs/heads/lane/") }
  ) throws {
    let files = FileManager.default
    try remove()
    let place = (branch as NSString).deletingLastPathComponent
    for directory in [
      "info", "hooks", "refs/heads", place, "refs/tags", "objects/info", "objects/pack",
      "logs/" + place, "worktrees/" + name, "lanekeeper/bin", "lanekeeper/hooks",
      "lanekeeper/objects", "lanekeeper/tmp/" + name,
    ] {
      try files.createDirectory(atPath: git + "/" + directory, withIntermediateDirectories: true)
    }
    for file in [
      "HEAD", "config", "shallow", "description", "info/exclude", "info/attributes",
      "info/sparse-checkout", "info/grafts", "lanekeeper/lane.config",
    ] where files.fileExists(atPath: common + "/" + file) {
      try files.copyItem(atPath: common + "/" + file, toPath: git + "/" + file)
    }
    try write(
      ([common + "/lanekeeper/objects"] + alternates()).joined(separator: "\n") + "\n",
      to: "objects/info/alternates")
    try write("", to: "lanekeeper/socket")
    // So that it can be shown, and nobody inside makes one.
    let own = Array("config.worktree".utf8)
    let registration = try Root(administration)
    if try registration.facts(own) == nil { try registration.write(own, []) }
    let repository = try Repository(opening: common, environment: environment)
    var lines = "# pack-refs with: sorted \n"
    for reference in try repository.references(prefix: "refs/").sorted(by: {
      $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }) where !isLane(reference.name) && !isOurs(reference.name) {
      lines += "\(reference.target.hex) \(reference.name)\n"
    }
    try write(lines, to: "packed-refs")
    try Data(lines.utf8).write(to: URL(fileURLWithPath: snapshotFile))
    if let tip = try repository.reference(branch) { try write(tip.hex + "\n", to: branch) }
  }

  /// Takes the view away; its home stays.
  package func remove() throws {
    unlink(liveFile)
    guard isThere else { return }
    try discard("git")
  }

  /// Takes away what an agent could write; what can't be removed is out of the way at least.
  private func discard(_ name: String) throws {
    let root = try Root(path)
    let trash = Array("trash-\(UInt32.random(in: 0 ... .max))".utf8)
    try root.rename(Array(name.utf8), to: trash)
    try? root.removeAll(trash)
  }

  /// Makes the agent's HOME, a fresh one for another feature than it was last for: what one agent leaves there would
  /// be run by the next one.
  package func makeHome(for feature: String) throws {
    let note = path + "/home-of"
    let files = FileManager.default
    if Self.kind(home) != nil, files.contents(atPath: note) != Data(feature.utf8) {
      try discard("home")
    }
    try files.createDirectory(atPath: home, withIntermediateDirectories: true)
    try Data(feature.utf8).write(to: URL(fileURLWithPath: note), options: .atomic)
  }

  /// Keeps the view, whose work could not be brought in, under another name.
  package func putAside(_ label: String) throws {
    try? FileManager.default.removeItem(atPath: liveFile)
    var place = path + "/kept-" + label
    if FileManager.default.fileExists(atPath: place) {
      place += "-\(UInt32.random(in: 0 ... .max))"
    }
    try FileManager.default.moveItem(atPath: git, toPath: place)
  }

  /// Makes the place at which a file of the state directory is shown.
  package func makePlace(for file: String) throws {
    guard file.hasPrefix(common + "/") else { return }
    let place = git + file.dropFirst(common.count)
    try FileManager.default.createDirectory(
      atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: place))
  }

  /// The shared objects, as git wants them in a list of directories.
  package var sharedObjects: String { Self.quoted(common + "/objects") }

  /// Other repositories that the shared one takes objects from, absolute.
  package func alternates() -> [String] {
    guard let data = RegularFile.read(common + "/objects/info/alternates", most: 1 << 20)
    else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").filter {
      !$0.hasPrefix("#")
    }.map { line in
      let path = line.hasPrefix("/") ? String(line) : common + "/objects/" + line
      return URL(fileURLWithPath: path).standardizedFileURL.path
    }
  }

  private func isOurs(_ name: String) -> Bool { name.hasPrefix("refs/lanekeeper/") }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: git + "/" + name))
  }

  // MARK: holding still

  /// Notes the process below which the agent works.
  package func begin(pid: Int32) throws {
    try Data("\(pid)\n".utf8).write(to: URL(fileURLWithPath: liveFile), options: .atomic)
  }

  /// Notes that nothing of the agent works any more.
  package func end() { unlink(liveFile) }

  /// Runs `body` while nothing of the agent moves, so that what was looked at stays as it was.
  package func whileHeld<T>(_ body: () throws -> T) throws -> T {
    guard let text = try? String(contentsOfFile: liveFile, encoding: .utf8),
      let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
    else { return try body() }
    return try SuspendedProcesses.hold(below: pid, while: body)
  }

  /// An agent that has made more references than this is not believed.
  private static let mostFiles = 100_000
  /// More references that an agent has moved are not taken over one by one.
  static let mostReferences = 1000

  /// No index of a lane is larger, and no other file that git keeps for it: programs outside read them whole.
  private static let largestIndex = 2 << 30
  private static let largestFile = 64 << 20

  /// Takes away what is neither file nor directory, or too large, from the lane's part of the git directory, and from
  /// the objects and references of the view: a program outside that follows such a link could be led anywhere, and one
  /// that reads a pipe would wait for ever.
  package func tidyAdministration() throws {
    let index = Array("index".utf8)
    try Root(administration).sweep { $0 == index ? Self.largestIndex : Self.largestFile }
    let view = try Root(git)
    for part in ["objects", "refs"] { try view.sweep(Array(part.utf8)) }
  }

  static func kind(_ path: String) -> mode_t? {
    var found = stat()
    return lstat(path, &found) == 0 ? found.st_mode & S_IFMT : nil
  }

  // MARK: references

  /// The value that a reference has in the view, in hex.
  ///
  /// - Throws: ``RootError`` where the agent has made a file of it that nobody can read.
  func value(_ reference: String) throws -> String? {
    let root = try Root(git)
    if let own = try? loose(root, Array(reference.utf8)) { return own }
    return try packed(root)[reference]
  }

  /// Returns the references that the agent has made or moved in its view, its own branch aside.
  func movedReferences(branch: String) throws -> [(name: String, value: String)] {
    let before = Self.packed(
      FileManager.default.contents(atPath: snapshotFile).map(Array.init) ?? [])
    let root = try Root(git)
    var now = try packed(root)
    for entry in try root.walk(Array("refs".utf8), limit: Self.mostFiles)
    where entry.kind == S_IFREG {
      if let value = try? loose(root, entry.path) {
        now[String(decoding: entry.path, as: UTF8.self)] = value
      }
    }
    return now.filter { $0.key != branch && before[$0.key] != $0.value }
      .map { (name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
  }

  /// Puts a reference of the view where the shared git directory has it. The agent must be held still.
  package func follow(_ reference: String) throws {
    let repository = try Repository(opening: common, environment: environment)
    guard let target = try repository.reference(reference), (try? value(reference)) != target.hex
    else {
      return
    }
    let root = try Root(git)
    let path = Array(reference.utf8)
    if let end = path.lastIndex(of: 0x2f) { try root.makeDirectory(Array(path[..<end])) }
    try root.write(path, Array((target.hex + "\n").utf8))
  }

  private func loose(_ root: Root, _ path: [UInt8]) throws -> String? {
    guard let bytes = try root.read(path, limit: 256) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(
      in: .whitespacesAndNewlines)
    return ObjectID(hex: text).map(\.hex)
  }

  /// Reads the packed references, of which an agent may have added some to those that it was given.
  private func packed(_ root: Root) throws -> [String: String] {
    var given = stat()
    let size = stat(snapshotFile, &given) == 0 ? Int(given.st_size) : 0
    return Self.packed(
      try root.read(Array("packed-refs".utf8), limit: size + (4 << 20)) ?? [])
  }

  private static func packed(_ bytes: [UInt8]) -> [String: String] {
    var result: [String: String] = [:]
    for line in bytes.split(separator: 0x0a) {
      let words = line.split(separator: 0x20, maxSplits: 1)
      guard words.count == 2, let id = ObjectID(hex: String(decoding: words[0], as: UTF8.self))
      else { continue }
      result[String(decoding: words[1], as: UTF8.self)] = id.hex
    }
    return result
  }
}
