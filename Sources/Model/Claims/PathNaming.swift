@_spi(_Unicode) import Swift

/// Which spellings of a path name the same file, as git's configuration says of the file system.
package struct PathNaming: Hashable, Sendable {
  /// `core.ignorecase`: upper and lower case are one.
  package var ignoresCase: Bool
  /// `core.precomposeunicode`: composed and decomposed letters are one.
  package var composesUnicode: Bool

  package init(ignoresCase: Bool = false, composesUnicode: Bool = false) {
    self.ignoresCase = ignoresCase
    self.composesUnicode = composesUnicode
  }

  /// Every spelling is a file of its own, as on Linux.
  package static let exact = PathNaming()

  /// Reads what ``text`` wrote; anything else is exact.
  package init(text: String?) {
    let words = (text ?? "").split(separator: " ")
    self.init(
      ignoresCase: words.contains("ignorecase"),
      composesUnicode: words.contains("precomposeunicode"))
  }

  /// The naming as it stands in the state file.
  package var text: String {
    ((ignoresCase ? ["ignorecase"] : []) + (composesUnicode ? ["precomposeunicode"] : []))
      .joined(separator: " ")
  }

  /// Returns the one spelling that stands for all that name the same file.
  ///
  /// Bytes that are no UTF-8 stay as they are, but for the case of ASCII letters. Where case counts
  /// for nothing the letters of every script are folded, as such file systems do; git itself folds
  /// ASCII only. Folding too much can refuse a claim, folding too little would grant one file twice.
  package func key(_ bytes: [UInt8]) -> [UInt8] {
    guard ignoresCase || composesUnicode else { return bytes }
    if bytes.allSatisfy({ $0 < 0x80 }) { return ignoresCase ? bytes.map(Self.lowered) : bytes }
    guard var text = String(validating: bytes, as: UTF8.self) else {
      return ignoresCase ? bytes.map(Self.lowered) : bytes
    }
    if composesUnicode { text = Self.composed(text) }
    if ignoresCase {
      text = text.unicodeScalars.reduce(into: "") { $0 += $1.properties.lowercaseMapping }
      if composesUnicode { text = Self.composed(text) }
    }
    return Array(text.utf8)
  }

  static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte }

  /// Unicode's normalisation form C.
  private static func composed(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text._nfc { scalars.append(scalar) }
    return String(scalars)
  }
}
