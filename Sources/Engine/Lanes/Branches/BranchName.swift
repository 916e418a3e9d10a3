import Backlog
import Foundation
import Git

/// The name of a feature's branch, fixed at its first attempt.
package enum BranchName {
  /// Returns the name that the pattern gives, as `refs/heads/lane/<id>-<slug>`; the slug is at most 40 ASCII
  /// characters long.
  ///
  /// - Parameter others: ids of the backlog that contain this one. Where the name would be taken for a
  ///   branch of one of them (`1`, "2 fish", and `1-2`), a word comes before the slug.
  package static func of(
    feature id: String, title: String, besides others: [String] = [],
    pattern: BranchPattern = .standard
  ) -> String {
    of(feature: id, title: title, besides: others, pattern: pattern) { _ in true }
  }

  /// Returns the first of the names that git can make a branch of; the last where it can of none.
  package static func of(
    feature id: String, title: String, besides others: [String] = [],
    pattern: BranchPattern = .standard, isFree: (String) throws -> Bool
  ) rethrows -> String {
    let slug = slug(title)
    for word in ["", "feature", "lane", "feature-lane"] {
      let words = [word, slug].filter { !$0.isEmpty }.joined(separator: "-")
      let name = "refs/heads/" + pattern.name(id: id, slug: words)
      if owner(of: name, among: others + [id], pattern: pattern) == id, try isFree(name) {
        return name
      }
    }
    return "refs/heads/" + pattern.name(id: id, slug: "")
  }

  /// Something that keeps git from making a branch: it can't have both `a` and `a/b`.
  package struct Obstacle: Error, CustomStringConvertible, Equatable {
    /// The branch that can't be made, `refs/heads/…`.
    package let branch: String
    /// The branch, or the file in git's directory, that is in the way.
    package let found: String
    /// Whether it is a branch.
    package let isBranch: Bool

    package var description: String {
      let name = short(branch)
      guard isBranch else {
        return
          "git can't make the branch \(name), since the file \(found) is in the way; move it elsewhere"
      }
      let own = short(found)
      return
        "git can't make the branch \(name), since there is a branch \(own); rename that one, e.g. "
        + "`git branch -m \(own) \(own.replacing("/", with: "-"))-old`"
    }
  }

  /// Finds what keeps git from making a branch: a branch that is a directory of its name, or lies below it.
  package static func obstacle(to branch: String, _ repository: Repository) throws -> Obstacle? {
    var name = "refs/heads"
    for part in branch.dropFirst("refs/heads/".count).split(separator: "/").dropLast() {
      name += "/" + part
      if try repository.reference(name) != nil {
        return Obstacle(branch: branch, found: name, isBranch: true)
      }
      var isDirectory: ObjCBool = false
      let path = repository.commonDirectory + "/" + name
      if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
        !isDirectory.boolValue
      {
        return Obstacle(branch: branch, found: path, isBranch: false)
      }
    }
    if let below = try repository.references(prefix: branch + "/").first {
      return Obstacle(branch: branch, found: below.name, isBranch: true)
    }
    let directory = repository.commonDirectory + "/" + branch
    let files = FileManager.default.enumerator(atPath: directory)
    while let file = files?.nextObject() as? String {
      if files?.fileAttributes?[.type] as? FileAttributeType != .typeDirectory {
        return Obstacle(branch: branch, found: directory + "/" + file, isBranch: false)
      }
    }
    return nil
  }

  /// Finds what keeps git from making a branch of any feature.
  package static func obstacleToAll(
    _ repository: Repository, pattern: BranchPattern = .standard
  ) throws -> Obstacle? {
    guard let directory = pattern.directories.last else { return nil }
    return try obstacle(to: "refs/heads/\(directory)/ID", repository).flatMap { found in
      pattern.directories.contains { found.found.hasSuffix("refs/heads/\($0)") } ? found : nil
    }
  }

  /// Returns the feature whose branch it is by its name: of ids that begin alike the longest.
  package static func owner(
    of branch: String, among ids: [String], pattern: BranchPattern = .standard
  ) -> String? {
    let name = short(branch)
    return ids.filter { pattern.gives(name, to: $0) }.max { $0.count < $1.count }
  }

  private static func slug(_ title: String) -> String {
    var slug = ""
    for scalar in title.lowercased().unicodeScalars {
      switch scalar {
      case "a"..."z", "0"..."9": slug.unicodeScalars.append(scalar)
      default: if !slug.isEmpty, !slug.hasSuffix("-") { slug += "-" }
      }
      if slug.count >= 40 { break }
    }
    while slug.hasSuffix("-") { slug.removeLast() }
    return slug
  }

  /// Returns the name without `refs/heads/`.
  package static func short(_ name: String) -> String { Repository.short(name) }
}
