import Glibc

/// Where the hook was called: which repository, and which lane of it.
struct GitPlace {
  /// The worktree's own git directory.
  let gitDirectory: String
  /// The directory that all worktrees share.
  let commonDirectory: String
  /// git's name for the worktree; `nil` in the main checkout.
  let worktree: String?
  /// The number of the lane; `nil` in any other checkout.
  let lane: Int?
  /// Whether the hook belongs to another repository than the one it was called in, as happens in
  /// repositories that an agent's own tests make.
  let isForeign: Bool

  var stateFile: String { commonDirectory + "/lanekeeper/state.sqlite" }

  /// Whether lanes were made here, so that there must be a state file.
  var hasLanes: Bool {
    guard let directory = opendir(commonDirectory + "/worktrees") else { return false }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let isLane = withUnsafeBytes(of: entry.pointee.d_name) { $0.starts(with: "lane-".utf8) }
      if isLane { return true }
    }
    return false
  }

  /// Looks at `GIT_DIR`, else from the working directory upwards.
  ///
  /// - Parameter own: the state directory that the called link belongs to.
  static func find(own: String?) -> GitPlace? {
    guard let directory = gitDirectory() else { return nil }
    var common = directory
    if let set = Environment.value("GIT_COMMON_DIR"), !set.isEmpty {
      common = set
    } else if let text = Files.line(directory + "/commondir") {
      common = Path.join(directory, text)
    }
    common = Files.resolved(common)
    var isForeign = false
    let state = common + "/lanekeeper"
    if let own, own != state { isForeign = Files.resolved(own) != Files.resolved(state) }
    let parts = directory.split(separator: "/")
    let isLinked = parts.count >= 2 && parts[parts.count - 2] == "worktrees"
    let worktree = isLinked ? String(parts[parts.count - 1]) : nil
    return GitPlace(
      gitDirectory: directory, commonDirectory: common, worktree: worktree,
      lane: worktree.flatMap(laneNumber), isForeign: isForeign)
  }

  private static func gitDirectory() -> String? {
    if let set = Environment.value("GIT_DIR"), !set.isEmpty { return Files.resolved(set) }
    guard let pointer = getcwd(nil, 0) else { return nil }
    var directory = String(cString: pointer)
    free(pointer)
    while true {
      let candidate = directory == "/" ? "/.git" : directory + "/.git"
      if let line = Files.line(candidate), line.hasPrefix("gitdir: ") {
        return Files.resolved(Path.join(directory, String(line.dropFirst(8))))
      }
      if Files.exists(candidate + "/HEAD") { return Files.resolved(candidate) }
      // A bare repository, in which hooks start in the git directory itself.
      if Files.exists(directory + "/HEAD"), Files.exists(directory + "/objects") {
        return Files.resolved(directory)
      }
      if directory == "/" { return nil }
      directory = Path.parent(directory)
    }
  }

  /// Reads the lane's number from `lane-<n>`.
  private static func laneNumber(_ name: String) -> Int? {
    name.hasPrefix("lane-") ? Int(name.dropFirst(5)) : nil
  }
}
