import CLibgit2
import Foundation

/// One directory as git stores it, read in place: `<mode> <name> NUL <20 bytes>` for each entry.
///
/// Directories are read and compared in their stored form since nearly all entries are the same on
/// all sides: no entry needs memory of its own.
struct StoredTree: ~Copyable {
  private let object: OpaquePointer?
  let bytes: UnsafeRawBufferPointer

  /// Reads a directory; `nil` stands for one without entries.
  init(_ id: ObjectID?, database: OpaquePointer) throws {
    guard let id, id != Repository.emptyTree else {
      object = nil
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    var pointer: OpaquePointer?
    var oid = id.oid
    try GitError.check(git_odb_read(&pointer, database, &oid), "read the tree \(id.short)")
    guard git_odb_object_type(pointer) == GIT_OBJECT_TREE else {
      git_odb_object_free(pointer)
      throw Self.damaged
    }
    object = pointer
    bytes = UnsafeRawBufferPointer(
      start: git_odb_object_data(pointer), count: git_odb_object_size(pointer))
  }

  deinit { if let object { git_odb_object_free(object) } }

  /// Returns a cursor that stands on the entry at a place, or at the end.
  func cursor(at place: Int = 0) throws -> Cursor { try Cursor(bytes, at: place) }

  private static var damaged: GitError {
    GitError(
      code: GitErrorCode(rawValue: GIT_ERROR.rawValue),
      classification: GitErrorClass(rawValue: Int32(GIT_ERROR_TREE.rawValue)),
      message: "it is no tree, or damaged; `git fsck` tells more", operation: "read a tree")
  }

  /// One entry after the other.
  struct Cursor {
    private let bytes: UnsafeRawBufferPointer
    /// The offsets of the present entry, its name and its id.
    private(set) var start = 0
    private var name = 0
    private var id = 0

    fileprivate init(_ bytes: UnsafeRawBufferPointer, at place: Int) throws {
      self.bytes = bytes
      start = place
      try read()
    }

    var isAtEnd: Bool { start >= bytes.count }
    /// The offset of the next entry.
    var end: Int { id + 20 }

    /// The present entry, in its stored form.
    var entry: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: bytes[start..<(id + 20)])
    }
    /// The name, without the NUL.
    var nameBytes: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: bytes[name..<(id - 1)])
    }
    var objectID: ObjectID { ObjectID(raw: UnsafeRawBufferPointer(rebasing: bytes[id...])) }
    /// Whether the present entry is a directory.
    var isTree: Bool {
      bytes[start] == UInt8(ascii: "4") || bytes[start] == UInt8(ascii: "0") && mode == 0o040000
    }
    var treeEntry: TreeEntry { TreeEntry(mode: mode, id: objectID) }
    /// The mode as git knows it; other bits that an ancient program may have stored are dropped.
    var mode: UInt32 {
      var value: UInt32 = 0
      for byte in bytes[start..<(name - 1)] { value = value << 3 | UInt32(byte & 7) }
      switch value & 0o170000 {
      case 0o040000: return 0o040000
      case 0o120000: return 0o120000
      case 0o160000: return 0o160000
      default: return value & 0o100 == 0 ? 0o100644 : 0o100755
      }
    }
    /// Whether the mode is written as git writes it today.
    var isCanonical: Bool {
      func isMode(_ text: StaticString) -> Bool {
        name - 1 - start == text.utf8CodeUnitCount
          && memcmp(bytes.baseAddress! + start, text.utf8Start, text.utf8CodeUnitCount) == 0
      }
      return isMode("100644") || isMode("40000") || isMode("100755") || isMode("120000")
        || isMode("160000")
    }

    /// Returns whether another cursor stands on an entry with the same bytes.
    func equals(_ other: Cursor) -> Bool {
      let count = id + 20 - start
      return count == other.id + 20 - other.start
        && memcmp(bytes.baseAddress! + start, other.bytes.baseAddress! + other.start, count) == 0
    }

    /// Returns whether another directory has the present entry, byte for byte, at a place.
    func isFound(in other: UnsafeRawBufferPointer, at place: Int) -> Bool {
      let count = id + 20 - start
      return count <= other.count - place
        && memcmp(bytes.baseAddress! + start, other.baseAddress! + place, count) == 0
    }

    /// Compares by git's order, in which a directory's name counts as if it ended in a slash.
    ///
    /// - Returns: negative, 0 or positive; 0 only for two directories or two others of one name.
    func compare(_ other: Cursor) -> Int32 {
      let (mine, theirs) = (nameBytes, other.nameBytes)
      let common = min(mine.count, theirs.count)
      let order = memcmp(mine.baseAddress!, theirs.baseAddress!, common)
      if order != 0 { return order }
      func next(_ name: UnsafeRawBufferPointer, _ isTree: Bool) -> Int32 {
        name.count > common ? Int32(name[common]) : isTree ? 0x2f : 0
      }
      return next(mine, isTree) - next(theirs, other.isTree)
    }

    /// Goes to the next entry.
    mutating func advance() throws {
      start = id + 20
      try read()
    }

    /// Finds where name and id of the entry at `start` begin.
    private mutating func read() throws {
      guard start < bytes.count else {
        id = start - 20
        return
      }
      let base = bytes.baseAddress!
      guard let space = memchr(base + start, 0x20, bytes.count - start) else {
        throw StoredTree.damaged
      }
      name = base.distance(to: UnsafeRawPointer(space)) + 1
      guard let end = memchr(base + name, 0, bytes.count - name) else {
        throw StoredTree.damaged
      }
      id = base.distance(to: UnsafeRawPointer(end)) + 1
      guard id + 20 <= bytes.count, name < id - 1 else {
        throw StoredTree.damaged
      }
    }
  }
}
