// GitFormats: what the hook program reads that others wrote: git's index, its objects, packed
// references and the lines of `reference-transaction`. Nothing that the bytes hold can do harm, and
// what has a form that is not understood gives nothing, so that git is asked instead; the fuzz tests
// stand on that.

/// An object of git, unpacked.
package struct GitObject: Sendable, Equatable {
  /// The type of an object, numbered as in pack files.
  package enum Kind: UInt8, Sendable {
    case commit = 1
    case tree = 2
    case blob = 3
    case tag = 4
  }

  package let kind: Kind
  package let content: [UInt8]

  /// Larger objects are left to git.
  static let limit = 64 << 20

  /// Takes an unpacked object.
  package init(kind: Kind, content: [UInt8]) {
    self.kind = kind
    self.content = content
  }

  /// Reads an object that lies in a file of its own: zlib around the kind, a space, the size, NUL and
  /// the content.
  package init?(loose raw: [UInt8]) {
    let unpacked = raw.withUnsafeBytes { Inflate.all($0, limit: Self.limit) }
    guard let unpacked, let zero = unpacked.prefix(32).firstIndex(of: 0),
      let space = unpacked[..<zero].firstIndex(of: 0x20),
      let size = Int(String(decoding: unpacked[(space + 1)..<zero], as: UTF8.self)),
      size == unpacked.count - zero - 1
    else { return nil }
    switch String(decoding: unpacked[..<space], as: UTF8.self) {
    case "commit": kind = .commit
    case "tree": kind = .tree
    case "blob": kind = .blob
    case "tag": kind = .tag
    default: return nil
    }
    content = Array(unpacked[(zero + 1)...])
  }
}
