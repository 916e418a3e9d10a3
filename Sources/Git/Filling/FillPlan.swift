import CLibgit2

/// The files and index to write so that an empty worktree becomes a checkout of a tree.
///
/// The index is laid out first; what the file system tells of each file is filled in as it is written.
struct FillPlan {
  /// Something of the tree is left to git.
  struct NotPlain: Error {}

  /// Some files of one directory.
  struct Piece {
    /// With a slash at its end; empty for the top.
    var directory: [UInt8]
    /// The offset of their entries in the index.
    var entries: [Int]
  }

  /// The layout of an index entry of version 2, in bytes from its beginning.
  enum Entry {
    static let mode = 24
    static let id = 40
    static let flags = 60
    static let path = 62
  }

  /// More files of one directory are several pieces, for several threads.
  private static let pieceSize = 256

  /// The index without what is known only when everything is written: the files' facts and its own
  /// checksum.
  private(set) var index: [UInt8] = []
  private(set) var pieces: [Piece] = []
  /// Parents before their children, with a slash at the end of each.
  private(set) var directories: [[UInt8]] = []
  /// Every `.gitattributes` of the tree.
  private var attributes: [ObjectID] = []
  private(set) var count = 0
  private let database: OpaquePointer

  /// - Throws: ``NotPlain``, or ``GitError`` where a tree can't be read.
  init(tree: ObjectID, database: OpaquePointer) throws {
    self.database = database
    index += [UInt8]("DIRC".utf8) + Self.bytes(2) + [0, 0, 0, 0]
    let trees = try walk(tree, name: [], path: [])
    index.replaceSubrange(8..<12, with: Self.bytes(UInt32(count)))
    index += [UInt8]("TREE".utf8) + Self.bytes(UInt32(trees.count)) + trees
  }

  /// Returns whether every `.gitattributes` of the tree leaves what is written as it is stored.
  func hasPlainAttributes(_ blobs: StoredBlobs) throws -> Bool {
    try attributes.allSatisfy { id in
      try blobs.read(id) { PlainCheckout.allows(attributes: Array($0)) }
    }
  }

  private static func bytes(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  /// Takes up a directory.
  ///
  /// - Returns: what the index's extension `TREE` says of it and of the directories below.
  private mutating func walk(_ id: ObjectID, name: [UInt8], path: [UInt8]) throws -> [UInt8] {
    let directory = try StoredTree(id, database: database)
    var cursor = try directory.cursor()
    guard !cursor.isAtEnd else { throw NotPlain() }
    let first = count
    var files: [Int] = []
    var below: [(name: [UInt8], text: [UInt8])] = []
    var before: StoredTree.Cursor?
    while !cursor.isAtEnd {
      if let before, before.compare(cursor) >= 0 { throw NotPlain() }
      let mode = cursor.mode
      let entryName = cursor.nameBytes
      guard PlainCheckout.allows(name: entryName, isLink: mode == 0o120000) else {
        throw NotPlain()
      }
      if cursor.isTree {
        let inner = path + entryName + [0x2f]
        directories.append(inner)
        let text = try walk(cursor.objectID, name: Array(entryName), path: inner)
        below.append((Array(entryName), text))
      } else {
        files.append(index.count)
        try append(path, entryName, cursor.objectID, mode)
      }
      before = cursor
      try cursor.advance()
    }
    for start in stride(from: 0, to: files.count, by: Self.pieceSize) {
      let part = Array(files[start..<min(start + Self.pieceSize, files.count)])
      pieces.append(Piece(directory: path, entries: part))
    }
    // git has them in this order.
    below.sort {
      $0.name.count == $1.name.count
        ? $0.name.lexicographicallyPrecedes($1.name) : $0.name.count < $1.name.count
    }
    let head = name + [0] + [UInt8]("\(count - first) \(below.count)\n".utf8) + id.bytes
    return below.reduce(head) { $0 + $1.text }
  }

  /// Adds an entry to the index, without the facts of its file.
  private mutating func append(
    _ path: [UInt8], _ name: UnsafeRawBufferPointer, _ id: ObjectID, _ mode: UInt32
  ) throws {
    let length = path.count + name.count
    guard length < 0xfff else { throw NotPlain() }
    if name.elementsEqual(".gitattributes".utf8) { attributes.append(id) }
    count += 1
    index.append(contentsOf: repeatElement(0, count: Entry.mode))
    index += Self.bytes(mode)
    index.append(contentsOf: repeatElement(0, count: Entry.id - Entry.mode - 4))
    index += id.bytes
    index += [UInt8(length >> 8), UInt8(length & 0xff)]
    index += path
    index.append(contentsOf: name)
    // One to eight NUL bytes, up to a multiple of eight.
    let size = (Entry.path + length + 8) / 8 * 8
    index.append(contentsOf: repeatElement(0, count: size - Entry.path - length))
  }
}
