import Foundation

extension Terminal {
  /// Writes out what would steer the terminal, or show text in another order than it stands in a file:
  /// `\x1b` for an escape, `<U+202E>` for an override of the direction.
  static func visible(_ text: String) -> String {
    func isPlain(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      case 0x09, 0x0a: true
      case 0..<0x20, 0x7f...0x9f, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: false
      default: true
      }
    }
    guard !text.unicodeScalars.allSatisfy(isPlain) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isPlain(scalar) {
        result.unicodeScalars.append(scalar)
      } else if scalar.value < 0x100 {
        result += String(format: "\\x%02x", scalar.value)
      } else {
        result += String(format: "<U+%04X>", scalar.value)
      }
    }
    return result
  }

  /// The same for a text that stands in one line.
  static func visibleLine(_ text: String) -> String {
    visible(text.split(whereSeparator: \.isNewline).joined(separator: " "))
  }
}
