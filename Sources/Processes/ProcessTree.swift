import CProcess
import Foundation

/// Who started whom, by /proc.
package enum ProcessTree {
  /// Returns every process id.
  package static func all() -> [Int32] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
  }

  /// Returns the parent of a process; `nil` where it is gone.
  package static func parent(of pid: Int32) -> Int32? {
    guard let data = bytes("/proc/\(pid)/stat"), let end = data.lastIndex(of: 0x29) else {
      return nil
    }
    let fields = data[(end + 1)...].split(separator: 0x20)
    guard fields.count > 1 else { return nil }
    return Int32(String(decoding: fields[1], as: UTF8.self))
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
  static func descendants(of root: Int32) -> [Int32] {
    let children = children()
    var result: [Int32] = []
    var open = [root]
    while let next = open.popLast() {
      result += children[next] ?? []
      open += children[next] ?? []
    }
    return result
  }

  /// Returns the names of a process's youngest child, of that one's, and so on: program and script.
  static func youngestChain(below root: Int32) -> [String] {
    let children = children()
    var result: [String] = []
    var current = root
    while let next = children[current]?.max(), result.count < 16 {
      result.append(name(of: next))
      current = next
    }
    return result.filter { !$0.isEmpty }
  }

  /// Nothing else of a command line: it may hold passwords.
  private static func name(of pid: Int32) -> String {
    let words = (bytes("/proc/\(pid)/cmdline") ?? []).split(separator: 0).prefix(2).map {
      String(String.UnicodeScalarView(String(decoding: $0, as: UTF8.self).unicodeScalars.map {
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

  private static func children() -> [Int32: [Int32]] {
    all().reduce(into: [:]) { result, pid in
      if let parent = parent(of: pid) { result[parent, default: []].append(pid) }
    }
  }

  /// Tells whether this process was started, however indirectly, by an attempt.
  ///
  /// While a run is at work whoever can't be shown to stand outside of every attempt counts as started by
  /// one: in a PID namespace that the run does not share the ancestors are out of sight.
  /// - Parameter locks: the directory of lock files, in which runs note their namespace.
  package static func hasGuardAmongAncestors(locks: String? = nil) -> Bool {
    lk_works_for_agent(locks) != 0
  }

  /// Tells whether it can be shown that no attempt has started this process, whatever runs there are.
  package static var isSeenOutside: Bool { lk_stands_outside() != 0 }

  /// What a run writes into its lock file, so that it can be told who shares its PID namespace.
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
