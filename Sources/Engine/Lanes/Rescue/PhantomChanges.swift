import Foundation
import Git

/// Finds what git shows as changed in a worktree although nobody has written to it: line ends and filters that the
/// history was not made with let a file look changed right after a checkout.
package enum PhantomChanges {
  /// More bytes are not read twice.
  private static let mostBytes: Int64 = 1 << 31

  /// Returns those paths of a status whose files are what a checkout of HEAD writes.
  ///
  /// Nothing is returned where attributes have changed, since they say what a checkout writes. Blocks.
  package static func paths(
    _ status: [StatusEntry], _ repository: Repository
  ) throws -> Set<[UInt8]> {
    guard let directory = repository.workingDirectory,
      !status.contains(where: { $0.path.suffix(14).elementsEqual(".gitattributes".utf8) })
    else { return [] }
    let kinds: [StatusEntry.Change?] = [nil, .modified]
    let candidates = status.filter {
      !$0.isUntracked && !$0.isConflicted && kinds.contains($0.staged)
        && kinds.contains($0.unstaged)
    }.map(\.path)
    guard !candidates.isEmpty else { return [] }
    let bytes = candidates.reduce(0) { $0 + size(Array(directory.utf8) + [0x2f] + $1) }
    guard bytes < mostBytes else { return [] }
    let scratch =
      repository.gitDirectory + "/lanekeeper-checkout-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    guard mkdir(scratch, 0o700) == 0 else { return [] }
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let index = ["GIT_INDEX_FILE": scratch + ".index"]
    defer { unlink(scratch + ".index") }
    let read = try GitProgram.run(
      ["read-tree", "HEAD"], directory: directory, environment: repository.environment,
      adding: index)
    guard read.status == 0 else { return [] }
    let result = try GitProgram.run(
      ["checkout-index", "-f", "-q", "-z", "--stdin", "--prefix=\(scratch)/"],
      directory: directory, environment: repository.environment, adding: index,
      input: candidates.flatMap { $0 + [0] })
    guard result.status == 0 else { return [] }
    return Set(
      candidates.filter {
        areEqual(Array(directory.utf8) + [0x2f] + $0, Array(scratch.utf8) + [0x2f] + $0)
      })
  }

  /// Names such files of a checkout, with what repairs it; `nil` where there are none.
  package static func words(_ repository: Repository) throws -> String? {
    let names = try paths(repository.status(), repository).map {
      String(decoding: $0, as: UTF8.self)
    }.sorted()
    guard let first = names.first else { return nil }
    let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    return (names.count == 1 ? "\(first) looks" : "\(names.count) files (\(shown)) look")
      + " changed right after a checkout, since line ends or filters differ from what the history "
      + "holds; that counts as nobody's work: `git add --renormalize .` and a commit repair it"
  }

  private static func size(_ path: [UInt8]) -> Int64 {
    var found = stat()
    return withPath(path) { lstat($0, &found) } == 0 ? Int64(found.st_size) : 0
  }

  private static func withPath<T>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> T) -> T {
    (path.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// Compares two files byte by byte; what is no plain file equals nothing.
  private static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    let files = [a, b].map {
      withPath($0) { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
    }
    defer { for file in files where file >= 0 { close(file) } }
    var facts = [stat(), stat()]
    for (index, file) in files.enumerated() {
      guard file >= 0, fstat(file, &facts[index]) == 0, facts[index].st_mode & S_IFMT == S_IFREG
      else { return false }
    }
    guard facts[0].st_size == facts[1].st_size,
      facts[0].st_mode & S_IXUSR == facts[1].st_mode & S_IXUSR
    else { return false }
    var (left, right) = ([UInt8](repeating: 0, count: 65_536), [UInt8](repeating: 0, count: 65_536))
    while true {
      let count = read(files[0], &left, left.count)
      if count == 0 { return true }
      var filled = 0
      while filled < count {
        let more = right.withUnsafeMutableBytes {
          read(files[1], $0.baseAddress! + filled, count - filled)
        }
        guard more > 0 else { return false }
        filled += more
      }
      guard count > 0, left[..<count] == right[..<count] else { return false }
    }
  }
}
