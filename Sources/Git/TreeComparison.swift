/// Compares two trees, directory by directory, and skips what has the same id.
struct TreeComparison {
  let database: OpaquePointer
  /// Files, links and submodules that differ, in the order of their paths' bytes.
  private(set) var changes: [TreeChange] = []

  init(database: OpaquePointer) { self.database = database }

  mutating func compare(
    _ old: ObjectID?, _ new: ObjectID?, below prefix: [UInt8]
  ) throws {
    if old == new { return }
    let before = try StoredTree(old, database: database)
    let after = try StoredTree(new, database: database)
    var place = 0
    var now = try after.cursor()
    while true {
      while !now.isAtEnd, now.isFound(in: before.bytes, at: place) {
        place += now.end - now.start
        try now.advance()
      }
      let then = try before.cursor(at: place)
      if now.isAtEnd, then.isAtEnd { return }
      let order = now.isAtEnd ? -1 : then.isAtEnd ? 1 : then.compare(now)
      let (one, two) = (order <= 0 ? then : nil, order >= 0 ? now : nil)
      try record(one, two, below: prefix)
      if one != nil { place = then.end }
      if two != nil { try now.advance() }
    }
  }

  /// Takes up one name; a file and a directory of the same name are two.
  private mutating func record(
    _ old: StoredTree.Cursor?, _ new: StoredTree.Cursor?, below prefix: [UInt8]
  ) throws {
    guard let either = new ?? old else { return }
    let path = prefix + either.nameBytes
    if either.isTree {
      try compare(old?.objectID, new?.objectID, below: path + [0x2f])
    } else if old?.treeEntry != new?.treeEntry {
      changes.append(TreeChange(path: path, old: old?.treeEntry, new: new?.treeEntry))
    }
  }
}
