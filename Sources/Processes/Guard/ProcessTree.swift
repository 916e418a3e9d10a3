import CProcess
import Foundation

/// The tree of processes, read from /proc.
package enum ProcessTree {
  /// Returns every process id.
  package static func all() -> [Int32] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
  }

  /// Returns the fields of /proc/<pid>/stat from the third on, the state; the second is a name that may hold
  /// anything. `nil` where the process is gone.
  static func fields(of pid: Int32) -> [ArraySlice<UInt8>]? {
    guard let data = bytes("/proc/\(pid)/stat"), let end = data.lastIndex(of: 0x29) else {
      return nil
    }
    return data[(end + 1)...].split(separator: 0x20)
  }

  /// Returns the parent of a process; `nil` where it is gone.
  package static func parent(of pid: Int32) -> Int32? {
    guard let fields = fields(of: pid), fields.count > 1 else { return nil }
    return Int32(String(decoding: fields[1], as: UTF8.self))
  }

  /// Returns whether a process is stopped, by a signal or by one that traces it.
  static func isStopped(_ pid: Int32) -> Bool {
    guard let state = fields(of: pid)?.first?.first else { return false }
    return state == UInt8(ascii: "T") || state == UInt8(ascii: "t")
  }

  /// Returns the parent of every process.
  static func parents() -> [Int32: Int32] {
    Dictionary(
      all().compactMap { pid in parent(of: pid).map { (pid, $0) } }, uniquingKeysWith: { $1 })
  }

  /// Returns what a process has started, and what that has, in a table of parents.
  static func descendants(of root: Int32, in table: [Int32: Int32]) -> [Int32] {
    let children = children(table)
    var result: [Int32] = []
    var open = [root]
    while let next = open.popLast() {
      result += children[next] ?? []
      open += children[next] ?? []
    }
    return result
  }

  /// Returns the parent, its parent, and so on up to the first process.
  package static func ancestors(of pid: Int32 = getpid()) -> [Int32] {
    var result: [Int32] = []
    var current = pid
    while let next = parent(of: current), next > 0, !result.contains(next) {
      result.append(next)
      current = next
    }
    return result
  }

  /// Returns the processes below one.
  static func descendants(of root: Int32) -> [Int32] { descendants(of: root, in: parents()) }

  /// Returns the names of a process's youngest child, of that one's, and so on: program and script.
  static func youngestChain(below root: Int32) -> [String] {
    let children = children(parents())
    var result: [String] = []
    var current = root
    while let next = children[current]?.max(), result.count < 16 {
      result.append(name(of: next))
      current = next
    }
    return result.filter { !$0.isEmpty }
  }

  /// Nothing else of a command line: it may hold passwords.
  static func name(of pid: Int32) -> String {
    let words = (bytes("/proc/\(pid)/cmdline") ?? []).split(separator: 0).prefix(2).map {
      String(
        String.UnicodeScalarView(
          String(decoding: $0, as: UTF8.self).unicodeScalars.map {
            $0.properties.isPatternWhitespace || $0.properties.generalCategory == .control
              || $0.properties.generalCategory == .format ? " " : $0
          }))
    }
    guard let program = words.first else { return "" }
    let name = (program as NSString).lastPathComponent
    guard let script = words.dropFirst().first, script.contains("/"), !script.contains("://") else {
      return name
    }
    return name + " " + script
  }

  private static func children(_ table: [Int32: Int32]) -> [Int32: [Int32]] {
    table.reduce(into: [:]) { $0[$1.value, default: []].append($1.key) }
  }

  /// Returns whether this process was started, however indirectly, by an attempt.
  ///
  /// While a run is at work whoever can't be shown to stand outside of every attempt counts as started by
  /// one: in a PID namespace that the run does not share the ancestors are out of sight.
  /// - Parameter locks: the directory of lock files, in which runs note their namespace.
  package static func hasGuardAmongAncestors(locks: String? = nil) -> Bool {
    lk_works_for_agent(locks) != 0
  }

  /// Whether it can be shown that no attempt has started this process, whatever runs there are.
  package static var isSeenOutside: Bool { lk_stands_outside() != 0 }

  /// The note of a run in its lock file that identifies its PID namespace.
  package static var namespaceNote: String { "pid:[\(lk_pid_namespace())]\n" }

  static func bytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        result += buffer[..<count]
      } else if count == 0 || errno != EINTR {
        return count < 0 ? nil : result
      }
    }
  }
}
