extension Output {
  /// Writes out what names and titles hold that would steer a terminal, begin a line of its own or turn the
  /// direction: `\x1b`.
  static func visible(_ line: String) -> String {
    func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      case 0x09: true
      case 0..<0x20, 0x7f...0x9f, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: false
      default: true
      }
    }
    guard !line.unicodeScalars.allSatisfy(isHarmless) else { return line }
    var result = ""
    for scalar in line.unicodeScalars {
      guard !isHarmless(scalar) else {
        result.unicodeScalars.append(scalar)
        continue
      }
      let digits = String(scalar.value, radix: 16)
      result +=
        scalar.value < 0x100 ? (scalar.value < 0x10 ? "\\x0" : "\\x") + digits : "<U+\(digits)>"
    }
    return result
  }
}
