import TestSupport

/// Makes odd bytes, the same for the same seed.
struct Mutator {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func below(_ bound: Int) -> Int { random.below(bound) }

  /// Changes a sample in one to eight places: flips, cuts, doubles, inserts, large numbers.
  mutating func mutate(_ sample: [UInt8]) -> [UInt8] {
    var bytes = sample
    for _ in 0...random.below(8) {
      guard !bytes.isEmpty else { return [UInt8](repeating: UInt8(random.below(256)), count: 9) }
      let place = random.below(bytes.count)
      switch random.below(8) {
      case 0: bytes[place] = UInt8(random.below(256))
      case 1: bytes[place] ^= 1 << UInt8(random.below(8))
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(16)))
      case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 12)], at: place)
      case 4: bytes.insert(UInt8(random.below(256)), at: place)
      case 5: for offset in place..<min(bytes.count, place + 4) { bytes[offset] = 0xff }
      case 6: bytes.removeLast(min(bytes.count, random.below(40)))
      default: bytes[place] = [0, 0x0a, 0x20, 0x2e, 0x2f, 0x7f, 0x80, 0xff][random.below(8)]
      }
    }
    return bytes
  }

  /// A path as somebody malicious may write it.
  mutating func path() -> [UInt8] {
    let words: [String] = [
      "..", ".", "/", "//", "a", "b", "dir", ".git", ".GIT", ".gIt", "...", "..a", "a..", " ", "\n",
      "\u{fc}", "u\u{308}", "\\", "~", "-", "*", ":", "C:",
    ]
    var bytes: [UInt8] = []
    for _ in 0...random.below(9) {
      switch random.below(12) {
      case 0: bytes.append(UInt8(random.below(256)))
      case 1: bytes += [0xff, 0xfe]
      default: bytes += Array(words[random.below(words.count)].utf8)
      }
      if !random.oneIn(4) { bytes.append(0x2f) }
    }
    if random.oneIn(400) { bytes += [UInt8](repeating: 0x61, count: 5000) }
    return bytes
  }
}

/// Inputs as git writes them.
enum Sample {
  private static func number(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// An index with two entries, a cache tree and its end, written as `git-index-format` says.
  static func index(version: Int) -> [UInt8] {
    var bytes = Array("DIRC".utf8) + number(version) + number(2)
    for name in ["a", "dir/some-longer-name.txt"] {
      let start = bytes.count
      bytes += [UInt8](repeating: 7, count: 60)
      let isExtended = version == 3 && name == "a"
      bytes += [isExtended ? 0x40 : 0, UInt8(name.utf8.count)]
      if isExtended { bytes += [0, 0] }
      if version == 4 {
        bytes += [0] + Array(name.utf8) + [0]
      } else {
        bytes += Array(name.utf8)
        let length = bytes.count - start
        bytes += [UInt8](repeating: 0, count: 8 - length % 8)
      }
    }
    let tree = [0] + Array("2 0\n".utf8) + [UInt8](repeating: 0xab, count: 20)
    bytes += Array("TREE".utf8) + number(tree.count) + tree
    return bytes + [UInt8](repeating: 0, count: 20)
  }

  static let commit: [UInt8] = Array(
    ("tree " + String(repeating: "12", count: 20) + "\nparent "
      + String(repeating: "34", count: 20) + "\nparent " + String(repeating: "56", count: 20)
      + "\nauthor A <a@example.org> 1 +0000\ncommitter A <a@example.org> 1 +0000\n\nwords\n").utf8)

  /// A tree of three entries, the second of which is a tree.
  static func tree(_ number: UInt8) -> [UInt8] {
    Array("100644 a\0".utf8) + [UInt8](repeating: number, count: 20)
      + Array("40000 dir\0".utf8) + [UInt8](repeating: 3, count: 20)
      + Array("100755 z\0".utf8) + [UInt8](repeating: number, count: 20)
  }

  /// A change from "tree with words in it" to "tree with other words".
  static let delta: [UInt8] =
    [21, 21, 0b1001_0000, 10] + [6] + Array("other ".utf8) + [0b1001_0001, 10, 5]

  /// A pack with a tree, a change that says how far before it its base lies, and one that names it; and
  /// its index.
  static let pack: (index: [UInt8], pack: [UInt8]) = {
    func entry(_ kind: UInt8, _ content: [UInt8], _ base: [UInt8] = []) -> [UInt8] {
      let size = content.count
      return [kind << 4 | UInt8(size & 15) | (size > 15 ? 0x80 : 0)]
        + (size > 15 ? [UInt8(size >> 4)] : []) + base + stored(content)
    }
    let first = entry(2, Array("tree with words in it".utf8))
    let second = entry(6, delta, [UInt8(first.count)])
    let third = entry(7, delta, [UInt8](repeating: 1, count: 20))
    let pack = Array("PACK".utf8) + number(2) + number(3) + first + second + third
    var index = [0xff, 0x74, 0x4f, 0x63] + number(2)
    for byte in 0..<256 { index += number(min(byte, 3)) }
    for id in 1...3 { index += [UInt8](repeating: UInt8(id), count: 20) }
    index += [UInt8](repeating: 0, count: 12)
    for place in [12, 12 + first.count, 12 + first.count + second.count] { index += number(place) }
    let end = [UInt8](repeating: 0, count: 20)
    return (index + end + end, pack + end)
  }()

  /// zlib's format without compression: one stored block and the checksum.
  static func stored(_ content: [UInt8]) -> [UInt8] {
    let size = UInt16(content.count)
    var (low, high) = (UInt32(1), UInt32(0))
    for byte in content {
      low = (low + UInt32(byte)) % 65521
      high = (high + low) % 65521
    }
    return [
      0x78, 0x01, 0x01, UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8),
    ]
      + content + number(Int(high << 16 | low))
  }

  static let changes: [UInt8] = {
    let (one, two) = (String(repeating: "12", count: 20), String(repeating: "ab", count: 20))
    let zero = String(repeating: "0", count: 40)
    return Array(
      "\(one) \(two) HEAD\n\(one) \(two) refs/heads/lane/1-x\n\(zero) \(two) refs/tags/t\n\(zero) \(zero) refs/stash\n"
        .utf8)
  }()

  static let packed: [UInt8] = Array(
    ("# pack-refs with: peeled fully-peeled sorted \n" + String(repeating: "12", count: 20)
      + " refs/heads/main\n" + String(repeating: "ab", count: 20) + " refs/tags/t\n^"
      + String(repeating: "cd", count: 20) + "\n").utf8)
}
