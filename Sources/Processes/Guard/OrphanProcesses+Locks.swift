import Foundation

extension OrphanProcesses {
  /// Milliseconds in which a guard that has lost its supervisor has to be gone.
  private static let patience: Int64 = 3000

  /// Ends what holds the lock of an attempt, or of a gate, whose supervisor is gone. Blocks.
  ///
  /// A guard ends by itself then; one that was stopped is let go on, and one that does not obey is killed. Whoever
  /// else keeps the lock for as long, as what has run under the guard can, is killed too.
  /// - Returns: whether the lock is free.
  @discardableResult
  package static func endHolder(ofLock path: String) -> Bool {
    let end = Boot.uptimeMilliseconds() + 3 * patience
    var holder: ProcessIdentity?
    var since = Boot.uptimeMilliseconds()
    while FileLock.isHeld(path) {
      let now = Boot.uptimeMilliseconds()
      guard now < end else { return false }
      let found = (guardian(ofLock: path) ?? FileLock.holder(of: path)).flatMap(
        ProcessIdentity.init)
      if found != holder { (holder, since) = (found, now) }
      if let found {
        if ProcessTree.isStopped(found.pid) { kill(found.pid, SIGCONT) }
        // Who only looks whether the lock is held has it for an instant.
        if now - since > patience, mayEnd(found.pid) { found.kill() }
      }
      usleep(20_000)
    }
    return true
  }

  /// Ends what a guard's supervisor has written down of the processes below it, and forgets that.
  package static func endRecorded(ofLock path: String) {
    let file = GuardWatch.file(path)
    let table = ProcessTree.parents()
    for one in ProcessIdentity.read(file) where one.isAlive && mayEnd(one.pid) {
      for below in ProcessTree.descendants(of: one.pid, in: table) where mayEnd(below) {
        ProcessIdentity(below)?.kill()
      }
      one.kill()
    }
    unlink(file)
  }

  /// Neither this process, nor what has started it, nor another of this program.
  private static func mayEnd(_ pid: Int32) -> Bool {
    guard pid > 1, pid != getpid(), !ProcessTree.ancestors().contains(pid) else { return false }
    return program(of: pid) != program(of: getpid())
  }

  private static func program(of pid: Int32) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
  }

  /// Returns the guard that was started with a lock.
  private static func guardian(ofLock path: String) -> Int32? {
    ProcessTree.all().first { pid in
      guard ProcessTree.bytes("/proc/\(pid)/comm")?.starts(with: "lanekeeper-guar".utf8) == true,
        let line = ProcessTree.bytes("/proc/\(pid)/cmdline")
      else { return false }
      let words = line.split(separator: 0)
      guard let place = words.firstIndex(where: { $0.elementsEqual("--lock".utf8) }) else {
        return false
      }
      return place + 1 < words.count && words[place + 1].elementsEqual(path.utf8)
    }
  }
}

extension FileLock {
  /// Returns the process that has taken a lock, as the kernel lists it; `nil` where none is listed.
  package static func holder(of path: String) -> Int32? {
    var facts = stat()
    guard stat(path, &facts) == 0, let list = ProcessTree.bytes("/proc/locks") else { return nil }
    for line in String(decoding: list, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      // 3: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF
      guard words.count > 5, words[1] == "FLOCK", let pid = Int32(words[4]), pid > 0,
        words[5].split(separator: ":").last == Substring(String(facts.st_ino))
      else { continue }
      return pid
    }
    return nil
  }
}
