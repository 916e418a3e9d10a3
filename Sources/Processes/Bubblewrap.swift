import Foundation

/// bubblewrap, the program that starts a command in mounts, processes and a network of its own.
package enum Bubblewrap {
  /// The kind of mount of a path inside.
  package enum Mount: Sendable, Equatable {
    /// An empty directory in memory.
    case empty(String)
    /// An empty directory that can't be written, but for what is mounted below it.
    case hidden(String)
    /// A file or directory of the machine that can be read.
    case readable(String, from: String)
    /// A file or directory of the machine that can be written.
    case writable(String, from: String)

    package var path: String {
      switch self {
      case .empty(let path), .hidden(let path), .readable(let path, _), .writable(let path, _): path
      }
    }

    fileprivate var options: [String] {
      switch self {
      case .empty(let path), .hidden(let path): ["--tmpfs", path]
      case .readable(let path, let source): ["--ro-bind", source, path]
      case .writable(let path, let source): ["--bind", source, path]
      }
    }
  }

  /// Finds the program on a search path.
  package static func program(path: String?) -> String? {
    (path ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/bwrap" }
      .first { $0.hasPrefix("/") && access($0, X_OK) == 0 }
  }

  /// Tries whether a command can be started in a sandbox here.
  ///
  /// - Returns: why not, with what to do about it; `nil` where it works.
  package static func obstacle(environment: [String: String]) -> String? {
    guard let program = program(path: environment["PATH"]) else {
      return
        "bubblewrap is not installed (no `bwrap` on the PATH): `apt install bubblewrap`, or the "
        + "package of that name of your system"
    }
    do {
      let result = try Command.runBlocking(
        [program] + isolation(network: false) + base + ["--", "/bin/sh", "-c", "exit 0"],
        directory: "/", environment: environment, timeoutSeconds: 20)
      guard result.status != 0 else { return nil }
      let words = String(decoding: result.error, as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      return
        "\(program) can't make a sandbox on this machine (\(words)); it needs user namespaces, which "
        + "a container or the settings kernel.apparmor_restrict_unprivileged_userns and "
        + "user.max_user_namespaces may forbid"
    } catch {
      return "\(program) can't be used: \(error)"
    }
  }

  /// The machine's files, to be read; devices and processes of its own.
  private static var base: [String] {
    ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
      + kernelSettings.flatMap { ["--ro-bind", $0, $0] }
  }

  /// The writable parts of /proc that belong to no process: settings of the kernel are the machine's, and root is
  /// root inside, too.
  private static var kernelSettings: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.filter { Int32($0) == nil }.sorted().map { "/proc/" + $0 }.filter { path in
      var found = stat()
      guard lstat(path, &found) == 0 else { return false }
      let isWritable = found.st_mode & S_IFMT == S_IFREG && found.st_mode & 0o222 != 0
      return found.st_mode & S_IFMT == S_IFDIR || isWritable
    }
  }

  /// The sockets of the machine's services that could be reached inside, as the kernel lists them now.
  private static func sockets(besides mounts: [Mount]) -> [String] {
    guard let table = ProcessTree.bytes("/proc/net/unix") else { return [] }
    var found: Set<String> = []
    for line in table.split(separator: 0x0a).dropFirst() {
      // Number, count, protocol, flags, type, state, inode, and the path of those that have one.
      let fields = line.split(separator: 0x20, maxSplits: 7)
      guard fields.count == 8, fields[7].first == 0x2f else { continue }
      let path = String(decoding: fields[7], as: UTF8.self)
      guard let pointer = realpath(path, nil) else { continue }
      defer { free(pointer) }
      let resolved = String(cString: pointer)
      var facts = stat()
      guard lstat(resolved, &facts) == 0, facts.st_mode & S_IFMT == S_IFSOCK,
        access(resolved, W_OK) == 0, !(resolved + "/").hasPrefix("/dev/"),
        !mounts.contains(where: { resolved == $0.path || resolved.hasPrefix($0.path + "/") })
      else { continue }
      found.insert(resolved)
    }
    return found.sorted()
  }

  /// The mounts that count, in the order in which they are made: of two of the same path the later one, and what lies
  /// deeper later.
  package static func ordered(_ mounts: [Mount]) -> [Mount] {
    var last: [String: Int] = [:]
    for (index, mount) in mounts.enumerated() { last[mount.path] = index }
    return mounts.enumerated().filter { last[$0.element.path] == $0.offset }
      .sorted { (depth($0.element.path), $0.offset) < (depth($1.element.path), $1.offset) }
      .map(\.element)
  }

  private static func isolation(network: Bool) -> [String] {
    ["--unshare-all"] + (network ? ["--share-net"] : [])
      + ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
  }

  /// The command line that runs a command with these mounts on top of the machine's files, which can
  /// only be read. Of sockets of the machine's services only those below these mounts can be reached.
  package static func command(
    _ argv: [String], program: String, mounts: [Mount], network: Bool, directory: String
  ) -> [String] {
    let ordered = ordered(mounts)
    var line = [program] + isolation(network: network) + base + ordered.flatMap(\.options)
    // Nobody listens at a null device; a socket that is made later can be reached.
    line += sockets(besides: ordered).flatMap { ["--ro-bind", "/dev/null", $0] }
    for case .hidden(let path) in ordered { line += ["--remount-ro", path] }
    return line + ["--chdir", directory, "--"] + argv
  }

  private static func depth(_ path: String) -> Int { path.split(separator: "/").count }
}
