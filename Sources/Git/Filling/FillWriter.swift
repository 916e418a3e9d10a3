import Foundation
import Synchronization

/// Writes the files of a plan with several threads, and each file's facts into the index.
struct FillWriter {
  /// The empty directory that is filled.
  let root: Int32
  let pieces: [FillPlan.Piece]
  /// The bytes of the plan's index.
  let index: UnsafeMutableRawBufferPointer
  let packed: PackedBlobs
  /// Opens a repository for one thread.
  let open: @Sendable () throws -> Repository

  /// State shared by the threads. No two of them write to the same bytes of the index.
  private struct Shared: @unchecked Sendable {
    let writer: FillWriter
  }

  /// Writes everything.
  ///
  /// - Throws: what the first thread ran into that failed; some of the files are written then.
  func run(threads: Int) throws {
    let shared = Shared(writer: self)
    let next = Atomic(0)
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      do {
        let blobs = try StoredBlobs(shared.writer.open(), packed: shared.writer.packed)
        while failure.withLock({ $0 == nil }) {
          let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard number < shared.writer.pieces.count else { return }
          let writer = shared.writer
          try Self.fill(
            writer.pieces[number], below: writer.root, index: writer.index, blobs)
        }
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Writes some files, and their facts into the index.
  static func fill(
    _ pieces: [FillPlan.Piece], below root: Int32, index: UnsafeMutableRawBufferPointer,
    _ blobs: StoredBlobs
  ) throws {
    for piece in pieces { try fill(piece, below: root, index: index, blobs) }
  }

  private static func fill(
    _ piece: FillPlan.Piece, below root: Int32, index: UnsafeMutableRawBufferPointer,
    _ blobs: StoredBlobs
  ) throws {
    var directory = root
    if !piece.directory.isEmpty {
      directory = path(piece.directory) { name in
        openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      }
      guard directory >= 0 else { throw GitError.system("open a directory", errno) }
    }
    defer { if directory != root { close(directory) } }
    for entry in piece.entries {
      let base = index.baseAddress! + entry
      let id = ObjectID(
        raw: UnsafeRawBufferPointer(start: base + FillPlan.Entry.id, count: 20))
      let mode = UInt32(
        bigEndian: base.loadUnaligned(fromByteOffset: FillPlan.Entry.mode, as: UInt32.self))
      let name = (base + FillPlan.Entry.path + piece.directory.count)
        .assumingMemoryBound(to: CChar.self)
      var facts = stat()
      switch mode {
      case 0o160000:
        guard mkdirat(directory, name, 0o777) == 0 else {
          throw GitError.system("make a directory", errno)
        }
        guard fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
          throw GitError.system("look at a directory", errno)
        }
      case 0o120000:
        try blobs.read(id) { target in
          guard !target.isEmpty, !target.contains(0) else { throw FillPlan.NotPlain() }
          let result = path(Array(target)) { symlinkat($0, directory, name) }
          guard result == 0 else { throw GitError.system("make a symbolic link", errno) }
        }
        guard fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
          throw GitError.system("look at a symbolic link", errno)
        }
      default:
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = openat(directory, name, flags, mode_t(mode & 0o100 == 0 ? 0o666 : 0o777))
        guard file >= 0 else { throw GitError.system("make a file", errno) }
        defer { close(file) }
        try blobs.read(id) { try store($0, in: file) }
        guard fstat(file, &facts) == 0 else { throw GitError.system("look at a file", errno) }
      }
      store(facts, at: base)
    }
  }

  /// Stores what git compares later to see whether a file was changed.
  private static func store(_ facts: stat, at entry: UnsafeMutableRawPointer) {
    func put(_ place: Int, _ value: some BinaryInteger) {
      entry.storeBytes(
        of: UInt32(truncatingIfNeeded: value).bigEndian, toByteOffset: place, as: UInt32.self)
    }
    put(0, facts.st_ctim.tv_sec)
    put(4, facts.st_ctim.tv_nsec)
    put(8, facts.st_mtim.tv_sec)
    put(12, facts.st_mtim.tv_nsec)
    put(16, facts.st_dev)
    put(20, facts.st_ino)
    put(28, facts.st_uid)
    put(32, facts.st_gid)
    put(36, facts.st_size)
  }

  /// Writes bytes to a file, all of them.
  static func store(_ bytes: UnsafeRawBufferPointer, in file: Int32) throws {
    var rest = bytes
    while !rest.isEmpty {
      let written = write(file, rest.baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw GitError.system("write a file", errno)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// Calls the system with a path, which has no NUL byte.
  static func path(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
    (bytes + [0]).withUnsafeBytes { body($0.assumingMemoryBound(to: CChar.self).baseAddress!) }
  }
}
