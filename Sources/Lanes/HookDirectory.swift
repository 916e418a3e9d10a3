import Foundation

/// One of our directories of hooks: links to our program under the names of hooks, and one link,
/// `user`, to the user's own.
struct HookDirectory {
  /// Absolute.
  let path: String
  /// The hooks that our program answers itself here.
  let ours: [String]
  private static let program = "../bin/lanekeeper-hook"

  /// The names of the links.
  var names: [String] {
    entries.filter { $0 != "user" && isOurLink($0) }.sorted()
  }

  /// Tells whether each hook that has to be ours is.
  var isIntact: Bool { ours.allSatisfy(isOurLink) }

  /// Makes what is needed and takes away what is not any more.
  ///
  /// - Parameters:
  ///   - link: what `user` points to.
  ///   - user: the user's own hooks, absolute.
  func refresh(link target: String, user: String) throws {
    let files = FileManager.default
    try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    try adopt(into: user)
    try link(path + "/user", to: target)
    let present = (try? files.contentsOfDirectory(atPath: user)) ?? []
    let displaced = entries.filter { $0.hasSuffix(".displaced") }.map { String($0.dropLast(10)) }
    let wanted = Set(ours + present.filter { Self.isHook($0, in: user) } + displaced)
    for name in wanted { try link(path + "/" + name, to: Self.program) }
    // Other names than a hook's may be links that another process is about to put in place.
    for name in entries
    where name != "user" && !wanted.contains(name) && Self.isHookName(name) && isOurLink(name) {
      try? files.removeItem(atPath: path + "/" + name)
    }
  }

  /// Moves to the user's own hooks what a hook manager has installed here, since git named it this
  /// directory.
  private func adopt(into user: String) throws {
    let files = FileManager.default
    for entry in entries where entry != "user" && !isOurLink(entry) {
      let name = entry.hasSuffix(".displaced") ? String(entry.dropLast(10)) : entry
      guard Self.isHookName(name), isFile(path + "/" + entry) else { continue }
      let home = user + "/" + name
      if !files.fileExists(atPath: home) {
        try files.createDirectory(atPath: user, withIntermediateDirectories: true)
        try files.moveItem(atPath: path + "/" + entry, toPath: home)
      } else if files.contentsEqual(atPath: home, andPath: path + "/" + entry) {
        try files.removeItem(atPath: path + "/" + entry)
      } else if entry == name {
        // Both are kept, and both run: the user's first.
        guard rename(path + "/" + entry, path + "/" + name + ".displaced") == 0 else { continue }
      }
    }
    // What a manager put aside, thinking it another's, is a link of ours.
    for entry in entries where [".old", ".legacy"].contains(where: { entry.hasSuffix($0) }) {
      if isOurLink(entry) { try? files.removeItem(atPath: path + "/" + entry) }
    }
  }

  private var entries: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  }

  private func isOurLink(_ name: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path + "/" + name)) == Self.program
  }

  private func isFile(_ path: String) -> Bool {
    var found = stat()
    return lstat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFREG
  }

  private static func isHookName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy {
        ($0 >= 0x61 && $0 <= 0x7a) || $0 == 0x2d || ($0 >= 0x30 && $0 <= 0x39)
      }
  }

  /// Tells whether git would start a file of this name: a hook of whatever name, now or later, but no
  /// sample and no other file.
  private static func isHook(_ name: String, in directory: String) -> Bool {
    isHookName(name) && (name.contains("-") || name == "update")
      && FileManager.default.isExecutableFile(atPath: directory + "/" + name)
  }

  private func link(_ path: String, to target: String) throws {
    if (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == target { return }
    let temporary = path + ".\(getpid())"
    unlink(temporary)
    guard symlink(target, temporary) == 0, rename(temporary, path) == 0 else {
      throw LaneError.notWritable(path: path, reason: String(cString: strerror(errno)))
    }
  }
}
