import Processes

/// Keeps starts of one program apart, across all processes: two that begin in the same moment race on
/// their program's own configuration file.
enum StartThrottle {
  /// Waits until nobody has started the program within the last seconds.
  static func wait(_ lockPath: String, seconds: Double, stop: StopSignal) async throws {
    guard seconds > 0 else { return }
    while !stop.isSet {
      if let lock = try FileLock.tryAcquire(lockPath) {
        // The lock dies with this process at the latest.
        Task {
          try? await Task.sleep(for: .seconds(seconds))
          lock.release()
        }
        return
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
