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
  /// The agent's HOME, which stays from attempt to attempt.
  package var home: String { path + "/home" }
  /// The lane's own part of the shared git directory.
  package var administration: String { common + "/worktrees/" + name }
  private var liveFile: String { path + "/live" }
  private var snapshotFile: String { path + "/references" }

  /// Tells whether work may stand in it that was not brought in.
  package var isThere: Bool { FileManager.default.fileExists(atPath: git) }

  // MARK: making

  /// Makes the view anew, with the lane's branch where the shared git directory has it.
  ///
  /// What the last one held must have been brought in.
  package func make(branch: String) throws {
    let files = FileManager.default
    try remove()
    for directory in [
      "info", "hooks", "refs/heads/lane", "refs/tags", "objects/info", "objects/pack",
      "logs/refs/heads/lane", "worktrees/" + name, "lanekeeper/bin", "lanekeeper/hooks",
      "lanekeeper/objects", "lanekeeper/tmp/" + name,
    ] {
      try files.createDirectory(atPath: git + "/" + directory, withIntermediateDirectories: true)
    }
    try files.createDirectory(atPath: home, withIntermediateDirectories: true)
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
    let own = administration + "/config.worktree"
    if Self.kind(own) == nil { try Data().write(to: URL(fileURLWithPath: own)) }
    let repository = try Repository(opening: common, environment: environment)
    var lines = "# pack-refs with: sorted \n"
    for reference in try repository.references(prefix: "refs/").sorted(by: {
      $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }) where !reference.name.hasPrefix("refs/heads/lane/") && !isOurs(reference.name) {
      lines += "\(reference.target.hex) \(reference.name)\n"
    }
    try write(lines, to: "packed-refs")
    try Data(lines.utf8).write(to: URL(fileURLWithPath: snapshotFile))
    if let tip = try repository.reference(branch) { try write(tip.hex + "\n", to: branch) }
  }

  /// Takes the view away; its home stays.
  package func remove() throws {
    let files = FileManager.default
    try? files.removeItem(atPath: liveFile)
    guard isThere else { return }
    let trash = path + "/trash"
    try? files.removeItem(atPath: trash)
    try files.moveItem(atPath: git, toPath: trash)
    try? files.removeItem(atPath: trash)
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
    guard
      let text = try? String(contentsOfFile: common + "/objects/info/alternates", encoding: .utf8)
    else { return [] }
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
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
    return try Freezer.hold(below: pid, while: body)
  }

  /// Takes away from the lane's part of the git directory what is neither file nor directory: a program
  /// outside that follows such a link could be led anywhere.
  package func tidyAdministration() {
    guard let all = FileManager.default.enumerator(atPath: administration) else { return }
    for case let entry as String in all {
      let place = administration + "/" + entry
      guard let kind = Self.kind(place) else { continue }
      if kind != S_IFREG && kind != S_IFDIR { unlink(place) }
    }
  }

  static func kind(_ path: String) -> mode_t? {
    var found = stat()
    return lstat(path, &found) == 0 ? found.st_mode & S_IFMT : nil
  }

  // MARK: references

  /// The value that a reference has in the view, in hex.
  func value(_ reference: String) -> String? {
    if let own = Self.loose(git + "/" + reference) { return own }
    return Self.packed(git + "/packed-refs")[reference]
  }

  /// Returns the references that the agent has made or moved in its view, its own branch aside.
  func movedReferences(branch: String) -> [(name: String, value: String)] {
    let before = Self.packed(snapshotFile)
    var now = Self.packed(git + "/packed-refs")
    if let all = FileManager.default.enumerator(atPath: git + "/refs") {
      for case let entry as String in all {
        if let value = Self.loose(git + "/refs/" + entry) { now["refs/" + entry] = value }
      }
    }
    return now.filter { $0.key != branch && before[$0.key] != $0.value }
      .map { (name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
  }

  /// Puts a reference of the view where the shared git directory has it. The agent must be held still.
  package func follow(_ reference: String) throws {
    let repository = try Repository(opening: common, environment: environment)
    guard let target = try repository.reference(reference), value(reference) != target.hex else {
      return
    }
    // The agent could have put a link in the way.
    var directory = git
    for part in reference.split(separator: "/").dropLast() {
      directory += "/" + part
      if Self.kind(directory) == nil { mkdir(directory, 0o777) }
      guard Self.kind(directory) == S_IFDIR else { return }
    }
    let place = git + "/" + reference
    let temporary = place + ".\(getpid())"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    let text = Array((target.hex + "\n").utf8)
    _ = text.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    rename(temporary, place)
  }

  private static func loose(_ path: String) -> String? {
    guard kind(path) == S_IFREG, let data = FileManager.default.contents(atPath: path),
      data.count <= 64
    else { return nil }
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return ObjectID(hex: text).map(\.hex)
  }

  private static func packed(_ path: String) -> [String: String] {
    guard kind(path) == S_IFREG, let data = FileManager.default.contents(atPath: path) else {
      return [:]
    }
    var result: [String: String] = [:]
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2, let id = ObjectID(hex: String(words[0])) else { continue }
      result[String(words[1])] = id.hex
    }
    return result
  }
}
