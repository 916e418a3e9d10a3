/// An entry of a tree: a file, link, directory or submodule.
package struct TreeEntry: Equatable, Hashable, Sendable {
  /// git's mode: 0o100644, 0o100755, 0o120000 (link), 0o040000 (directory), 0o160000 (submodule).
  package var mode: UInt32
  package var id: ObjectID

  package init(mode: UInt32, id: ObjectID) {
    self.mode = mode
    self.id = id
  }

  /// Whether it is a directory.
  package var isTree: Bool { mode == 0o040000 }
  /// Whether it is a submodule's commit.
  package var isSubmodule: Bool { mode == 0o160000 }
  /// Whether it is a symbolic link.
  package var isLink: Bool { mode == 0o120000 }
}

/// A path on which two trees differ; a rename is a deletion and an addition.
package struct TreeChange: Equatable, Sendable {
  package var path: [UInt8]
  /// `nil` where the path is new.
  package var old: TreeEntry?
  /// `nil` where the path is gone.
  package var new: TreeEntry?

  package init(path: [UInt8], old: TreeEntry?, new: TreeEntry?) {
    self.path = path
    self.old = old
    self.new = new
  }
}

/// One entry of one directory, as it is stored.
struct NamedEntry {
  var name: [UInt8]
  var entry: TreeEntry
}

extension [NamedEntry] {
  /// Puts the entries into git's order, in which a directory's name counts as if it ended in `/`.
  mutating func sortForGit() {
    func key(_ item: NamedEntry) -> [UInt8] { item.entry.isTree ? item.name + [0x2f] : item.name }
    sort { key($0).lexicographicallyPrecedes(key($1)) }
  }
}
