import Foundation

/// TCP ports on which programs of ours wait for connections, by /proc.
package enum ListeningPorts {
  package struct Port: Sendable, Equatable {
    package var pid: Int32
    /// As `/proc/net/tcp` has it, such as `00000000:1F90`.
    package var address: String
  }

  /// Returns the ports beyond loopback of processes that run this very program.
  package static func beyondLoopback() -> [Port] {
    guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    else { return [] }
    var found: [Port] = []
    for pid in ProcessTree.all() {
      guard
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) == own
      else { continue }
      let sockets = sockets(of: pid)
      guard !sockets.isEmpty else { continue }
      for table in ["tcp", "tcp6"] {
        let lines = ProcessTree.bytes("/proc/\(pid)/net/\(table)") ?? []
        for line in String(decoding: lines, as: UTF8.self).split(separator: "\n").dropFirst() {
          let words = line.split(separator: " ")
          // 0A: the state LISTEN.
          guard words.count > 9, words[3] == "0A", sockets.contains(String(words[9])),
            !isLoopback(words[1])
          else { continue }
          found.append(Port(pid: pid, address: String(words[1])))
        }
      }
    }
    return found
  }

  /// The inodes of a process's sockets.
  private static func sockets(of pid: Int32) -> Set<String> {
    let directory = "/proc/\(pid)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return Set(
      names.compactMap { name in
        guard
          let link = try? FileManager.default.destinationOfSymbolicLink(
            atPath: directory + "/" + name), link.hasPrefix("socket:[")
        else { return nil }
        return String(link.dropFirst(8).dropLast())
      })
  }

  /// Returns whether an address, each group of four bytes in the machine's order, is 127.0.0.0/8 or ::1.
  private static func isLoopback(_ address: Substring) -> Bool {
    let host = address.split(separator: ":")[0]
    if host.count == 8 { return host.hasSuffix("7F") }
    return host == "00000000000000000000000001000000"
      || (host.hasPrefix("0000000000000000FFFF0000") && host.hasSuffix("7F"))
  }
}
