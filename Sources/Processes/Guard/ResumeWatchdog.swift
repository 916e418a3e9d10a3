import CProcess
import Foundation

/// A process beside this one that lets stopped processes go on, at the latest when this one has died.
final class ResumeWatchdog {
  private let process: Int32
  private var descriptor: Int32 = -1

  init() throws(ProcessFailure) {
    process = lk_start_waker(&descriptor)
    guard process > 0 else {
      throw .file(path: "a process of its own", reason: String(cString: strerror(errno)))
    }
  }

  deinit { wake() }

  /// Adds a process that is about to be stopped.
  func add(_ pid: Int32) throws(ProcessFailure) {
    var pid = pid
    while write(descriptor, &pid, MemoryLayout<Int32>.size) < 0 {
      guard errno == EINTR else {
        throw .file(path: "the pipe to it", reason: String(cString: strerror(errno)))
      }
    }
  }

  /// Lets all of them go on; later calls do nothing.
  func wake() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    while waitpid(process, nil, 0) < 0, errno == EINTR {}
  }
}
