/// Text of programs, as it may be shown to people.
package enum TerminalSafeText {
  /// Returns whether a character only shows itself: neither a control character, also of the second set (a
  /// terminal takes U+009B for an escape sequence's begin), nor one that is invisible or turns the direction of
  /// what follows.
  package static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a: true
    case 0..<0x20, 0x7f...0x9f, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069,
      0xe0000...0xe007f:
      false
    default: true
    }
  }

  /// Drops the sequences by which programs move the cursor or set colours.
  package static func strip(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) || $0 == 0x09 || $0 == 0x0a }) {
      return text
    }
    var result = ""
    var scalars = text.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      if scalar == "\u{1b}" {
        guard let next = scalars.next() else { break }
        if next == "[" {
          while let part = scalars.next(), !(0x40...0x7e).contains(part.value) {}
        } else if next == "]" {
          while let part = scalars.next(), part != "\u{7}" {
            if part == "\u{1b}" {
              _ = scalars.next()
              break
            }
          }
        }
      } else if isHarmless(scalar) {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
