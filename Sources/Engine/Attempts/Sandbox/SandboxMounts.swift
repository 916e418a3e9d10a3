import Foundation
import Processes
import Store

/// The mounts of an agent's sandbox.
struct SandboxMounts {
  let settings: SandboxSettings
  let state: StateDirectory
  let view: SandboxView
  let lane: LaneRecord
  /// The environment inside.
  let environment: [String: String]
  /// The paths that the agent's program needs.
  let needs: SandboxPaths
  /// The program that is started, where that can be told.
  let program: String?

  /// In the order in which they count; later ones go over earlier ones of the same path.
  func all() -> [Bubblewrap.Mount] {
    machine + home + repository + programs + own
  }

  /// Other users' and services' sockets are out of reach, temporary files the lane's own.
  private var machine: [Bubblewrap.Mount] {
    var mounts: [Bubblewrap.Mount] = [.writable("/tmp", from: state.temporary(lane.name))]
    if Self.isDirectory("/run") { mounts.append(.empty("/run")) }
    if Self.isDirectory("/var/tmp") { mounts.append(.empty("/var/tmp")) }
    // Where names are looked up, in case that /etc/resolv.conf leads there.
    for path in ["/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager/resolv.conf"]
    where Self.exists(path) {
      mounts.append(.readable(path, from: path))
    }
    return mounts
  }

  private var hasHome: Bool { settings.home != "/" && Self.isDirectory(settings.home) }

  private var home: [Bubblewrap.Mount] {
    guard hasHome else { return [] }
    let home = Self.resolved(settings.home)
    var mounts: [Bubblewrap.Mount] = [.writable(home, from: view.home)]
    let wanted = SandboxPaths.usual.adding(needs).adding(settings.paths)
    for path in wanted.read.map(absolute) where Self.exists(path) {
      mounts.append(.readable(Self.resolved(path), from: path))
    }
    for path in wanted.write.map(absolute) where Self.exists(path) {
      mounts.append(.writable(Self.resolved(path), from: path))
    }
    return mounts
  }

  /// The checkout and the other lanes are out of sight; the git directory is the view of it.
  private var repository: [Bubblewrap.Mount] {
    let common = state.commonDirectory
    var mounts: [Bubblewrap.Mount] = [
      .hidden(Self.resolved(settings.checkout)), .hidden(Self.resolved(settings.lanes)),
      .writable(common, from: view.git),
      .readable(common + "/objects/info", from: view.git + "/objects/info"),
      .readable(common + "/lanekeeper", from: view.git + "/lanekeeper"),
      .readable(common + "/lanekeeper/objects", from: common + "/objects"),
      .readable(common + "/lanekeeper/bin", from: state.programs),
      .readable(common + "/lanekeeper/hooks", from: state.hooks),
      .readable(common + "/lanekeeper/socket", from: view.path + "/socket"),
      .writable(state.temporary(lane.name), from: state.temporary(lane.name)),
      .writable(common + "/worktrees/" + lane.name, from: view.administration),
    ]
    // What git reads here as configuration would count outside, too.
    for file in ["commondir", "gitdir", "locked", "config.worktree"]
    where Self.exists(view.administration + "/" + file) {
      mounts.append(
        .readable(
          common + "/worktrees/\(lane.name)/" + file, from: view.administration + "/" + file))
    }
    for directory in ["hooks", "modules", "lfs"] where Self.exists(common + "/" + directory) {
      mounts.append(.readable(common + "/" + directory, from: common + "/" + directory))
    }
    for path in view.alternates() where Self.exists(path) {
      mounts.append(.readable(Self.resolved(path), from: path))
    }
    return mounts
  }

  /// Programs on the search path that would be out of sight, and the agent's own.
  private var programs: [Bubblewrap.Mount] {
    let search = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
      .filter { $0.hasPrefix("/") }
    var found = search
    if let program {
      let candidates: [String] = search.map { $0 + "/" + program }
      let place = candidates.first { access($0, X_OK) == 0 }
      if let path = program.hasPrefix("/") ? program : place {
        found.append((Self.resolved(path) as NSString).deletingLastPathComponent)
      }
    }
    var mounts = found.map(Self.resolved).filter { isOutOfSight($0) && Self.isDirectory($0) }
      .map { Bubblewrap.Mount.readable($0, from: $0) }
    mounts.append(
      .readable(Self.resolved(settings.lanekeeper), from: state.programs + "/lanekeeper-hook"))
    return mounts
  }

  private var own: [Bubblewrap.Mount] {
    let path = Self.resolved(lane.path)
    return [
      .writable(path, from: path), .readable(path + "/.git", from: path + "/.git"),
    ]
  }

  private func isOutOfSight(_ path: String) -> Bool {
    // What lies in the checkout or a lane is for a lane to have itself.
    let inside = [settings.checkout, settings.lanes].map(Self.resolved)
    guard !inside.contains(where: { Self.lies(path, in: $0) }) else { return false }
    var hidden = ["/tmp", "/var/tmp", "/run"]
    if hasHome { hidden.append(Self.resolved(settings.home)) }
    return hidden.contains { Self.lies(path, in: $0) && path != $0 }
  }

  /// Copies what the program may change in its own HOME only.
  ///
  /// The agent of an attempt before could have put a link anywhere in it: those on the way are replaced.
  func copyIntoHome() throws {
    guard hasHome else { return }
    let root = try Root(view.home)
    for name in needs.copy + settings.paths.copy where !name.hasPrefix("/") {
      let source = settings.home + "/" + name
      guard Self.exists(source) else { continue }
      let path = name.split(separator: "/").joined(separator: "/")
      try root.copyIn(Self.resolved(source), to: Array(path.utf8))
    }
  }

  /// Makes the places at which bubblewrap mounts something inside of what an agent can write: it would follow a
  /// link that an agent has put there, and fail at a file in the place of a directory.
  ///
  /// - Throws: ``RootError`` where such a place lies in what is the person's own (`sandbox.write`), of which nothing
  ///   is replaced.
  func makePlaces(for mounts: [Bubblewrap.Mount]) throws {
    let own = [view.home, view.git, state.temporary(lane.name)]
    let mounts = Bubblewrap.ordered(mounts)
    for mount in mounts {
      let above = mounts.filter { Self.lies(mount.path, in: $0.path) && $0.path != mount.path }
        .max { $0.path.utf8.count < $1.path.utf8.count }
      guard case .writable(let place, let source)? = above else { continue }
      let path = Array(mount.path.utf8.dropFirst(place.utf8.count + 1))
      let root = try Root(Self.resolved(source))
      let isOurs = own.contains(source)
      var isFile = false
      if case .readable(_, let from) = mount { isFile = !Self.leadsToDirectory(from) }
      if case .writable(_, let from) = mount { isFile = !Self.leadsToDirectory(from) }
      guard isOurs else {
        if let obstacle = try root.obstacle(onTheWayTo: path) {
          throw RootError.led(source + "/" + String(decoding: obstacle, as: UTF8.self))
        }
        if let found = try root.facts(path), found.st_mode & S_IFMT == S_IFLNK {
          throw RootError.led(source + "/" + String(decoding: path, as: UTF8.self))
        }
        continue
      }
      guard isFile else {
        try root.makeDirectory(path, replacing: true)
        continue
      }
      if let end = path.lastIndex(of: 0x2f) {
        try root.makeDirectory(Array(path[..<end]), replacing: true)
      }
      if let found = try root.facts(path), found.st_mode & S_IFMT == S_IFREG { continue }
      try root.removeAll(path)
      try root.write(path, [])
    }
  }

  private func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : settings.home + "/" + path
  }

  private static func lies(_ path: String, in directory: String) -> Bool {
    path == directory || path.hasPrefix(directory + "/")
  }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func leadsToDirectory(_ path: String) -> Bool {
    var found = stat()
    return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFDIR
  }

  private static func isDirectory(_ path: String) -> Bool {
    var found = stat()
    return lstat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFDIR
  }

  private static func resolved(_ path: String) -> String {
    guard let pointer = realpath(path, nil) else { return path }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
