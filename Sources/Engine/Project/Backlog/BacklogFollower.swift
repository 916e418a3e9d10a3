import Foundation

/// Notices that `features.yml` has changed while a run goes on.
struct BacklogFollower {
  private let file: String
  /// The stamp of the file that was read last or is to be skipped.
  private var read: Stamp?
  private var seen: Stamp?
  private var missing = 0

  private struct Stamp: Equatable {
    var inode: UInt64
    var size: Int64
    var written: [Int]

    init?(_ path: String) {
      var facts = stat()
      guard stat(path, &facts) == 0 else { return nil }
      inode = UInt64(facts.st_ino)
      size = Int64(facts.st_size)
      // An editor may set the time of the last change back, but not that of the file's node.
      written = [
        facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec,
      ]
    }
  }

  /// The result of a look at the file.
  enum Look: Equatable {
    case same, changed
    /// It is not there any more, and was not for a while.
    case gone
  }

  /// - Parameter file: its path; what it holds now may have been written since the run has read it.
  init(file: String) { self.file = file }

  /// Looks at the file. One that is just being written is left alone until it stays as it is for one look.
  mutating func look() -> Look {
    let stamp = Stamp(file)
    defer { seen = stamp }
    guard let stamp else {
      missing += 1
      return missing == Self.patience ? .gone : .same
    }
    missing = 0
    guard stamp != read, stamp == seen else { return .same }
    read = stamp
    return .changed
  }

  /// Has what it holds read again at the next look.
  mutating func forget() { read = nil }

  /// Whether it holds something that was not read yet.
  var isBehind: Bool { Stamp(file).map { $0 != read } ?? false }

  /// Looks for which the file may be away, as it is for a moment where an editor replaces it.
  private static let patience = 4
}
