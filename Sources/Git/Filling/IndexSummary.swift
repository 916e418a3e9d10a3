import Foundation
import GitFormats

/// A summary of an index file, read without git.
struct IndexSummary {
  /// Whether some file is marked so that git does not look at it (`assume-unchanged`, `skip-worktree`).
  private(set) var hidesFiles = false
  /// The tree that the index as a whole is; `nil` where it has not been remembered since a change.
  private(set) var tree: ObjectID?

  /// - Returns: `nil` where there is no index, or one of a form that is left to git: version 4, split, sparse.
  init?(path: String) {
    var facts = stat()
    guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
      let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe),
      data.withUnsafeBytes({ self.read($0) })
    else { return nil }
  }

  private mutating func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
    func number(_ place: Int) -> Int { Int(IndexFile.number(bytes, place)) }
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
        tree = IndexTree.rootEntry(
          UnsafeRawBufferPointer(rebasing: bytes[(place + 8)..<(place + 8 + size)])
        ).flatMap { ObjectID(hex: $0) }
      }
      place += 8 + size
    }
    return place == end
  }
}
