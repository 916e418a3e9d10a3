import Foundation
import Processes

/// A linked worktree, as it is registered.
package struct WorktreeInfo: Equatable, Sendable {
  /// git's name for it.
  package var name: String
  /// The directory of the checkout, whether it exists or not.
  package var path: String
  /// Its own git directory, below `worktrees/` of the common one.
  package var gitDirectory: String
  /// The lock reason, possibly empty; `nil` if it is not locked.
  package var lockReason: String?
  /// Whether the directory's `.git` file points back at the registration.
  package var valid: Bool
  /// The branch that it has checked out; `nil` when HEAD is detached.
  package var branch: String?
  /// Whether it is locked.
  package var locked: Bool { lockReason != nil }
}

extension Repository {
  /// Adds a linked worktree, in the format that git 2.39 writes; the configuration is not touched.
  ///
  /// The new worktree takes over this one's sparse checkout, as git's does, unless it is to be whole. The registration is
  /// locked until the worktree is complete, and a failure leaves nothing behind but the branch.
  /// Callers add worktrees one after the other.
  ///
  /// - Parameters:
  ///   - name: git's name for it, `[A-Za-z0-9._-]+`.
  ///   - path: absolute; must not exist, or be an empty directory.
  ///   - branch: `refs/heads/...`, made at the commit where it does not exist; `nil` detaches HEAD.
  ///   - checkout: `false` leaves index and directory empty.
  ///   - isWhole: holds every file, whatever this one leaves out.
  /// - Throws: ``WorktreeError``; ``ReferenceMismatch`` where the branch stands elsewhere.
  package func addWorktree(
    name: String, path: String, commit: ObjectID, branch: String?, checkout: Bool = true,
    isWhole: Bool = false
  ) throws {
    let allowed = name.utf8.allSatisfy {
      switch $0 {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
      default: false
      }
    }
    guard allowed, !name.isEmpty, !name.hasPrefix(".") else { throw WorktreeError.badName(name) }
    _ = try self.commit(commit)
    if let branch { try checkBranch(branch, isFreeFor: name) }
    let files = FileManager.default
    let existed = files.fileExists(atPath: path)
    if existed, (try? files.contentsOfDirectory(atPath: path))?.isEmpty != true {
      throw WorktreeError.directoryInTheWay(path: path)
    }
    let admin = commonDirectory + "/worktrees/" + name
    try makeDirectories(commonDirectory + "/worktrees")
    removeHalfMade(admin)
    guard mkdir(admin, 0o777) == 0 else {
      if errno == EEXIST { throw WorktreeError.nameTaken(name: name) }
      throw WorktreeError.file(path: admin, reason: String(cString: strerror(errno)))
    }
    do {
      // First, since a registration without it is an error to `git fsck`, and this may be killed.
      try writeText(commit.hex + "\n", to: admin + "/HEAD")
      try writeText(Self.beingMade, to: admin + "/locked")
      try makeDirectories(path)
      guard let resolved = realpath(path, nil) else {
        throw WorktreeError.file(path: path, reason: String(cString: strerror(errno)))
      }
      defer { free(resolved) }
      let place = String(cString: resolved)
      try writeText("../..\n", to: admin + "/commondir")
      try writeText(place + "/.git\n", to: admin + "/gitdir")
      try writeText("gitdir: \(admin)\n", to: place + "/.git")
      try copySparseCheckout(to: admin, isWhole: isWhole)
      if let branch {
        if try reference(branch) == nil {
          try createReference(branch, target: commit, message: "branch: Created from \(commit.hex)")
        }
      }
      let worktree = try Repository(opening: place, environment: environment)
      if checkout {
        try worktree.switchWorktree(to: commit, branch: branch)
      } else {
        try worktree.setHead(branch: branch, commit: commit)
      }
      try removeFile(admin + "/locked")
    } catch {
      if existed {
        for item in (try? files.contentsOfDirectory(atPath: path)) ?? [] {
          try? files.removeItem(atPath: path + "/" + item)
        }
      } else {
        try? files.removeItem(atPath: path)
      }
      try? files.removeItem(atPath: admin)
      rmdir(commonDirectory + "/worktrees")
      throw error
    }
  }

  /// Removes a registration that was cut off before it named a directory; git does not see it either.
  private func removeHalfMade(_ admin: String) {
    let reason = text(of: admin + "/locked")
    guard reason == nil || reason == Self.beingMade,
      text(of: admin + "/gitdir") == nil || text(of: admin + "/HEAD") == nil,
      text(of: admin + "/index") == nil
    else { return }
    try? FileManager.default.removeItem(atPath: admin)
  }

  /// The lock reason of a worktree whose making was not brought to its end.
  package static let beingMade = "being made"

  /// Returns the linked worktrees by name, those included whose directory is gone.
  package func worktrees() -> [WorktreeInfo] {
    worktreeNames.compactMap { worktree(named: $0) }
  }

  /// Returns the linked worktrees that stand on a branch, by name.
  package func worktrees(on branch: String) -> [WorktreeInfo] {
    worktreeNames.filter { text(of: "\(commonDirectory)/worktrees/\($0)/HEAD") == "ref: " + branch }
      .compactMap { worktree(named: $0) }
  }

  private var worktreeNames: [String] {
    let directory = commonDirectory + "/worktrees"
    return ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
  }

  /// Returns one linked worktree; `nil` where none is registered by that name.
  package func worktree(named name: String) -> WorktreeInfo? {
    let admin = commonDirectory + "/worktrees/" + name
    guard let link = text(of: admin + "/gitdir"), let head = text(of: admin + "/HEAD") else {
      return nil
    }
    let file = absolute(link, from: admin)
    let path = file.hasSuffix("/.git") ? String(file.dropLast(5)) : file
    var valid = false
    if let back = text(of: file), back.hasPrefix("gitdir: ") {
      valid = sameFile(absolute(String(back.dropFirst(8)), from: path), admin)
    }
    return WorktreeInfo(
      name: name, path: path, gitDirectory: admin, lockReason: text(of: admin + "/locked"),
      valid: valid, branch: head.hasPrefix("ref: ") ? String(head.dropFirst(5)) : nil)
  }

  /// Keeps `git worktree prune` from forgetting a worktree.
  package func lockWorktree(name: String, reason: String) throws {
    let admin = try registration(of: name).gitDirectory
    try writeText(reason.isEmpty ? "" : reason + "\n", to: admin + "/locked")
  }

  /// Takes the lock off a worktree; one that is not locked is no error.
  package func unlockWorktree(name: String) throws {
    try removeFile(try registration(of: name).gitDirectory + "/locked")
  }

  /// Removes the registration of a worktree, never its directory.
  ///
  /// - Parameter evenIfPresent: also where the directory still is the worktree.
  /// - Throws: ``WorktreeError`` where it is locked or its directory still exists.
  package func pruneWorktree(name: String, evenIfPresent: Bool = false) throws {
    let info = try registration(of: name)
    if let reason = info.lockReason { throw WorktreeError.locked(name: name, reason: reason) }
    if info.valid, !evenIfPresent { throw WorktreeError.stillThere(name: name, path: info.path) }
    do {
      // In one step out of git's sight: half a registration is an error to `git fsck`.
      let files = FileManager.default
      let pruned = commonDirectory + "/worktrees-pruned-" + name
      try? files.removeItem(atPath: pruned)
      let isMoved = rename(info.gitDirectory, pruned) == 0
      try files.removeItem(atPath: isMoved ? pruned : info.gitDirectory)
    } catch {
      throw WorktreeError.file(path: info.gitDirectory, reason: error.localizedDescription)
    }
    rmdir(commonDirectory + "/worktrees")
  }

  /// Takes a linked worktree off its branch, whether its directory is there or not; HEAD then names
  /// the commit itself, and index and files stay.
  ///
  /// Nothing else may be at work in the worktree.
  package func detachWorktree(_ info: WorktreeInfo) throws {
    guard let branch = info.branch, let commit = try reference(branch) else { return }
    try writeText(commit.hex + "\n", to: info.gitDirectory + "/HEAD")
  }

  /// Throws where a worktree other than the named one has the branch checked out; `nil` names the
  /// main one.
  func checkBranch(_ branch: String, isFreeFor name: String?) throws {
    for other in worktrees(on: branch) where other.name != name {
      throw WorktreeError.branchInUse(branch: branch, path: other.path)
    }
    guard name != nil, text(of: commonDirectory + "/HEAD") == "ref: " + branch else { return }
    // The HEAD of a bare repository is no checkout.
    guard try !Repository(opening: commonDirectory).isBare else { return }
    throw WorktreeError.branchInUse(branch: branch, path: mainWorktreePath ?? commonDirectory)
  }

  private func registration(of name: String) throws -> WorktreeInfo {
    guard let info = worktree(named: name) else { throw WorktreeError.unknown(name: name) }
    return info
  }

  private func copySparseCheckout(to admin: String, isWhole: Bool) throws {
    let files = FileManager.default
    let patterns = gitDirectory + "/info/sparse-checkout"
    let settings = gitDirectory + "/config.worktree"
    do {
      if !isWhole, files.fileExists(atPath: patterns) {
        try makeDirectories(admin + "/info")
        try files.copyItem(atPath: patterns, toPath: admin + "/info/sparse-checkout")
      }
      if files.fileExists(atPath: settings) {
        try files.copyItem(atPath: settings, toPath: admin + "/config.worktree")
      }
    } catch {
      throw WorktreeError.file(path: admin, reason: error.localizedDescription)
    }
    guard files.fileExists(atPath: admin + "/config.worktree") else { return }
    let sparse = ["core.sparseCheckout", "core.sparseCheckoutCone", "index.sparse"]
    for key in ["core.bare", "core.worktree"] + (isWhole ? sparse : []) {
      let arguments = ["config", "--file", admin + "/config.worktree", "--unset-all", key]
      let result = try git(arguments)
      guard result.status == 0 || result.status == 5 else {
        throw GitProgramError(arguments: arguments, status: result.status, message: result.error)
      }
    }
  }
}

/// Reads a small file without the white space at its end; `nil` where it can't be read.
func text(of path: String) -> String? {
  guard let data = RegularFile.read(path, most: 1 << 20) else { return nil }
  var text = String(decoding: data, as: UTF8.self)
  while text.last?.isWhitespace == true { text.removeLast() }
  return text
}

func writeText(_ text: String, to path: String) throws {
  do {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  } catch {
    throw WorktreeError.file(path: path, reason: error.localizedDescription)
  }
}

func makeDirectories(_ path: String) throws {
  do {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  } catch {
    throw WorktreeError.file(path: path, reason: error.localizedDescription)
  }
}

func removeFile(_ path: String) throws {
  if unlink(path) != 0, errno != ENOENT {
    throw WorktreeError.file(path: path, reason: String(cString: strerror(errno)))
  }
}

func absolute(_ path: String, from directory: String) -> String {
  path.hasPrefix("/") ? path : directory + "/" + path
}

func sameFile(_ one: String, _ two: String) -> Bool {
  var a = stat()
  var b = stat()
  return stat(one, &a) == 0 && stat(two, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
}
