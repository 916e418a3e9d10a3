/// A change from one object to another, as pack files hold it.
package enum ObjectDelta {
  /// Returns the changed object; `nil` where the change does not belong to this base, or is damaged.
  package static func apply(_ delta: [UInt8], to base: [UInt8]) -> [UInt8]? {
    var place = 0
    guard size(delta, &place) == base.count, let size = size(delta, &place),
      size <= GitObject.limit
    else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(size)
    while place < delta.count {
      let command = delta[place]
      place += 1
      if command & 0x80 != 0 {
        guard let range = copied(command, delta, &place), range.upperBound <= base.count,
          range.count <= size - result.count
        else { return nil }
        result += base[range]
      } else {
        let count = Int(command)
        guard count > 0, count <= delta.count - place, count <= size - result.count else {
          return nil
        }
        result += delta[place..<(place + count)]
        place += count
      }
    }
    return result.count == size ? result : nil
  }

  /// Reads a size: groups of seven bits, the lowest first.
  private static func size(_ delta: [UInt8], _ place: inout Int) -> Int? {
    var value = 0
    var shift = 0
    while place < delta.count, shift < 35 {
      let byte = delta[place]
      place += 1
      value |= Int(byte & 0x7f) << shift
      guard byte & 0x80 != 0 else { return value }
      shift += 7
    }
    return nil
  }

  /// Reads which part of the base is copied: the command's bits tell which bytes of start and length
  /// follow.
  private static func copied(
    _ command: UInt8, _ delta: [UInt8], _ place: inout Int
  ) -> Range<Int>? {
    var start = 0
    var count = 0
    for bit in 0..<7 where command & 1 << UInt8(bit) != 0 {
      guard place < delta.count else { return nil }
      let value = Int(delta[place])
      place += 1
      if bit < 4 { start |= value << (8 * bit) } else { count |= value << (8 * (bit - 4)) }
    }
    if count == 0 { count = 0x1_0000 }
    return start..<(start + count)
  }
}
