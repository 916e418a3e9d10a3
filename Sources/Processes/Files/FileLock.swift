import CProcess
import Foundation

// Processes: the one door through which programs are started and ended. An attempt runs under
// `lanekeeper-guard`, so that nothing of it outlives its supervisor, and locks die with who holds
// them.

/// A lock that the operating system drops when its holder dies. The file itself stays.
package final class FileLock: @unchecked Sendable {
  private let lock = NSLock()
  private var descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { release() }

  /// Takes the lock if nobody holds it.
  ///
  /// - Throws: ``ProcessFailure/file(path:reason:)`` where the file can't be opened.
  package static func tryAcquire(_ path: String) throws(ProcessFailure) -> FileLock? {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw .file(path: path, reason: String(cString: strerror(errno)))
    }
    guard lk_lock(descriptor, 0) == 0 else {
      close(descriptor)
      return nil
    }
    return FileLock(descriptor)
  }

  /// Waits for the lock and blocks the calling thread. Whom it waits for is told once that takes long.
  ///
  /// - Parameter seconds: for how long it waits.
  /// - Throws: ``ProcessFailure/file(path:reason:)`` where others have held it for so long, and
  ///   ``ProcessFailure/cancelled(program:waitingFor:)`` where the end was asked for meanwhile.
  package static func acquireBlocking(
    _ path: String, seconds: Double = .infinity
  ) throws(ProcessFailure) -> FileLock {
    let began = Boot.uptimeMilliseconds()
    var teller = WaitTeller()
    defer { teller.end() }
    while true {
      if let lock = try tryAcquire(path) { return lock }
      let now = Boot.uptimeMilliseconds()
      if Double(now - began) >= seconds * 1000 {
        throw .file(
          path: path,
          reason: "\(holderWords(path)) has held it for \(Int(seconds)) s")
      }
      if let end = Programs.stop?.end(ofProgramBegunAt: began), now >= end {
        throw .cancelled(program: "the wait for \(path)", waitingFor: holderWords(path))
      }
      teller.look { "\(holderWords(path)) has held \(path) for \($0) s, which is waited for" }
      usleep(2000)
    }
  }

  /// The holder of a lock, as text for people.
  private static func holderWords(_ path: String) -> String {
    guard let pid = holder(of: path) else { return "another process" }
    let name = ProcessTree.name(of: pid)
    return "process \(pid)" + (name.isEmpty ? "" : " (\(name))")
  }

  /// Returns whether some process holds the lock; false where the file is not there.
  package static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    guard lk_lock(descriptor, 0) == 0 else {
      close(descriptor)
      return true
    }
    lk_unlock(descriptor)
    return false
  }

  /// Writes into the file who holds it, in place of what is there.
  package func note(_ text: String) {
    lock.withLock {
      guard descriptor >= 0, ftruncate(descriptor, 0) == 0 else { return }
      let bytes = Array(text.utf8)
      _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }
  }

  /// Gives the lock back; later calls do nothing.
  package func release() {
    lock.withLock {
      if descriptor >= 0 { lk_unlock(descriptor) }
      descriptor = -1
    }
  }
}
