import Engine
import Foundation
import Model

extension Terminal {
  /// Writes out what would steer the terminal; our own styles stay where there is colour.
  static func guarded(_ text: String) -> String {
    guard !text.unicodeScalars.allSatisfy(TerminalSafeText.isHarmless) else { return text }
    guard hasColour else { return visible(text) }
    var result = ""
    var rest = text[...]
    while let match = rest.firstMatch(of: /\u{1b}\[(?:[0-2]|3[1-6])m/) {
      result += visible(String(rest[..<match.range.lowerBound])) + match.output
      rest = rest[match.range.upperBound...]
    }
    return result + visible(String(rest))
  }

  /// Writes out what would steer the terminal, or show text in another order than it stands in a file:
  /// `\x1b` for an escape, `<U+202E>` for an override of the direction.
  static func visible(_ text: String) -> String {
    guard !text.unicodeScalars.allSatisfy(TerminalSafeText.isHarmless) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if TerminalSafeText.isHarmless(scalar) {
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
