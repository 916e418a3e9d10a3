/// Text of programs, as it may be shown to people.
package enum PlainText {
  /// Drops the sequences by which programs move the cursor or set colours.
  package static func strip(_ text: String) -> String {
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
      } else if scalar.value >= 0x20 || scalar == "\t" || scalar == "\n" {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
