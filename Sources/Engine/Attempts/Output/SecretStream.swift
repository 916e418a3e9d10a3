import Foundation

/// Hides the environment's secrets in bytes that come piece by piece, also where one lies across two pieces.
package struct SecretStream {
  private static let cover = Data("[secret]".utf8)

  private let values: [Data]
  /// The end of what came, in which a secret may have begun.
  private var held = Data()
  /// Tells whether a secret was met.
  package private(set) var hasHidden = false

  package init(_ secrets: Secrets) { values = secrets.values.map { Data($0.utf8) } }

  /// Takes the next bytes; returns those that can be shown by now.
  package mutating func take(_ bytes: Data) -> Data {
    guard let longest = values.map(\.count).max() else { return bytes }
    return hide(held + bytes, keeping: longest - 1)
  }

  /// Forgets what is held back, where the next bytes do not follow on it.
  package mutating func drop() { held = Data() }

  /// Returns what is left at the end.
  package mutating func end() -> Data { hide(held, keeping: 0) }

  private mutating func hide(_ bytes: Data, keeping end: Int) -> Data {
    var result = Data()
    var position = bytes.startIndex
    for found in secrets(in: bytes) where found.lowerBound >= position {
      result += bytes[position..<found.lowerBound] + Self.cover
      position = found.upperBound
      hasHidden = true
    }
    let cut = max(position, bytes.endIndex - end)
    result += bytes[position..<cut]
    held = Data(bytes[cut...])
    return result
  }

  /// Where secrets stand, from the first on, of two that begin at one place the longer.
  private func secrets(in bytes: Data) -> [Range<Data.Index>] {
    var result: [Range<Data.Index>] = []
    for value in values {
      var start = bytes.startIndex
      while let found = bytes.range(of: value, in: start..<bytes.endIndex) {
        result.append(found)
        start = found.upperBound
      }
    }
    return result.sorted { ($0.lowerBound, $1.upperBound) < ($1.lowerBound, $0.upperBound) }
  }
}
