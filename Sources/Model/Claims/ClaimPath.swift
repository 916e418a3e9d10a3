// Model: the values and rules that the program and the git hook share. It uses no library, since the hook
// starts at every commit.

/// A path inside the repository that can be claimed: one file, or everything below a directory.
package struct ClaimPath: Hashable, Sendable, CustomStringConvertible {
  /// The path relative to the repository, as git stores it, without a trailing slash. Where several
  /// spellings name one file, the one that stands for all of them (``PathNaming``).
  package let bytes: [UInt8]
  /// Whether everything below the path is meant; written with a trailing slash.
  package let isSubtree: Bool
  /// The spelling that was asked for, where it is not ``bytes``.
  package let spelled: [UInt8]?

  /// Reads a path as a person or an agent writes it, relative to the repository.
  ///
  /// Drops `.`, repeated and trailing slashes and resolves `..`; a trailing slash makes a subtree.
  /// Symbolic links are not followed here; ``PathReader`` does.
  /// - Throws: ``ClaimPathError``.
  package init(
    normalising raw: [UInt8], naming: PathNaming = .exact
  ) throws(ClaimPathError) {
    guard !raw.isEmpty else { throw .empty }
    guard !raw.contains(0) else { throw .containsNUL }
    guard raw.first != 0x2f else { throw .leavesRepository(PathText.quoted(raw)) }
    var parts: [[UInt8]] = []
    for part in raw.split(separator: 0x2f, omittingEmptySubsequences: true) {
      if part.elementsEqual([0x2e]) { continue }
      if part.elementsEqual([0x2e, 0x2e]) {
        guard parts.popLast() != nil else { throw .leavesRepository(PathText.quoted(raw)) }
      } else {
        parts.append(Array(part))
      }
    }
    try self.init(
      parts: parts, isSubtree: Self.meansSubtree(raw), naming: naming, written: raw)
  }

  /// Takes the names of directories and file, one after the other.
  ///
  /// - Parameter written: what errors quote.
  init(
    parts: [[UInt8]], isSubtree: Bool, naming: PathNaming, written: [UInt8]
  ) throws(ClaimPathError) {
    guard !parts.isEmpty else { throw .empty }
    guard !parts.contains(where: { Self.isGitDirectory($0, naming) }) else {
      throw .insideGitDirectory(PathText.quoted(written))
    }
    let joined = Array(parts.joined(separator: [0x2f]))
    guard joined.count <= 4096 else { throw .tooLong(joined.count) }
    self.init(spelled: joined, isSubtree: isSubtree, naming: naming)
  }

  /// Reads a path as a person or an agent writes it.
  package init(normalising text: String, naming: PathNaming = .exact) throws(ClaimPathError) {
    try self.init(normalising: Array(text.utf8), naming: naming)
  }

  /// Takes the path of one file as git gives it.
  package init(file bytes: [UInt8], naming: PathNaming = .exact) {
    self.init(spelled: bytes, isSubtree: false, naming: naming)
  }

  /// Takes a path as the lock table holds it.
  package init(stored bytes: [UInt8], isSubtree: Bool, spelled: [UInt8]? = nil) {
    self.bytes = bytes
    self.isSubtree = isSubtree
    self.spelled = spelled == bytes ? nil : spelled
  }

  private init(spelled: [UInt8], isSubtree: Bool, naming: PathNaming) {
    self.init(stored: naming.key(spelled), isSubtree: isSubtree, spelled: spelled)
  }

  /// Returns the same path under a file system's way of naming.
  package func named(by naming: PathNaming) -> ClaimPath {
    naming == .exact
      ? self : ClaimPath(spelled: spelled ?? bytes, isSubtree: isSubtree, naming: naming)
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
  package var description: String {
    PathText.quoted((spelled ?? bytes) + (isSubtree ? [0x2f] : []))
  }

  package static func == (a: ClaimPath, b: ClaimPath) -> Bool {
    a.bytes == b.bytes && a.isSubtree == b.isSubtree
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(bytes)
    hasher.combine(isSubtree)
  }

  static func meansSubtree(_ raw: [UInt8]) -> Bool {
    raw.last == 0x2f || raw.suffix(2).elementsEqual("/.".utf8)
      || raw.suffix(3).elementsEqual("/..".utf8)
  }

  /// Returns whether git would never track a name: its own directory in any case, and on file systems
  /// that ignore case also the short name that Windows gives it.
  private static func isGitDirectory(_ name: [UInt8], _ naming: PathNaming) -> Bool {
    let lowered = name.map(PathNaming.lowered)
    return lowered.elementsEqual(".git".utf8)
      || (naming.ignoresCase && lowered.elementsEqual("git~1".utf8))
  }
}

/// Why a text is no path that can be claimed.
package enum ClaimPathError: Error, Equatable, CustomStringConvertible {
  case empty
  case leavesRepository(String)
  case containsNUL
  case insideGitDirectory(String)
  case tooLong(Int)
  case tooManyLinks(String)

  package var description: String {
    switch self {
    case .empty:
      "an empty path can't be claimed; name a file, or a directory with a slash at its end"
    case .leavesRepository(let path):
      "'\(path)' leads out of the repository; write paths relative to its top"
    case .containsNUL: "a path can't contain a NUL byte"
    case .insideGitDirectory(let path): "'\(path)' lies in git's own directory"
    case .tooLong(let count): "the path has \(count) bytes; git takes at most 4096"
    case .tooManyLinks(let path): "'\(path)' goes round in symbolic links"
    }
  }
}
