/// Reads paths as people and agents type them, with the links and directories that stand there.
///
/// git knows a file by the path without symbolic links: what is written to `current/a`, where
/// `current` is a link to `v2`, changes `v2/a`. So that is what gets claimed.
package struct PathReader: Sendable {
  /// The kind of file at a path.
  package enum Kind: Equatable, Sendable {
    /// Nothing, or a file.
    case file
    case directory
    /// A repository of its own, such as a submodule's checkout.
    case repository
    /// A symbolic link, with its text.
    case link([UInt8])
  }

  private let top: [[UInt8]]
  private let naming: PathNaming
  private let look: @Sendable (_ path: [UInt8]) -> Kind

  /// - Parameters:
  ///   - top: the absolute path of the checkout.
  ///   - look: tells what stands at an absolute path, the last link not followed.
  package init(
    top: [UInt8], naming: PathNaming, look: @escaping @Sendable (_ path: [UInt8]) -> Kind
  ) throws(ClaimPathError) {
    self.naming = naming
    self.look = look
    var walk = Walk(written: top, look: look)
    try walk.follow(Self.split(top), lastToo: true)
    self.top = walk.parts
  }

  /// Returns the paths to claim for one that was typed.
  ///
  /// A directory stands for everything below it, and so does whatever ends in a slash. A link is
  /// claimed itself, together with what it points to inside the repository.
  /// - Parameter directory: the absolute directory that a relative path starts from.
  package func read(
    _ raw: [UInt8], from directory: [UInt8]
  ) throws(ClaimPathError) -> [ClaimPath] {
    guard !raw.isEmpty else { throw .empty }
    guard !raw.contains(0) else { throw .containsNUL }
    guard raw.count <= 8192 else { throw .tooLong(raw.count) }
    let isSubtree = ClaimPath.meansSubtree(raw)
    var walk = Walk(written: raw, look: look)
    if raw.first != 0x2f { try walk.follow(Self.split(directory), lastToo: true) }
    try walk.follow(Self.split(raw), lastToo: false)
    var paths: [ClaimPath] = []
    switch walk.kind {
    case .link(let text):
      // A slash at the end asks for what the link points to, and for the link, too.
      paths.append(try path(walk.parts, isSubtree: false, raw))
      try walk.enter(text)
      if isInside(walk.parts) {
        paths.append(
          try path(walk.parts, isSubtree: isSubtree || walk.kind == .directory, raw))
      }
    case .directory: paths.append(try path(walk.parts, isSubtree: true, raw))
    case .repository: paths.append(try path(walk.parts, isSubtree: false, raw))
    case .file: paths.append(try path(walk.parts, isSubtree: isSubtree, raw))
    }
    return paths
  }

  private func isInside(_ parts: [[UInt8]]) -> Bool {
    parts.count > top.count && zip(parts, top).allSatisfy { naming.key($0) == naming.key($1) }
  }

  private func path(
    _ parts: [[UInt8]], isSubtree: Bool, _ raw: [UInt8]
  ) throws(ClaimPathError) -> ClaimPath {
    guard isInside(parts) else {
      if parts.count == top.count, zip(parts, top).allSatisfy({ naming.key($0) == naming.key($1) })
      {
        throw .empty
      }
      throw .leavesRepository(PathText.quoted(raw))
    }
    var inner = Array(parts[top.count...])
    // What lies in a repository inside this one is a path of that repository, not of this.
    for count in 1..<max(inner.count, 1)
    where look(Walk.absolute(top + inner[..<count])) == .repository {
      inner = Array(inner[..<count])
      return try ClaimPath(parts: inner, isSubtree: false, naming: naming, written: raw)
    }
    return try ClaimPath(parts: inner, isSubtree: isSubtree, naming: naming, written: raw)
  }

  private static func split(_ path: [UInt8]) -> [[UInt8]] {
    path.split(separator: 0x2f, omittingEmptySubsequences: true).map(Array.init)
  }

  /// A walk from the root of the file system, as the kernel does it.
  private struct Walk {
    let written: [UInt8]
    let look: (_ path: [UInt8]) -> Kind
    var parts: [[UInt8]] = []
    var kind = Kind.directory
    private var links = 0

    init(written: [UInt8], look: @escaping (_ path: [UInt8]) -> Kind) {
      self.written = written
      self.look = look
    }

    static func absolute(_ parts: [[UInt8]]) -> [UInt8] {
      [0x2f] + Array(parts.joined(separator: [0x2f]))
    }

    mutating func follow(_ names: [[UInt8]], lastToo: Bool) throws(ClaimPathError) {
      for (number, name) in names.enumerated() {
        if name == [0x2e] { continue }
        if name == [0x2e, 0x2e] {
          _ = parts.popLast()
          kind = .directory
          continue
        }
        parts.append(name)
        kind = look(Self.absolute(parts))
        if case .link(let text) = kind, lastToo || number < names.count - 1 { try enter(text) }
      }
    }

    /// Goes to where the link points that was reached last.
    mutating func enter(_ text: [UInt8]) throws(ClaimPathError) {
      links += 1
      guard links <= 40 else { throw .tooManyLinks(PathText.quoted(written)) }
      _ = parts.popLast()
      if text.first == 0x2f { parts = [] }
      kind = .directory
      try follow(PathReader.split(text), lastToo: true)
    }
  }
}
