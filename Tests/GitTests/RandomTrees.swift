import Git
import TestSupport

/// Small trees with few names, so that two edits of one often meet.
struct RandomTree {
  var files: [[UInt8]: TreeEntry]
  var id: ObjectID
}

enum RandomTrees {
  private static let names = ["a", "b", "a.b", "c"]

  private static func path(_ random: inout SplitMix64) -> [UInt8] {
    let depth = 1 + random.below(3)
    return bytes((0..<depth).map { _ in names[random.below(names.count)] }.joined(separator: "/"))
  }

  /// - Parameter submodules: whether some are.
  private static func content(
    _ repository: Repository, _ random: inout SplitMix64, submodules: Bool
  ) throws -> TreeEntry {
    switch random.below(12) {
    case 0:
      return TreeEntry(
        mode: 0o120000, id: try repository.writeBlob(bytes("target\(random.below(3))")))
    case 1 where submodules:
      let byte = UInt8(1 + random.below(3))
      return TreeEntry(mode: 0o160000, id: ObjectID(bytes: [UInt8](repeating: byte, count: 20)))
    default:
      var lines = (0..<12).map { "line \($0)" }
      lines[random.below(12)] = "changed \(random.below(4))"
      if random.oneIn(3) { lines[random.below(12)] = "again \(random.below(4))" }
      if random.oneIn(5) { lines = ["other \(random.below(50))", "text \(random.below(50))"] }
      let id = try repository.writeBlob(bytes(lines.joined(separator: "\n") + "\n"))
      return TreeEntry(mode: random.oneIn(6) ? 0o100755 : 0o100644, id: id)
    }
  }

  /// Puts a file at a path and removes what can't stand beside it.
  private static func put(
    _ entry: TreeEntry, at path: [UInt8], in files: inout [[UInt8]: TreeEntry]
  ) {
    files = files.filter { other, _ in
      !other.starts(with: path + [0x2f]) && !path.starts(with: other + [0x2f])
    }
    files[path] = entry
  }

  static func tree(
    _ repository: Repository, _ random: inout SplitMix64, submodules: Bool = true
  ) throws -> RandomTree {
    var files: [[UInt8]: TreeEntry] = [:]
    for _ in 0..<(4 + random.below(12)) {
      put(try content(repository, &random, submodules: submodules), at: path(&random), in: &files)
    }
    return try build(files, repository)
  }

  /// Changes, adds, removes, renames and replaces a few files, and renames directories.
  static func edited(
    _ tree: RandomTree, _ repository: Repository, _ random: inout SplitMix64, edits: Int,
    submodules: Bool = true
  ) throws -> RandomTree {
    var files = tree.files
    for _ in 0..<random.below(edits + 1) {
      let present = files.keys.sorted { $0.lexicographicallyPrecedes($1) }
      guard let old = present.isEmpty ? nil : present[random.below(present.count)] else { break }
      switch random.below(7) {
      case 0: files[old] = nil
      case 6:
        guard let slash = old.firstIndex(of: 0x2f) else { continue }
        let (from, to) = (Array(old[...slash]), path(&random) + [0x2f])
        for inner in present where inner.starts(with: from) {
          let entry = files.removeValue(forKey: inner)
          if let entry { put(entry, at: to + inner.dropFirst(from.count), in: &files) }
        }
      case 1, 2: files[old] = try content(repository, &random, submodules: submodules)
      case 3:
        let entry = files.removeValue(forKey: old)
        if let entry { put(entry, at: path(&random), in: &files) }
      default:
        put(try content(repository, &random, submodules: submodules), at: path(&random), in: &files)
      }
    }
    return try build(files, repository)
  }

  private static func build(
    _ files: [[UInt8]: TreeEntry], _ repository: Repository
  ) throws -> RandomTree {
    let id = try repository.writeTree(changing: nil, files.map { ($0.key, $0.value) })
    return RandomTree(files: files, id: id)
  }
}
