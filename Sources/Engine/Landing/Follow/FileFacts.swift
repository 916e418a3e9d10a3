import Foundation
import Processes

/// File facts that change when a file is written to.
struct FileFacts: Equatable {
  let inode: UInt64
  let mode: UInt32
  let size: Int64
  let seconds: Int
  let nanoseconds: Int

  /// `nil` where there is no file.
  init?(_ path: DiskPath) {
    guard let found = path.status() else { return nil }
    inode = UInt64(found.st_ino)
    mode = found.st_mode
    size = Int64(found.st_size)
    seconds = found.st_mtim.tv_sec
    nanoseconds = found.st_mtim.tv_nsec
  }
}
