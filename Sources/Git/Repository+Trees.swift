import CLibgit2
import Foundation

extension Repository {
  /// Returns what stands at a path of a tree; `nil` where nothing does.
  ///
  /// - Parameter path: components joined by `/`; the empty path names the tree itself.
  package func entry(at path: [UInt8], inTree tree: ObjectID) throws -> TreeEntry? {
    var found = TreeEntry(mode: 0o040000, id: tree)
    for name in path.split(separator: 0x2f) {
      guard found.isTree, let next = try entry(named: name, in: found.id) else { return nil }
      found = next
    }
    return found
  }

  private func entry(named name: ArraySlice<UInt8>, in tree: ObjectID) throws -> TreeEntry? {
    let directory = try StoredTree(tree, database: database())
    var cursor = try directory.cursor()
    while !cursor.isAtEnd {
      if cursor.nameBytes.elementsEqual(name) { return cursor.treeEntry }
      try cursor.advance()
    }
    return nil
  }

  /// Returns the names in one directory.
  package func names(in tree: ObjectID) throws -> [[UInt8]] {
    Array(try entries(of: tree).keys)
  }

  /// Returns whether an object is a file's content, and its size in bytes, without reading it.
  package func objectFacts(_ id: ObjectID) throws -> (isBlob: Bool, size: Int) {
    var (size, type, oid) = (0, GIT_OBJECT_INVALID, id.oid)
    try GitError.check(
      git_odb_read_header(&size, &type, try database(), &oid), "read the object \(id.short)")
    return (type == GIT_OBJECT_BLOB, size)
  }

  /// Compares two trees file by file, without looking for renames, in the order of the paths' bytes.
  ///
  /// Equal subtrees are skipped by their ids. `nil` stands for the empty tree.
  package func changes(from old: ObjectID?, to new: ObjectID?) throws -> [TreeChange] {
    var comparison = TreeComparison(database: try database())
    try comparison.compare(old, new, below: [])
    return comparison.changes
  }

  /// Returns what a branch changed since it left a target: the merge base and the differences from
  /// it to the tip (`target...tip`). Unrelated histories have no base; then all of the tip counts.
  package func branchChanges(
    tip: ObjectID, target: ObjectID
  ) throws -> (base: ObjectID?, changes: [TreeChange]) {
    let base = try mergeBase(tip, target)
    let old = try base.map { try commit($0).tree }
    return (base, try changes(from: old, to: try commit(tip).tree))
  }

  /// Returns where a branch stands, and the paths that it changes since it left the target.
  ///
  /// - Parameters:
  ///   - branch: `refs/heads/…`; where it is absent there is neither tip nor path.
  ///   - target: `refs/heads/…`; where it is absent there is no path.
  package func branchWork(
    _ branch: String, target: String
  ) throws -> (tip: ObjectID?, paths: [[UInt8]]) {
    guard let tip = try reference(branch) else { return (nil, []) }
    guard let target = try reference(target) else { return (tip, []) }
    return (tip, try branchChanges(tip: tip, target: target).changes.map(\.path))
  }

  /// Reads a file's content.
  package func blob(_ id: ObjectID) throws -> [UInt8] {
    var pointer: OpaquePointer?
    var oid = id.oid
    try GitError.check(git_blob_lookup(&pointer, handle, &oid), "read the file object \(id.short)")
    defer { git_blob_free(pointer) }
    let bytes = UnsafeRawBufferPointer(
      start: git_blob_rawcontent(pointer), count: Int(git_blob_rawsize(pointer)))
    return Array(bytes)
  }

  /// Stores a file's content as it is, without filters.
  package func writeBlob(_ content: [UInt8]) throws -> ObjectID {
    try content.withUnsafeBytes { try writeObject($0, type: GIT_OBJECT_BLOB) }
  }

  /// Makes a tree from another one and a list of changes.
  ///
  /// - Parameter changes: paths with what shall stand there; `nil` removes a path, with everything
  ///   below it. Directories that become empty vanish.
  package func writeTree(
    changing base: ObjectID?, _ changes: [([UInt8], TreeEntry?)]
  ) throws -> ObjectID {
    let split = changes.map { (path: $0.0.split(separator: 0x2f).map(Array.init), entry: $0.1) }
    return try changedTree(base, split[...]) ?? writeEntries([])
  }

  /// Returns the entries of one directory by name.
  func entries(of tree: ObjectID?) throws -> [[UInt8]: TreeEntry] {
    let directory = try StoredTree(tree, database: database())
    var result: [[UInt8]: TreeEntry] = [:]
    var cursor = try directory.cursor()
    while !cursor.isAtEnd {
      result[Array(cursor.nameBytes)] = cursor.treeEntry
      try cursor.advance()
    }
    return result
  }

  /// Stores one directory.
  func writeEntries(_ entries: [NamedEntry]) throws -> ObjectID {
    var sorted = entries
    sorted.sortForGit()
    var content: [UInt8] = []
    for item in sorted {
      content += Array(String(item.entry.mode, radix: 8).utf8)
      content.append(0x20)
      content += item.name
      content.append(0)
      content += item.entry.id.bytes
    }
    return try content.withUnsafeBytes { try writeObject($0, type: GIT_OBJECT_TREE) }
  }

  /// The tree without entries; it can be named although it is never written.
  package static let emptyTree = ObjectID(hex: "4b825dc642cb6eb9a060e54bf8d69288fbee4904")!

  private func changedTree(
    _ base: ObjectID?, _ changes: ArraySlice<(path: [[UInt8]], entry: TreeEntry?)>
  ) throws -> ObjectID? {
    var result = try entries(of: base)
    var deeper: [[UInt8]: [(path: [[UInt8]], entry: TreeEntry?)]] = [:]
    for change in changes {
      guard let name = change.path.first else { continue }
      if change.path.count == 1 {
        result[name] = change.entry
      } else {
        deeper[name, default: []].append((Array(change.path.dropFirst()), change.entry))
      }
    }
    for (name, inner) in deeper {
      let present = result[name]
      let subtree = present?.isTree == true ? present?.id : nil
      if let made = try changedTree(subtree, inner[...]) {
        result[name] = TreeEntry(mode: 0o040000, id: made)
      } else if subtree != nil {
        result[name] = nil
      }
    }
    if result.isEmpty { return nil }
    return try writeEntries(result.map { NamedEntry(name: $0.key, entry: $0.value) })
  }
}
