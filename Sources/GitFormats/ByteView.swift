/// Bytes of a file; nothing outside them can be read.
struct ByteView {
  private let raw: UnsafeRawBufferPointer

  init(_ raw: UnsafeRawBufferPointer) { self.raw = raw }

  var count: Int { raw.count }

  /// Returns a byte; `nil` outside.
  subscript(_ place: Int) -> UInt8? {
    place >= 0 && place < raw.count ? raw[place] : nil
  }

  /// Returns the four bytes at a place as a number, the highest first; `nil` outside.
  func number32(_ place: Int) -> Int? {
    guard place >= 0, place <= raw.count - 4 else { return nil }
    return Int(UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
  }

  /// Returns the two bytes at a place as a number, the highest first; `nil` outside.
  func number16(_ place: Int) -> Int? {
    guard place >= 0, place <= raw.count - 2 else { return nil }
    return Int(UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt16.self)))
  }

  /// Returns the bytes of a range; `nil` where it is not all inside.
  func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer? {
    guard start >= 0, start <= end, end <= raw.count else { return nil }
    return UnsafeRawBufferPointer(rebasing: raw[start..<end])
  }

  /// Returns the bytes from a place to the end; `nil` outside.
  func tail(_ start: Int) -> UnsafeRawBufferPointer? { slice(start, raw.count) }

  /// Returns where a byte stands, looking from a place on; `nil` where it does not.
  func index(of byte: UInt8, from start: Int) -> Int? {
    guard start >= 0, start < raw.count else { return nil }
    return raw[start...].firstIndex(of: byte)
  }

  /// Compares the bytes at a place with others: below, at or above 0; `nil` outside.
  func compare(_ place: Int, _ other: [UInt8]) -> Int? {
    guard let own = slice(place, place + other.count) else { return nil }
    for position in other.indices where own[position] != other[position] {
      return Int(own[position]) - Int(other[position])
    }
    return 0
  }

  /// Returns whether these bytes stand at a place.
  func holds(_ text: StaticString, at place: Int) -> Bool {
    guard let own = slice(place, place + text.utf8CodeUnitCount) else { return false }
    return text.withUTF8Buffer { own.elementsEqual($0) }
  }
}
