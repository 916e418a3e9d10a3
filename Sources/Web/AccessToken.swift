/// The secret of the `Authorization` header.
package struct AccessToken: Sendable, Equatable {
  package let text: String

  package init(_ text: String) { self.text = text }

  /// True if a header carries the token. The time does not depend on where they differ.
  func opens(_ header: String?) -> Bool {
    guard let header, !text.isEmpty else { return false }
    let (given, wanted) = (Array(header.utf8), Array("Bearer \(text)".utf8))
    guard given.count == wanted.count else { return false }
    return zip(given, wanted).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
