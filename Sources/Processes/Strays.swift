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

  /// Ends whatever carries the mark or stands in one of the directories, until nothing is left.
  ///
  /// - Returns: the processes that were ended.
  @discardableResult
  package static func end(mark: String?, directories: [String]) -> [Int32] {
    var ended: Set<Int32> = []
    for _ in 0..<500 {
      var found = Set(mark.map { find(mark: $0) } ?? [])
      for directory in directories { found.formUnion(find(standingIn: directory)) }
      if found.isEmpty { break }
      for pid in found { kill(pid, SIGKILL) }
      ended.formUnion(found)
      usleep(2000)
    }
    return ended.sorted()
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
