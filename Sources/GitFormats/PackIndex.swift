/// The index beside a pack file, in git's second version: where in the pack an object lies.
package struct PackIndex {
  private let bytes: ByteView
  private let count: Int

  /// - Returns: `nil` where it has another form.
  package init?(_ raw: UnsafeRawBufferPointer) {
    bytes = ByteView(raw)
    guard bytes.number32(0) == 0xff74_4f63, bytes.number32(4) == 2,
      let count = bytes.number32(8 + 255 * 4), bytes.count >= 1032 + count * 28 + 40
    else { return nil }
    self.count = count
  }

  /// Returns the place of an object in the pack; `nil` where it is not there.
  ///
  /// - Parameter id: 20 bytes.
  package func offset(of id: [UInt8]) -> Int? {
    guard id.count == 20, let high = bytes.number32(8 + Int(id[0]) * 4), high <= count else {
      return nil
    }
    var upper = high
    var lower = 0
    if id[0] > 0 {
      guard let low = bytes.number32(4 + Int(id[0]) * 4) else { return nil }
      lower = low
    }
    while lower < upper {
      let middle = (lower + upper) / 2
      guard let order = bytes.compare(1032 + middle * 20, id) else { return nil }
      if order == 0 { return offset(at: middle) }
      if order < 0 { lower = middle + 1 } else { upper = middle }
    }
    return nil
  }

  private func offset(at position: Int) -> Int? {
    guard let short = bytes.number32(1032 + count * 24 + position * 4) else { return nil }
    guard short & 0x8000_0000 != 0 else { return short }
    let place = 1032 + count * 28 + (short & 0x7fff_ffff) * 8
    guard let high = bytes.number32(place), high < 0x8000, let low = bytes.number32(place + 4)
    else {
      return nil
    }
    return high << 32 | low
  }
}
