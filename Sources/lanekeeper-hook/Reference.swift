/// Reads references from the files that git keeps them in.
struct References {
  let place: GitPlace

  /// Returns the commit that HEAD stands on, in hex; `nil` on a branch that is not born.
  var head: String? {
    guard let line = Files.line(place.gitDirectory + "/HEAD") else { return nil }
    if line.hasPrefix("ref: ") { return value(String(line.dropFirst(5))) }
    return Self.isObjectID(line) ? line : nil
  }

  /// Returns the value of a reference under `refs/`, in hex.
  func value(_ name: String, depth: Int = 0) -> String? {
    guard depth < 5 else { return nil }
    if let line = Files.line(place.commonDirectory + "/" + name) {
      if line.hasPrefix("ref: ") { return value(String(line.dropFirst(5)), depth: depth + 1) }
      return Self.isObjectID(line) ? line : nil
    }
    return packed(name)
  }

  /// Returns what `packed-refs` says of a reference, in hex.
  func packed(_ name: String) -> String? {
    guard let packed = Files.read(place.commonDirectory + "/packed-refs") else { return nil }
    let wanted = Array(" \(name)".utf8)
    for line in packed.split(separator: 0x0a) where line.count == 40 + wanted.count {
      if line.dropFirst(40).elementsEqual(wanted) {
        return String(decoding: line.prefix(40), as: UTF8.self)
      }
    }
    return nil
  }

  /// Tells whether git, having packed a reference, only drops its loose copy. Before a real deletion it
  /// takes the lock of `packed-refs` first.
  func isPruned(_ change: Change) -> Bool {
    change.isDeletion && packed(change.name) == change.old && value(change.name) == change.old
      && !Files.exists(place.commonDirectory + "/packed-refs.lock")
  }

  static func isObjectID(_ text: String) -> Bool {
    text.utf8.count == 40 && text.utf8.allSatisfy { Hex.digit($0) != nil }
  }
}

/// Object ids as text and as bytes.
enum Hex {
  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    case 0x41...0x46: byte - 0x41 + 10
    default: nil
    }
  }

  static func bytes(_ text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap(digit)
    guard digits.count == text.utf8.count, digits.count == 40 else { return nil }
    return stride(from: 0, to: 40, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  static func text(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
