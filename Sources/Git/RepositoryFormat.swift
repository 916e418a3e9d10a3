import Foundation
import Processes

/// Tells, without libgit2, whether a repository is in a format that libgit2 1.5 handles.
package enum RepositoryFormat {
  /// Returns why the repository of a checkout, lane or git directory can't be used; empty when it can.
  package static func check(path: String) -> [String] {
    Repository.commonDirectory(near: path).map { check(commonDirectory: $0) } ?? []
  }

  /// Returns why the repository can't be used; empty when it can.
  ///
  /// - Parameter commonDirectory: the git common directory.
  package static func check(commonDirectory: String) -> [String] {
    guard
      let data = RegularFile.read(
        RepositoryPlace.resolved(commonDirectory + "/config"), most: 1 << 26)
    else { return [] }
    var reasons: [String] = []
    var section = ""
    var isPartial = false
    for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let text = line.trimmingCharacters(in: .whitespaces)
      if text.hasPrefix("[") {
        section = text.lowercased()
        continue
      }
      let parts = text.split(separator: "=", maxSplits: 1)
      let key = (parts.first ?? "").trimmingCharacters(in: .whitespaces).lowercased()
      let value =
        parts.count > 1
        ? parts[1].trimmingCharacters(in: .whitespaces).lowercased()
          .trimmingCharacters(in: ["\""]) : "true"
      if section.hasPrefix("[extensions") {
        switch (key, value) {
        case ("objectformat", "sha1"), ("refstorage", "files"), ("worktreeconfig", _),
          ("noop", _), ("noop-v1", _):
          continue
        case ("objectformat", _):
          reasons.append(
            "its object format is \(value); Lanekeeper needs sha1 (make a clone with "
              + "`git init --object-format=sha1` and fetch from an export)")
        case ("refstorage", _):
          reasons.append(
            "its references are stored as \(value); run `git refs migrate --ref-format=files`")
        case ("partialclone", _):
          isPartial = true
        case ("relativeworktrees", _):
          reasons.append(
            "it uses relative worktree links; unset extensions.relativeWorktrees after "
              + "`git worktree repair`")
        default:
          reasons.append("it uses the extension '\(key)', which libgit2 1.5 does not know")
        }
      }
      if section.hasPrefix("[remote"), key == "promisor", value == "true" {
        isPartial = true
      }
    }
    if isPartial {
      reasons.append(
        "it is a partial clone, whose missing objects libgit2 can't fetch; make a full clone")
    }
    return reasons
  }
}
