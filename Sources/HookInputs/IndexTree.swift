/// The root tree that git's index remembers, which `git commit` has just written.
package enum IndexTree {
  /// Returns the root tree's id in hex; `nil` where the index does not know it, or has a form that
  /// is not understood here (split, sparse, sha256).
  package static func root(_ index: [UInt8]) -> String? {
    guard index.count >= 32, index.starts(with: "DIRC".utf8) else { return nil }
    let version = number(index, 4)
    guard (2...4).contains(version) else { return nil }
    let content = index.count - 20
    guard var place = endOfEntries(index, count: number(index, 8), version: version, content)
    else { return nil }
    while place + 8 <= content {
      let name = index[place..<(place + 4)]
      let size = number(index, place + 4)
      guard size >= 0, place + 8 + size <= content else { return nil }
      if name.elementsEqual("TREE".utf8) {
        return root(index[(place + 8)..<(place + 8 + size)])
      }
      if name.elementsEqual("link".utf8) || name.elementsEqual("sdir".utf8) { return nil }
      place += 8 + size
    }
    return nil
  }

  /// The first entry of the extension: an empty path, NUL, the count of entries (-1: not valid), a
  /// space, the count of subtrees, a newline, the id.
  private static func root(_ tree: ArraySlice<UInt8>) -> String? {
    guard tree.first == 0, let space = tree.firstIndex(of: 0x20),
      let newline = tree[space...].firstIndex(of: 0x0a)
    else { return nil }
    let count = String(decoding: tree[(tree.startIndex + 1)..<space], as: UTF8.self)
    guard let entries = Int(count), entries >= 0, newline + 20 < tree.endIndex else { return nil }
    return Hex.text(Array(tree[(newline + 1)...(newline + 20)]))
  }

  private static func endOfEntries(
    _ index: [UInt8], count: Int, version: Int, _ content: Int
  ) -> Int? {
    if let offset = endByExtension(index, content) { return offset }
    var place = 12
    for _ in 0..<count {
      guard place + 62 <= content else { return nil }
      let extended = version >= 3 && index[place + 60] & 0x40 != 0
      let header = extended ? 64 : 62
      let length = Int(index[place + 60] & 0x0f) << 8 | Int(index[place + 61])
      var name = place + header
      guard name <= content else { return nil }
      if version == 4 {
        while name < content, index[name] & 0x80 != 0 { name += 1 }
        name += 1
      }
      let end: Int
      if version < 4, length < 0xfff {
        end = name + length
      } else {
        guard name <= content, let zero = index[name...].firstIndex(of: 0) else { return nil }
        end = zero
      }
      guard end < content else { return nil }
      place = version == 4 ? end + 1 : place + (end - place + 8) / 8 * 8
    }
    return place
  }

  /// Large indexes say at their end where the entries end.
  private static func endByExtension(_ index: [UInt8], _ content: Int) -> Int? {
    let start = content - 32
    guard start >= 12, index[start..<(start + 4)].elementsEqual("EOIE".utf8),
      number(index, start + 4) == 24
    else { return nil }
    let offset = number(index, start + 8)
    return offset >= 12 && offset < content ? offset : nil
  }

  private static func number(_ bytes: [UInt8], _ place: Int) -> Int {
    Int(bytes[place]) << 24 | Int(bytes[place + 1]) << 16 | Int(bytes[place + 2]) << 8
      | Int(bytes[place + 3])
  }
}
