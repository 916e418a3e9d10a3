import Foundation

/// Processes that outlived both their guard and their supervisor, found by what they carry.
package enum OrphanProcesses {
  /// The variable that each process of an attempt has in its environment.
  package static let markVariable = "LANEKEEPER_MARK"

  /// Returns the processes that carry a mark in their environment.
  package static func find(mark: String) -> [Int32] {
    carriers(of: mark).map(\.pid)
  }

  private static func carriers(of mark: String) -> [ProcessIdentity] {
    let wanted = Array("\(markVariable)=\(mark)".utf8)
    return candidates().filter { one in
      guard let environment = ProcessTree.bytes("/proc/\(one.pid)/environ") else { return false }
      return environment.split(separator: 0).contains { $0.elementsEqual(wanted) }
    }
  }

  /// Returns whether a process belongs to an attempt, whichever it is.
  package static func isMarked(_ pid: Int32) -> Bool {
    let name = Array("\(markVariable)=".utf8)
    guard let environment = ProcessTree.bytes("/proc/\(pid)/environ") else { return false }
    return environment.split(separator: 0).contains { $0.starts(with: name) }
  }

  /// Returns the processes whose working directory is a directory or lies below it.
  package static func find(standingIn directory: String) -> [Int32] {
    inhabitants(of: directory).map(\.pid)
  }

  private static func inhabitants(of directory: String) -> [ProcessIdentity] {
    candidates().filter { one in
      guard let path = place(of: one.pid) else { return false }
      return path == directory || path.hasPrefix(directory + "/")
    }
  }

  private static func place(of pid: Int32) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
  }

  /// Milliseconds in which everything has to be gone: the kernel may hold a killed process for long.
  private static let patience: Int64 = 20_000

  /// Ends whatever carries the mark, and what stands in one of the directories and is proved to be ours, until
  /// nothing is left.
  ///
  /// A person's shell or editor that stands there is none of ours: only what an attempt or a gate has marked is, and
  /// a git of our own whose supervisor is gone. A process of the attempt that has emptied its environment is still in
  /// the session of the others, which each guard begins anew.
  ///
  /// What the kernel does not let go of within 20 seconds, or does not let this user end, is left.
  /// - Parameter session: the session that the guard began, which is its process id.
  /// - Returns: the processes that were ended.
  @discardableResult
  package static func end(
    mark: String?, directories: [String], session: Int32? = nil
  ) -> [Int32] {
    var ended: Set<ProcessIdentity> = []
    var sessions = Set([session].compactMap(\.self))
    let own = getsid(0)
    let last = Boot.uptimeMilliseconds() + patience
    while true {
      var found = Set(mark.map { carriers(of: $0) } ?? [])
      for one in found {
        let session = getsid(one.pid)
        // The number may be another's meanwhile.
        if session > 1, session != own, one.isAlive { sessions.insert(session) }
      }
      if !sessions.isEmpty {
        found.formUnion(candidates().filter { sessions.contains(getsid($0.pid)) })
      }
      for directory in directories {
        found.formUnion(
          inhabitants(of: directory).filter {
            isMarked($0.pid) || isOrphanedGit($0.pid, in: directory)
          })
      }
      if found.isEmpty || Boot.uptimeMilliseconds() > last { break }
      // A shell whose command is killed goes on with the next one.
      for one in found { one.hold() }
      for one in found { one.kill() }
      ended.formUnion(found)
      usleep(2000)
    }
    return ended.filter { !$0.isAlive }.map(\.pid).sorted()
  }

  /// Returns whether a process is a git that was started for a directory as only this program starts it, and whose
  /// starter is gone: whoever took it in is of another session.
  private static func isOrphanedGit(_ pid: Int32, in directory: String) -> Bool {
    guard let line = ProcessTree.bytes("/proc/\(pid)/cmdline") else { return false }
    let words = line.split(separator: 0).prefix(3).map { String(decoding: $0, as: UTF8.self) }
    // It stands where it was sent; what its words lead to by now is not asked, which could take for ever.
    guard words.count == 3, words[0] == "git", words[1] == "-C", words[2].hasPrefix("/"),
      (words[2] as NSString).lastPathComponent == (directory as NSString).lastPathComponent,
      place(of: pid) == directory, getpgid(pid) == pid, let parent = ProcessTree.parent(of: pid)
    else { return false }
    return parent == 1 || getsid(parent) != getsid(pid)
  }

  /// Every process but this one and its ancestors, and none that is dead already.
  private static func candidates() -> [ProcessIdentity] {
    let own = Set([getpid()] + ProcessTree.ancestors())
    return ProcessTree.all().filter { !own.contains($0) && $0 > 1 }.compactMap(ProcessIdentity.init)
      .filter(\.isAlive)
  }
}
