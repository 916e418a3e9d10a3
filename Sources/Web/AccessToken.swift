/// The secret of the `Authorization` header.
package struct AccessToken: Sendable, Equatable {
  package let text: String

  package init(_ text: String) { self.text = text }

  /// Makes a new one: 256 random bits in hex.
  package static func random() -> AccessToken {
    var generator = SystemRandomNumberGenerator()
    return AccessToken(
      (0..<4).map { _ in
        let digits = String(generator.next(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
      }.joined())
  }

  /// True if a header carries the token. The time does not depend on where they differ.
  func opens(_ header: String?) -> Bool {
    guard let header, !text.isEmpty else { return false }
    let (given, wanted) = (Array(header.utf8), Array("Bearer \(text)".utf8))
    guard given.count == wanted.count else { return false }
    return zip(given, wanted).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
