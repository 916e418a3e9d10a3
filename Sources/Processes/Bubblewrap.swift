import Foundation

/// bubblewrap, the program that starts a command in mounts, processes and a network of its own.
package enum Bubblewrap {
  /// What a path is inside.
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
      let result = try OneShot.runBlocking(
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
  private static let base = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]

  private static func isolation(network: Bool) -> [String] {
    ["--unshare-all"] + (network ? ["--share-net"] : [])
      + ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
  }

  /// The command line that runs a command with these mounts on top of the machine's files, which can
  /// only be read.
  ///
  /// Where two mounts name the same path the later one counts; what lies deeper is mounted later.
  package static func command(
    _ argv: [String], program: String, mounts: [Mount], network: Bool, directory: String
  ) -> [String] {
    var last: [String: Int] = [:]
    for (index, mount) in mounts.enumerated() { last[mount.path] = index }
    let ordered = mounts.enumerated().filter { last[$0.element.path] == $0.offset }
      .sorted { (depth($0.element.path), $0.offset) < (depth($1.element.path), $1.offset) }
      .map(\.element)
    var line = [program] + isolation(network: network) + base + ordered.flatMap(\.options)
    for case .hidden(let path) in ordered { line += ["--remount-ro", path] }
    return line + ["--chdir", directory, "--"] + argv
  }

  private static func depth(_ path: String) -> Int { path.split(separator: "/").count }
}
