import CLibgit2
import Foundation

/// Merges three trees; descends only where both sides changed the same directory.
struct TreeMerger {
  let repository: Repository
  let database: OpaquePointer
  /// Paths that both sides touched; once there is one, nothing is written any more.
  private(set) var touched: [[UInt8]] = []

  init(_ repository: Repository) throws {
    self.repository = repository
    database = try repository.database()
  }

  /// Merges one directory.
  ///
  /// - Returns: the merged directory; `nil` where it has no entries, or both sides touched a path.
  mutating func merge(
    base: ObjectID?, ours: ObjectID?, theirs: ObjectID?, below prefix: [UInt8]
  ) throws -> ObjectID? {
    let before = try StoredTree(base, database: database)
    let our = try StoredTree(ours, database: database)
    let their = try StoredTree(theirs, database: database)
    var output: [UInt8] = []
    output.reserveCapacity(max(our.bytes.count, their.bytes.count) + 64)
    var appeared = AppearedNames()
    var (oldPlace, otherPlace) = (0, 0)
    var mine = try our.cursor()
    while true {
      let run = mine.start
      while !mine.isAtEnd, mine.isFound(in: before.bytes, at: oldPlace),
        mine.isFound(in: their.bytes, at: otherPlace), mine.isCanonical
      {
        oldPlace += mine.end - mine.start
        otherPlace += mine.end - mine.start
        try mine.advance()
      }
      output.append(contentsOf: our.bytes[run..<mine.start])
      let old = try before.cursor(at: oldPlace)
      let other = try their.cursor(at: otherPlace)
      guard let first = Self.first(old, mine, other) else { break }
      let step = Step(
        old: Self.at(first, old), mine: Self.at(first, mine), other: Self.at(first, other))
      try take(step, named: first, below: prefix, into: &output, &appeared)
      if step.old != nil { oldPlace = old.end }
      if step.other != nil { otherPlace = other.end }
      if step.mine != nil { try mine.advance() }
    }
    touched += appeared.both.map { prefix + $0 }
    if output.isEmpty || !touched.isEmpty { return nil }
    return try output.withUnsafeBytes { merged in
      if let ours, Self.equal(merged, our.bytes) { return ours }
      if let theirs, Self.equal(merged, their.bytes) { return theirs }
      return try repository.writeObject(merged, type: GIT_OBJECT_TREE)
    }
  }

  /// The entries of the three sides under one name.
  private struct Step {
    var old, mine, other: StoredTree.Cursor?
  }

  /// Names that one side added; a file and a directory of one name can't both stand.
  private struct AppearedNames {
    var files: [[UInt8]] = []
    var directories: [[UInt8]] = []
    var both: [[UInt8]] { directories.isEmpty ? [] : files.filter(directories.contains) }

    mutating func add(_ entry: StoredTree.Cursor) {
      if entry.isTree {
        directories.append(Array(entry.nameBytes))
      } else {
        files.append(Array(entry.nameBytes))
      }
    }
  }

  private mutating func take(
    _ step: Step, named name: StoredTree.Cursor, below prefix: [UInt8], into output: inout [UInt8],
    _ appeared: inout AppearedNames
  ) throws {
    // git writes a mode that an ancient program left in another form anew; so it is left to git.
    let isCanonical =
      step.old?.isCanonical != false && step.mine?.isCanonical != false
      && step.other?.isCanonical != false
    var taken: StoredTree.Cursor?
    if isCanonical, Self.same(step.mine, step.old) {
      taken = step.other
    } else if isCanonical, Self.same(step.other, step.old) {
      taken = step.mine
    } else if isCanonical, name.isTree {
      let merged = try merge(
        base: step.old?.objectID, ours: step.mine?.objectID, theirs: step.other?.objectID,
        below: prefix + name.nameBytes + [0x2f])
      guard let merged else { return }
      appeared.add(name)
      output += "40000 ".utf8
      output.append(contentsOf: name.nameBytes)
      output.append(0)
      withUnsafeBytes(of: merged.oid.id) { output.append(contentsOf: $0) }
      return
    } else {
      touched.append(prefix + name.nameBytes)
      return
    }
    guard let taken else { return }
    if step.old == nil { appeared.add(taken) }
    output.append(contentsOf: taken.entry)
  }

  /// Returns the cursor whose entry comes first; `nil` where all are at their end.
  private static func first(
    _ a: StoredTree.Cursor, _ b: StoredTree.Cursor, _ c: StoredTree.Cursor
  ) -> StoredTree.Cursor? {
    var first: StoredTree.Cursor?
    for cursor in [a, b, c] where !cursor.isAtEnd {
      if let found = first, cursor.compare(found) >= 0 { continue }
      first = cursor
    }
    return first
  }

  private static func at(
    _ name: StoredTree.Cursor, _ cursor: StoredTree.Cursor
  ) -> StoredTree.Cursor? {
    !cursor.isAtEnd && cursor.compare(name) == 0 ? cursor : nil
  }

  private static func same(_ a: StoredTree.Cursor?, _ b: StoredTree.Cursor?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return a.equals(b)
  }

  private static func equal(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    a.count == b.count && memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0
  }
}
