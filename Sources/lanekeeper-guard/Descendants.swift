import Glibc

/// The processes below the guard. As a subreaper it is the parent of whatever they leave behind, so
/// that nothing can get out of its sight by daemonising.
enum Descendants {
  /// Returns the process ids of all of them, by reading the parents in /proc.
  static func all() -> [pid_t] {
    var children: [pid_t: [pid_t]] = [:]
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let pid = pid_t(name), let parent = parent(of: pid) else { continue }
      children[parent, default: []].append(pid)
    }
    var result: [pid_t] = []
    var open = [getpid()]
    while let next = open.popLast() {
      for child in children[next] ?? [] {
        result.append(child)
        open.append(child)
      }
    }
    return result
  }

  /// Kills all of them. They are stopped first: a shell whose command is killed goes on with the next one.
  static func end() {
    let found = all()
    for pid in found { kill(pid, SIGSTOP) }
    for pid in found { kill(pid, SIGKILL) }
  }

  /// Asks all of them to end. The program around a sandbox is left out: it would take all that is inside
  /// along at once.
  static func ask() {
    for pid in all() where name(of: pid) != "bwrap" { kill(pid, SIGTERM) }
  }

  private static func name(of pid: pid_t) -> String? {
    let fd = open("/proc/\(pid)/comm", O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = read(fd, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<(count - 1)], as: UTF8.self) : nil
  }

  /// Reads the fourth field of /proc/<pid>/stat; the second is a name that may hold anything.
  private static func parent(of pid: pid_t) -> pid_t? {
    let fd = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = read(fd, &buffer, buffer.count)
    guard count > 0, let end = buffer[..<count].lastIndex(of: 0x29) else { return nil }
    let fields = buffer[(end + 1)..<count].split(separator: 0x20)
    guard fields.count > 1 else { return nil }
    return pid_t(String(decoding: fields[1], as: UTF8.self))
  }
}
