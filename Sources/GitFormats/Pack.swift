/// A pack file of git, with its index.
package struct Pack {
  private let index: PackIndex
  private let bytes: ByteView

  /// Longer chains of changes are left to git, which makes them of 50 at most by itself.
  private static let longestChain = 4096

  /// - Returns: `nil` where one of the two has a form that is not understood.
  package init?(index: UnsafeRawBufferPointer, pack: UnsafeRawBufferPointer) {
    guard let index = PackIndex(index) else { return nil }
    self.index = index
    bytes = ByteView(pack)
    guard bytes.holds("PACK", at: 0), [2, 3].contains(bytes.number32(4)) else { return nil }
  }

  /// Returns whether the pack holds an object.
  package func contains(_ id: [UInt8]) -> Bool { index.offset(of: id) != nil }

  /// Returns an object; `nil` where it is not there, or damaged.
  ///
  /// - Parameters:
  ///   - id: 20 bytes.
  ///   - bases: keeps what is unpacked on the way, for whoever reads many objects: most are stored as a change to
  ///     another.
  package func object(_ id: [UInt8], bases: (any PackBases)? = nil) -> GitObject? {
    guard var place = index.offset(of: id) else { return nil }
    var deltas: [(place: Int, delta: [UInt8])] = []
    var size = 0
    while deltas.count < Self.longestChain {
      if let known = bases?.object(at: place) { return Self.apply(deltas, to: known, bases) }
      guard let entry = entry(at: place) else { return nil }
      size += entry.content.count
      guard size <= GitObject.limit else { return nil }
      switch entry.form {
      case .whole(let kind):
        let object = GitObject(kind: kind, content: entry.content)
        bases?.keep(object, at: place)
        return Self.apply(deltas, to: object, bases)
      case .change(let base):
        guard base != place else { return nil }
        deltas.append((place, entry.content))
        place = base
      }
    }
    return nil
  }

  private static func apply(
    _ deltas: [(place: Int, delta: [UInt8])], to base: GitObject, _ bases: (any PackBases)?
  ) -> GitObject? {
    var object = base
    for (place, delta) in deltas.reversed() {
      guard let changed = ObjectDelta.apply(delta, to: object.content) else { return nil }
      object = GitObject(kind: base.kind, content: changed)
      bases?.keep(object, at: place)
    }
    return object
  }

  private struct Entry {
    enum Form {
      case whole(GitObject.Kind)
      /// A change to the object at this place.
      case change(Int)
    }

    var form: Form
    var content: [UInt8]
  }

  /// Reads the head of an entry: three bits of kind, the size in groups of seven bits, and for a change
  /// the way to its base.
  private func entry(at start: Int) -> Entry? {
    guard start >= 12, var byte = bytes[start] else { return nil }
    var place = start + 1
    let kind = byte >> 4 & 7
    var size = Int(byte & 15)
    var shift = 4
    while byte & 0x80 != 0 {
      guard shift < 32, let next = bytes[place] else { return nil }
      size |= Int(next & 0x7f) << shift
      shift += 7
      place += 1
      byte = next
    }
    let form: Entry.Form
    switch kind {
    case 6:
      guard let (distance, end) = distance(at: place), distance <= start else { return nil }
      form = .change(start - distance)
      place = end
    case 7:
      guard let base = bytes.slice(place, place + 20), let found = index.offset(of: Array(base))
      else { return nil }
      form = .change(found)
      place += 20
    default:
      guard let kind = GitObject.Kind(rawValue: kind) else { return nil }
      form = .whole(kind)
    }
    guard size <= GitObject.limit, let packed = bytes.tail(place),
      let content = Inflate.exactly(size, of: packed)
    else { return nil }
    return Entry(form: form, content: content)
  }

  /// Reads how far before an entry its base lies: groups of seven bits, the highest first, each
  /// further group counted from one.
  private func distance(at start: Int) -> (Int, end: Int)? {
    guard var byte = bytes[start] else { return nil }
    var place = start + 1
    var value = Int(byte & 0x7f)
    while byte & 0x80 != 0 {
      guard value < 1 << 48, let next = bytes[place] else { return nil }
      value = (value + 1) << 7 | Int(next & 0x7f)
      place += 1
      byte = next
    }
    return value > 0 ? (value, place) : nil
  }
}

/// Objects of a pack that were unpacked a while ago, by their places in it.
package protocol PackBases {
  func object(at place: Int) -> GitObject?
  func keep(_ object: GitObject, at place: Int)
}
