/// Paths as text for people: plain where they can be, else quoted as git quotes them.
package enum PathText {
  /// Quotes control bytes, quotes, backslashes and whatever is no UTF-8 text.
  package static func quoted(_ bytes: [UInt8]) -> String {
    let isPlain = !bytes.contains { $0 < 0x20 || $0 == 0x7f || $0 == 0x22 || $0 == 0x5c }
    if isPlain, let text = String(validating: bytes, as: UTF8.self) { return text }
    var out = "\""
    for byte in bytes {
      switch byte {
      case 0x22: out += "\\\""
      case 0x5c: out += "\\\\"
      case 0x0a: out += "\\n"
      case 0x09: out += "\\t"
      case 0x20...0x7e: out.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let octal = String(byte, radix: 8)
        out += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
      }
    }
    return out + "\""
  }

  /// Reads what ``quoted(_:)`` wrote, so that a printed path can be pasted.
  ///
  /// - Returns: `nil` for a text that is not in quotes, or not well formed.
  package static func unquoted(_ text: [UInt8]) -> [UInt8]? {
    guard text.count >= 2, text.first == 0x22, text.last == 0x22 else { return nil }
    var out: [UInt8] = []
    var rest = text.dropFirst().dropLast()
    while let byte = rest.popFirst() {
      guard byte != 0x22 else { return nil }
      guard byte == 0x5c else {
        out.append(byte)
        continue
      }
      switch rest.popFirst() {
      case 0x22: out.append(0x22)
      case 0x5c: out.append(0x5c)
      case UInt8(ascii: "n"): out.append(0x0a)
      case UInt8(ascii: "t"): out.append(0x09)
      case let digit? where (0x30...0x33).contains(digit):
        var value = Int(digit) - 0x30
        for _ in 0..<2 {
          guard let next = rest.popFirst(), (0x30...0x37).contains(next) else { return nil }
          value = value * 8 + Int(next) - 0x30
        }
        out.append(UInt8(value))
      default: return nil
      }
    }
    return out
  }
}
