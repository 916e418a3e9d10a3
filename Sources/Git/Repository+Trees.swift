import CLibgit2
import Foundation

extension Repository {
  /// Returns what stands at a path of a tree; `nil` where nothing does.
  ///
  /// - Parameter path: components joined by `/`; the empty path names the tree itself.
  package func entry(at path: [UInt8], inTree tree: ObjectID) throws -> TreeEntry? {
    var found = TreeEntry(mode: 0o040000, id: tree)
    for name in path.split(separator: 0x2f) {
      guard found.isTree, let next = try entries(of: found.id)[Array(name)] else { return nil }
      found = next
    }
    return found
  }

  /// Compares two trees file by file, without looking for renames, in the order of the paths' bytes.
  ///
  /// Equal subtrees are skipped by their ids. `nil` stands for the empty tree.
  package func changes(from old: ObjectID?, to new: ObjectID?) throws -> [TreeChange] {
    var result: [TreeChange] = []
    try collectChanges(from: old, to: new, below: [], into: &result)
    return result.sorted { $0.path.lexicographicallyPrecedes($1.path) }
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
    try writeObject(content, type: GIT_OBJECT_BLOB)
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
    var result: [[UInt8]: TreeEntry] = [:]
    for item in try entryList(of: tree) { result[item.name] = item.entry }
    return result
  }

  /// Returns the entries of one directory in git's order.
  func entryList(of tree: ObjectID?) throws -> [NamedEntry] {
    guard let tree, tree != Self.emptyTree else { return [] }
    var pointer: OpaquePointer?
    var oid = tree.oid
    try GitError.check(git_tree_lookup(&pointer, handle, &oid), "read the tree \(tree.short)")
    defer { git_tree_free(pointer) }
    return (0..<git_tree_entrycount(pointer)).map { index in
      let entry = git_tree_entry_byindex(pointer, index)
      let name = git_tree_entry_name(entry)!
      return NamedEntry(
        name: Array(UnsafeBufferPointer(start: name, count: strlen(name)).lazy.map(UInt8.init)),
        entry: TreeEntry(
          mode: git_tree_entry_filemode(entry).rawValue,
          id: ObjectID(git_tree_entry_id(entry).pointee)))
    }
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
    return try writeObject(content, type: GIT_OBJECT_TREE)
  }

  /// The tree without entries; it can be named although it is never written.
  package static let emptyTree = ObjectID(hex: "4b825dc642cb6eb9a060e54bf8d69288fbee4904")!

  private func writeObject(_ content: [UInt8], type: git_object_t) throws -> ObjectID {
    var database: OpaquePointer?
    try GitError.check(git_repository_odb(&database, handle), "open the object database")
    defer { git_odb_free(database) }
    var oid = git_oid()
    let code = content.withUnsafeBytes {
      git_odb_write(&oid, database, $0.baseAddress, $0.count, type)
    }
    try GitError.check(code, "write an object")
    return ObjectID(oid)
  }

  private func collectChanges(
    from old: ObjectID?, to new: ObjectID?, below prefix: [UInt8], into result: inout [TreeChange]
  ) throws {
    if old == new { return }
    let before = try entries(of: old)
    let after = try entries(of: new)
    for name in Set(before.keys).union(after.keys) {
      let (one, two) = (before[name], after[name])
      if one == two { continue }
      let path = prefix + name
      let (oldTree, newTree) = (one?.isTree == true, two?.isTree == true)
      let (oldFile, newFile) = (oldTree ? nil : one, newTree ? nil : two)
      if oldFile != nil || newFile != nil {
        result.append(TreeChange(path: path, old: oldFile, new: newFile))
      }
      if oldTree || newTree {
        try collectChanges(
          from: oldTree ? one?.id : nil, to: newTree ? two?.id : nil, below: path + [0x2f],
          into: &result)
      }
    }
  }

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
