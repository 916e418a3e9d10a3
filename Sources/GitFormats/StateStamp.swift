import Glibc

/// What changes whenever anything is written to an SQLite database with a write-ahead log: the head of
/// the log's index, which every transaction that writes ends with (`…-shm`, as SQLite's "WAL-mode File
/// Format" describes it), and which file the database is and when it took in the log.
///
/// Equal stamps mean that nothing was written in between.
package struct StateStamp: Sendable, Equatable {
  package let bytes: [UInt8]

  private static let headCount = 48

  /// Reads the stamp of a database; `nil` where nobody has it open, or it is just being written.
  package init?(database path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    // Never closed: to close any descriptor of a file ends every lock that the process holds on it, SQLite's
    // own on this one among them, and then two processes write at once (fcntl(2), F_SETLK). The process
    // is about to end anyway.
    let descriptor = open(path + "-shm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let index = FileBytes.readAll(descriptor: descriptor, limit: 2 * Self.headCount)
    let file = [
      Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino),
      status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
    ]
    self.init(file: file, index: index)
  }

  /// - Parameters:
  ///   - file: what tells the database's file and its state from others.
  ///   - index: the start of the log's index, which holds its head twice.
  package init?(file: [Int], index: [UInt8]) {
    let (one, other) = (index.prefix(Self.headCount), index.dropFirst(Self.headCount))
    guard one.count == Self.headCount, other.starts(with: one), one[12] == 1 else { return nil }
    bytes =
      Array(one)
      + file.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
  }

  /// Tells whether exactly one transaction has been written since an earlier stamp, which has to be taken
  /// with the right to write in hand.
  package func isNext(to earlier: StateStamp) -> Bool {
    counter == earlier.counter &+ 1
      && bytes.dropFirst(Self.headCount) == earlier.bytes.dropFirst(Self.headCount)
  }

  /// The count of transactions, in the machine's own order of bytes.
  private var counter: UInt32 {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self) }
  }
}
