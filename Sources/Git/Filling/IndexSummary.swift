import Foundation

/// What an index file says of itself, read without git.
struct IndexSummary {
  /// Tells whether some file is marked so that git does not look at it (`assume-unchanged`, `skip-worktree`).
  private(set) var hidesFiles = false
  /// The tree that the index as a whole is; `nil` where it has not been remembered since a change.
  private(set) var tree: ObjectID?

  /// - Returns: `nil` where there is no index, or one of a form that is left to git: version 4, split, sparse.
  init?(path: String) {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe),
      data.withUnsafeBytes({ self.read($0) })
    else { return nil }
  }

  private mutating func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
    func number(_ place: Int) -> Int {
      Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
    }
    func half(_ place: Int) -> Int { Int(bytes[place]) << 8 | Int(bytes[place + 1]) }
    let end = bytes.count - 20
    guard end >= 12, bytes.starts(with: "DIRC".utf8), (2...3).contains(number(4)) else {
      return false
    }
    var place = 12
    for _ in 0..<number(8) {
      guard place + 64 <= end else { return false }
      let flags = half(place + 60)
      let isExtended = flags & 0x4000 != 0
      if flags & 0x8000 != 0 || isExtended && half(place + 62) & 0x4000 != 0 { hidesFiles = true }
      let name = place + (isExtended ? 64 : 62)
      var length = flags & 0xfff
      if length == 0xfff {
        guard let stop = bytes[name..<end].firstIndex(of: 0) else { return false }
        length = stop - name
      }
      place += (name - place + length + 8) / 8 * 8
    }
    while place + 8 <= end {
      let size = number(place + 4)
      guard place + 8 + size <= end else { return false }
      // Small letters: without understanding it nobody understands the index.
      guard (0x41...0x5a).contains(bytes[place]) else { return false }
      if bytes[place..<(place + 4)].elementsEqual("TREE".utf8) {
        tree = Self.root(bytes[(place + 8)..<(place + 8 + size)])
      }
      place += 8 + size
    }
    return place == end
  }

  /// Reads the first entry: an empty name, NUL, how many files, a space, how many directories, a newline, the id.
  private static func root(_ text: Slice<UnsafeRawBufferPointer>) -> ObjectID? {
    guard text.first == 0, let newline = text.firstIndex(of: 0x0a), newline + 21 <= text.endIndex,
      text[text.startIndex + 1] != UInt8(ascii: "-")
    else { return nil }
    return ObjectID(raw: UnsafeRawBufferPointer(rebasing: text[(newline + 1)..<(newline + 21)]))
  }
}
