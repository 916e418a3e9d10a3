import Foundation
import Git
import Store

extension Follow {
  /// Writes the new files beside the checkout, in `stage`, with filters applied, and the new index.
  func prepare(_ entries: [FollowEntry]) throws {
    let files = FileManager.default
    for path in [newIndex, newIndex + ".lock", oldIndex, stage] {
      try? files.removeItem(atPath: path)
    }
    let index = checkout.gitDirectory + "/index"
    if files.fileExists(atPath: index) {
      try files.copyItem(atPath: index, toPath: oldIndex)
      try files.copyItem(atPath: index, toPath: newIndex)
    }
    try writeIndex(entries, new: true)
    try files.createDirectory(atPath: stage + "/new", withIntermediateDirectories: true)
    try files.createDirectory(atPath: stage + "/old", withIntermediateDirectories: true)
    let wanted = entries.filter { $0.newMode != nil && $0.newMode != 0o160000 }
    guard !wanted.isEmpty else { return }
    try git(
      ["checkout-index", "-z", "--stdin", "-f", "-q", "--prefix=\(stage)/new/"],
      input: wanted.flatMap { $0.path + [0] })
  }

  func writeIndex(_ entries: [FollowEntry], new: Bool) throws {
    var lines: [UInt8] = []
    for entry in entries {
      let mode = new ? entry.newMode : entry.oldMode
      let id = new ? entry.newID : entry.oldID
      if let mode, let id {
        lines += Array("\(String(mode, radix: 8)) \(id) 0\t".utf8) + entry.path + [0]
      } else {
        lines += Array("0 \(ObjectID.zero.hex)\t".utf8) + entry.path + [0]
      }
    }
    // Removals first, so that a file can take a directory's place.
    try git(["update-index", "-z", "--index-info"], input: lines)
  }

  func git(_ arguments: [String], input: [UInt8] = []) throws {
    try GitProgram.check(
      arguments, directory: directory, environment: checkout.environment,
      adding: ["GIT_INDEX_FILE": newIndex, "GIT_LITERAL_PATHSPECS": "1"], input: input)
  }
}
