import Foundation
import GitFormats

/// One of our directories of hooks: launchers of our program under the names of hooks, and one link,
/// `user`, to the user's own.
struct HookDirectory {
  /// Absolute.
  let path: String
  /// The hooks that our program answers itself here.
  let ours: [String]
  /// The hooks that git starts before any other of ours could add what the user has put into their own
  /// directory meanwhile.
  private static let early = [
    "applypatch-msg", "pre-applypatch", "post-applypatch", "post-checkout", "pre-auto-gc",
    "pre-rebase",
    "sendemail-validate",
  ]

  private var shelf: HookFiles { HookFiles(path) }

  /// The names of the launchers.
  var names: [String] {
    HookFiles.entries(of: path).filter { HookFiles.isHookName($0) && shelf.isOurs($0) }.sorted()
  }

  /// The hooks that have to be ours, and are not.
  var overwritten: [String] { ours.filter { !shelf.isWhole($0) } }

  /// Other programs' hooks that were written over ours and run after them; absolute.
  var displaced: [String] {
    entries.filter { $0.hasSuffix(HookFiles.displaced) }.sorted().map { path + "/" + $0 }
  }

  /// Those that another one has replaced since, which don't run; absolute.
  var replaced: [String] {
    entries.filter { $0.contains(HookFiles.displaced + ".") }.sorted().map { path + "/" + $0 }
  }

  /// Makes what is needed and takes away what is not any more.
  ///
  /// - Parameters:
  ///   - target: what `user` points to.
  ///   - user: the user's own hooks, absolute.
  ///   - isGits: they are git's own directory, into which other programs' hooks may be moved.
  func refresh(link target: String, user: String, isGits: Bool) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try link(path + "/user", to: target)
    // What a manager has installed here under another name than ours is the user's, too.
    for name in entries where HookFiles.isHookName(name) && name != "user" && !shelf.isOurs(name) {
      try put(name)
    }
    if isGits { adopt(into: user) }
    let kept = displaced.map { String(($0 as NSString).lastPathComponent.dropLast(10)) }
    let wanted = Set(ours + Self.early + HookFiles.hooks(in: user) + kept)
    for name in wanted { try put(name) }
    // Other names than a hook's may be files that another process is about to put in place.
    for name in names where name != "user" && !wanted.contains(name) { unlink(path + "/" + name) }
    // What a manager put aside, thinking it another's, is ours.
    for entry in entries where [".old", ".legacy"].contains(where: { entry.hasSuffix($0) }) {
      if shelf.isOurs(entry) { unlink(path + "/" + entry) }
    }
  }

  /// Moves what was written over our launchers to the user's own hooks, where these have none of that name.
  func adopt(into user: String) {
    for source in displaced {
      let name = String((source as NSString).lastPathComponent.dropLast(10))
      let home = user + "/" + name
      guard let content = HookFiles.content(source) else { continue }
      if HookFiles.content(home) == content {
        unlink(source)
      } else if !FileManager.default.fileExists(atPath: home) {
        try? FileManager.default.createDirectory(atPath: user, withIntermediateDirectories: true)
        try? FileManager.default.moveItem(atPath: source, toPath: home)
      }
    }
  }

  private var entries: [String] { HookFiles.entries(of: path) }

  private func put(_ name: String) throws {
    let code = shelf.put(name)
    guard code == 0 else {
      throw LaneError.notWritable(path: path + "/" + name, reason: String(cString: strerror(code)))
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
}
