import CProcess
import Glibc

/// The descriptors that came from whoever started the guard.
enum Inherited {
  /// Closes all but the three standard streams, the tie, and make's job server, where the environment names one
  /// of descriptors.
  ///
  /// What another thread of the starter opened in the same moment may have come along; a pipe that stays open here
  /// would keep its reader waiting until the command ends.
  static func closeOthers(but tie: Int32?) {
    let kept = (jobServer + (tie.map { [$0] } ?? [])).sorted()
    lk_close_others(kept, Int32(kept.count))
  }

  /// The descriptors of `--jobserver-auth=R,W` in `MAKEFLAGS`, or of its older name.
  private static var jobServer: [Int32] {
    guard let flags = getenv("MAKEFLAGS").map({ String(cString: $0) }) else { return [] }
    var found: [Int32] = []
    for word in flags.split(separator: " ") {
      for name in ["--jobserver-auth=", "--jobserver-fds="] where word.hasPrefix(name) {
        found += word.dropFirst(name.count).split(separator: ",").compactMap { Int32($0) }
      }
    }
    return found
  }
}
