/// SHA-1, with which git ends its index files.
struct SHA1 {
  private var a: UInt32 = 0x6745_2301
  private var b: UInt32 = 0xefcd_ab89
  private var c: UInt32 = 0x98ba_dcfe
  private var d: UInt32 = 0x1032_5476
  private var e: UInt32 = 0xc3d2_e1f0

  /// Returns the 20 bytes of a digest.
  static func digest(_ data: UnsafeRawBufferPointer) -> [UInt8] {
    var state = SHA1()
    let whole = data.count / 64 * 64
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { words in
      for start in stride(from: 0, to: whole, by: 64) {
        state.take(UnsafeRawBufferPointer(rebasing: data[start..<(start + 64)]), words)
      }
      var rest = Array(data[whole...]) + [0x80]
      while rest.count % 64 != 56 { rest.append(0) }
      let bits = UInt64(data.count) * 8
      for shift in stride(from: 56, through: 0, by: -8) {
        rest.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
      }
      rest.withUnsafeBytes { bytes in
        for start in stride(from: 0, to: bytes.count, by: 64) {
          state.take(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + 64)]), words)
        }
      }
    }
    return [state.a, state.b, state.c, state.d, state.e].flatMap { word in
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
  }

  /// Takes in 64 bytes.
  private mutating func take(
    _ block: UnsafeRawBufferPointer, _ words: UnsafeMutableBufferPointer<UInt32>
  ) {
    for place in 0..<16 {
      words[place] = UInt32(
        bigEndian: block.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self))
    }
    for place in 16..<80 {
      let mixed = words[place - 3] ^ words[place - 8] ^ words[place - 14] ^ words[place - 16]
      words[place] = mixed << 1 | mixed >> 31
    }
    var (v, w, x, y, z) = (a, b, c, d, e)
    @inline(__always) func round(_ place: Int, _ mixed: UInt32, _ constant: UInt32) {
      let next = (v << 5 | v >> 27) &+ mixed &+ z &+ constant &+ words[place]
      (z, y, x, w, v) = (y, x, w << 30 | w >> 2, v, next)
    }
    for place in 0..<20 { round(place, w & x | ~w & y, 0x5a82_7999) }
    for place in 20..<40 { round(place, w ^ x ^ y, 0x6ed9_eba1) }
    for place in 40..<60 { round(place, w & x | w & y | x & y, 0x8f1b_bcdc) }
    for place in 60..<80 { round(place, w ^ x ^ y, 0xca62_c1d6) }
    a &+= v
    b &+= w
    c &+= x
    d &+= y
    e &+= z
  }
}
