import CProcess

/// Directories that may grow by so much while the command runs.
struct Disk {
  private let directories: [String]
  private let most: Int64
  /// When to look again, in milliseconds since the machine started.
  private(set) var nextLook: Int64

  init(_ directories: [String], mayGrowBy bytes: Int64) {
    self.directories = directories
    nextLook = 0
    most = Disk.size(directories) + bytes
    nextLook = lk_boot_milliseconds() + Disk.leastPause
  }

  /// Looks, where it is time to: what was removed meanwhile counts for what has come.
  ///
  /// A look takes as long as the directories are large, so the pause until the next is longer by that.
  mutating func isOver(_ now: Int64) -> Bool {
    guard now >= nextLook else { return false }
    let found = Disk.size(directories)
    let end = lk_boot_milliseconds()
    nextLook = end + max(Disk.leastPause, 50 * (end - now))
    return found > most
  }

  private static let leastPause: Int64 = 1000

  private static func size(_ directories: [String]) -> Int64 {
    directories.reduce(0) { $0 + lk_tree_bytes($1) }
  }
}
