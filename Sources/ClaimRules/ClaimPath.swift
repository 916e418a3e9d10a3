// ClaimRules: the rule by which paths are claimed, free of any library, so that the program and the
// git hook share one definition of it.

/// A path inside the repository that can be claimed: one file, or everything below a directory.
package struct ClaimPath: Hashable, Sendable, CustomStringConvertible {
  /// The path relative to the repository, as git stores it, without a trailing slash.
  package let bytes: [UInt8]
  /// Tells whether everything below the path is meant; written with a trailing slash.
  package let isSubtree: Bool

  /// Reads a path as a person or an agent writes it, relative to the repository.
  ///
  /// Drops `.`, repeated and trailing slashes and resolves `..`; a trailing slash makes a subtree.
  /// - Throws: ``ClaimPathError``.
  package init(normalising raw: [UInt8]) throws(ClaimPathError) {
    guard !raw.isEmpty else { throw .empty }
    guard !raw.contains(0) else { throw .containsNUL }
    guard raw.first != 0x2f else { throw .leavesRepository(ClaimPath.text(raw)) }
    var parts: [[UInt8]] = []
    for part in raw.split(separator: 0x2f, omittingEmptySubsequences: true) {
      if part.elementsEqual([0x2e]) { continue }
      if part.elementsEqual([0x2e, 0x2e]) {
        guard parts.popLast() != nil else { throw .leavesRepository(ClaimPath.text(raw)) }
      } else {
        parts.append(Array(part))
      }
    }
    guard let first = parts.first else { throw .empty }
    let lowered = first.map { $0 >= 0x41 && $0 <= 0x5a ? $0 + 32 : $0 }
    guard lowered != Array(".git".utf8) else {
      throw .insideGitDirectory(ClaimPath.text(raw))
    }
    bytes = Array(parts.joined(separator: [0x2f]))
    guard bytes.count <= 4096 else { throw .tooLong(bytes.count) }
    isSubtree =
      raw.last == 0x2f || raw.suffix(2).elementsEqual("/.".utf8)
      || raw.suffix(3).elementsEqual("/..".utf8)
  }

  /// Reads a path as a person or an agent writes it.
  package init(normalising text: String) throws(ClaimPathError) {
    try self.init(normalising: Array(text.utf8))
  }

  /// Takes the path of one file as git gives it.
  package init(file bytes: [UInt8]) {
    self.bytes = bytes
    isSubtree = false
  }

  /// Takes a path as the lock table holds it.
  package init(stored bytes: [UInt8], isSubtree: Bool) {
    self.bytes = bytes
    self.isSubtree = isSubtree
  }

  /// The directories above the path: of `a/b/c`, `a` and `a/b`.
  package var ancestors: [[UInt8]] {
    var result: [[UInt8]] = []
    for (index, byte) in bytes.enumerated() where byte == 0x2f {
      result.append(Array(bytes[..<index]))
    }
    return result
  }

  /// The path for people: a subtree ends in `/`, odd bytes are quoted as git quotes them.
  package var description: String { ClaimPath.text(bytes + (isSubtree ? [0x2f] : [])) }

  private static func text(_ bytes: [UInt8]) -> String {
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
}

/// Why a text is no path that can be claimed.
package enum ClaimPathError: Error, Equatable, CustomStringConvertible {
  case empty
  case leavesRepository(String)
  case containsNUL
  case insideGitDirectory(String)
  case tooLong(Int)

  package var description: String {
    switch self {
    case .empty:
      "an empty path can't be claimed; name a file, or a directory with a slash at its end"
    case .leavesRepository(let path):
      "'\(path)' leads out of the repository; write paths relative to its top"
    case .containsNUL: "a path can't contain a NUL byte"
    case .insideGitDirectory(let path): "'\(path)' lies in git's own directory"
    case .tooLong(let count): "the path has \(count) bytes; git takes at most 4096"
    }
  }
}
