import Foundation

/// Resolves checkouts and git directories, in any layout.
package enum RepositoryPlace {
  /// Returns whether git, started in a directory, finds this git directory: by a `.git` that is it, links to
  /// it or names it.
  package static func leads(from top: String, to gitDirectory: String) -> Bool {
    let link = top + "/.git"
    if sameFile(link, gitDirectory) { return true }
    guard let target = gitFile(link) else { return false }
    return sameFile(absolute(target, from: top), gitDirectory)
  }

  /// Returns a path without links; the path itself where nothing is there.
  static func resolved(_ path: String) -> String {
    guard let pointer = realpath(path, nil) else { return path }
    defer { free(pointer) }
    return String(cString: pointer)
  }

  /// Reads where a `.git` file points to; `nil` where it is none.
  static func gitFile(_ path: String) -> String? {
    var found = stat()
    guard stat(path, &found) == 0, found.st_mode & S_IFMT == S_IFREG, found.st_size < 65_536,
      let data = FileManager.default.contents(atPath: path)
    else { return nil }
    var text = String(decoding: data, as: UTF8.self)
    guard text.hasPrefix("gitdir: ") else { return nil }
    text.removeFirst(8)
    // As git reads it: white space may be part of the path.
    while let last = text.last, last.isNewline { text.removeLast() }
    return text
  }

  /// Finds the git directory that all worktrees share from a directory upwards, without reading any
  /// configuration; `nil` where there is none.
  package static func commonDirectory(above directory: String) -> String? {
    var place = directory
    while true {
      if let found = Repository.commonDirectory(near: place) {
        return resolved(found)
      }
      let parent = (place as NSString).deletingLastPathComponent
      guard parent != place, !parent.isEmpty else { return nil }
      place = parent
    }
  }

  /// Returns whether a directory or its git directory belongs to another user than this process's, so that
  /// git accepts it only where `safe.directory` says so.
  package static func isForeign(_ repository: Repository) -> Bool {
    let user = geteuid()
    let places = [repository.workingDirectory, repository.gitDirectory, repository.commonDirectory]
    return (places + [repository.workingDirectory.map { $0 + "/.git" }]).contains { path in
      var found = stat()
      guard let path, lstat(path, &found) == 0 else { return false }
      return found.st_uid != user
    }
  }

  /// The file that records the checkout of the last run or changing command.
  private static func note(_ commonDirectory: String) -> String {
    commonDirectory + "/lanekeeper/checkout"
  }

  /// Returns the checkout that was written down; `nil` where none was.
  package static func notedCheckout(_ commonDirectory: String) -> String? {
    guard let data = FileManager.default.contents(atPath: note(commonDirectory)) else { return nil }
    let path = String(decoding: data, as: UTF8.self)
    return path.hasPrefix("/") ? path : nil
  }

  /// Writes the person's checkout down, in which lanes look for settings.
  package static func note(checkout: String, _ commonDirectory: String) throws {
    guard notedCheckout(commonDirectory) != checkout else { return }
    let path = note(commonDirectory)
    try makeDirectories((path as NSString).deletingLastPathComponent)
    try Data(checkout.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
