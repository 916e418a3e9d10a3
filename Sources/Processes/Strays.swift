import Foundation

/// Processes that outlived both their guard and their supervisor, found by what they carry.
package enum Strays {
  /// The variable that each process of an attempt has in its environment.
  package static let markVariable = "LANEKEEPER_MARK"

  /// Returns the processes that carry a mark in their environment.
  package static func find(mark: String) -> [Int32] {
    let wanted = Array("\(markVariable)=\(mark)".utf8)
    return candidates().filter { pid in
      guard let environment = ProcessTree.bytes("/proc/\(pid)/environ") else { return false }
      return environment.split(separator: 0).contains { $0.elementsEqual(wanted) }
    }
  }

  /// Tells whether a process belongs to an attempt, whichever it is.
  package static func isMarked(_ pid: Int32) -> Bool {
    let name = Array("\(markVariable)=".utf8)
    guard let environment = ProcessTree.bytes("/proc/\(pid)/environ") else { return false }
    return environment.split(separator: 0).contains { $0.starts(with: name) }
  }

  /// Returns the processes whose working directory is a directory or lies below it.
  package static func find(standingIn directory: String) -> [Int32] {
    candidates().filter { pid in
      guard
        let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
      else { return false }
      return path == directory || path.hasPrefix(directory + "/")
    }
  }

  /// Ends whatever carries the mark, and what stands in one of the directories and is proved to be ours, until
  /// nothing is left.
  ///
  /// A person's shell or editor that stands there is none of ours: only what an attempt or a gate has marked is, and
  /// a git of our own whose supervisor is gone. A process of the attempt that has emptied its environment is still in
  /// the session of the others, which each guard begins anew.
  ///
  /// - Parameter session: the session that the guard began, which is its process id.
  /// - Returns: the processes that were ended.
  @discardableResult
  package static func end(
    mark: String?, directories: [String], session: Int32? = nil
  ) -> [Int32] {
    var ended: Set<Int32> = []
    var sessions = Set([session].compactMap(\.self))
    for _ in 0..<500 {
      var found = Set(mark.map { find(mark: $0) } ?? [])
      let own = getsid(0)
      sessions.formUnion(found.map { getsid($0) }.filter { $0 > 1 && $0 != own })
      if !sessions.isEmpty {
        found.formUnion(candidates().filter { sessions.contains(getsid($0)) })
      }
      for directory in directories {
        found.formUnion(
          find(standingIn: directory).filter { isMarked($0) || isOrphanedGit($0, in: directory) })
      }
      if found.isEmpty { break }
      // A shell whose command is killed goes on with the next one.
      for pid in found { kill(pid, SIGSTOP) }
      for pid in found { kill(pid, SIGKILL) }
      ended.formUnion(found)
      usleep(2000)
    }
    return ended.sorted()
  }

  /// Tells whether a process is a git that was started for a directory as only this program starts it, and whose
  /// starter is gone: whoever took it in is of another session.
  private static func isOrphanedGit(_ pid: Int32, in directory: String) -> Bool {
    guard let line = ProcessTree.bytes("/proc/\(pid)/cmdline") else { return false }
    let words = line.split(separator: 0).prefix(3).map { String(decoding: $0, as: UTF8.self) }
    guard words.count == 3, words[0] == "git", words[1] == "-C", getpgid(pid) == pid,
      let place = realpath(words[2], nil), let parent = ProcessTree.parent(of: pid)
    else { return false }
    defer { free(place) }
    guard String(cString: place) == directory else { return false }
    return parent == 1 || getsid(parent) != getsid(pid)
  }

  /// Every process but this one and its ancestors, and none that is dead already.
  private static func candidates() -> [Int32] {
    let own = Set([getpid()] + ProcessTree.ancestors())
    return ProcessTree.all().filter { !own.contains($0) && $0 > 1 && !isDead($0) }
  }

  private static func isDead(_ pid: Int32) -> Bool {
    guard let data = ProcessTree.bytes("/proc/\(pid)/stat"), let end = data.lastIndex(of: 0x29)
    else { return true }
    let state = data[(end + 1)...].first { $0 != 0x20 }
    return state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")
  }
}
