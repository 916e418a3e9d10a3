import Foundation
import Processes
import TestSupport
import Testing

/// What can be reached inside, with the real bwrap.
@Suite(
  .bounded, .enabled(if: Here.hasBubblewrap, "bubblewrap can't make a sandbox on this machine"))
struct BubblewrapTests {

  private func inside(
    _ script: String, mounts: [Bubblewrap.Mount] = [], network: Bool = true
  ) throws -> String {
    let result = try Command.runBlocking(
      Bubblewrap.command(
        ["/bin/sh", "-c", script], program: Bubblewrap.program(path: Here.environment["PATH"])!,
        mounts: mounts, network: network, directory: "/"),
      directory: "/", environment: Here.environment, timeoutSeconds: 60)
    return result.text + String(decoding: result.error, as: UTF8.self)
  }

  /// Root is root inside, too; the kernel asks for nothing else before it changes its settings.
  @Test func nothingOfTheKernelsCanBeChanged() throws {
    let found = try inside(
      """
      # What can be opened to be written, and belongs to no process.
      for top in /proc/[a-z]*; do
        case $top in /proc/self|/proc/thread-self|/proc/net|/proc/mounts) continue;; esac
        find $top -type f 2> /dev/null
      done | while read f; do ( : >> "$f" ) 2> /dev/null && echo "$f"; done
      find /sys -type f -perm /222 2> /dev/null | head -2000 | while read f; do
        ( : >> "$f" ) 2> /dev/null && echo "$f"; done
      mkdir /sys/fs/cgroup/lanekeeper-test 2> /dev/null && echo /sys/fs/cgroup
      cat /proc/sys/kernel/ostype; echo 0 > /proc/self/oom_score_adj && echo own
      """)
    #expect(found == "Linux\nown", "\(found)")
  }

  @Test(arguments: [true, false]) func aServicesSocketIsOutOfReach(network: Bool) throws {
    // Beside the test programs: /tmp would be another one inside.
    let scratch = FileManager.default.currentDirectoryPath
    let name = ".lk-\(getpid())-\(network).sock"
    let path = scratch + "/" + name
    defer { unlink(path) }
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    try #require(path.utf8.count < 100)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(code == 0 && listen(listener, 4) == 0)
    let script =
      "test -S \(path) && echo reached; test -e \(path) && echo there"
    #expect(try inside(script, network: network) == "there")
    // What is named is wanted.
    #expect(
      try inside(script, mounts: [.writable(scratch, from: scratch)], network: network)
        == "reached\nthere")
  }
}

private enum Here {
  static let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
  static let hasBubblewrap = Bubblewrap.obstacle(environment: environment) == nil
}
