import Foundation

extension Secrets {
  /// Bytes on either side of a place in which a secret that lies across it is looked for.
  package static let reach = 8192

  /// Returns how much of the beginning of a long line can be shown by itself, without cutting a secret or a
  /// character in two; all of it where it is short.
  package func cut(_ line: Data) -> Int {
    guard line.count > 2 * Self.reach else { return line.count }
    var place = line.count - Self.reach
    if let secret = range(across: place, in: line) {
      place = secret.lowerBound > 0 ? secret.lowerBound : secret.upperBound
    }
    while place > 1, line[line.startIndex + place] & 0xc0 == 0x80 { place -= 1 }
    return place
  }

  /// Returns the secret that begins before a place and ends behind it, counted from the first byte.
  package func range(across place: Int, in bytes: Data) -> Range<Int>? {
    let first = max(0, place - Self.reach)
    let window = Array(
      bytes[(bytes.startIndex + first)..<(bytes.startIndex + min(bytes.count, place + Self.reach))])
    // A character for each byte, so that places are bytes whatever the text is.
    let text = Self.wide(window)
    func find(_ found: Range<String.Index>) -> Range<Int>? {
      let scalars = text.unicodeScalars
      let lower = first + scalars.distance(from: scalars.startIndex, to: found.lowerBound)
      let upper = lower + scalars.distance(from: found.lowerBound, to: found.upperBound)
      return lower < place && upper > place ? lower..<upper : nil
    }
    for value in values {
      let wanted = Self.wide(Array(value.utf8))
      for found in text.ranges(of: wanted) {
        if let range = find(found) { return range }
      }
    }
    guard Self.hints.contains(where: { text.contains($0) }) else { return nil }
    for shape in Self.shapes {
      for match in text.matches(of: shape) {
        if let range = find(match.range) { return range }
      }
    }
    return nil
  }

  private static func wide(_ bytes: [UInt8]) -> String {
    var view = String.UnicodeScalarView()
    for byte in bytes { view.append(Unicode.Scalar(byte)) }
    return String(view)
  }
}
