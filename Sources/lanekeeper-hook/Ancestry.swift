import CProcess
import Glibc

/// Tells whether the hook was started by an agent, and of which lane.
enum Ancestry {
  /// Returns whether the hook works for an agent: a guard is among the ancestors, or it can't be shown that
  /// none is while a run is at work.
  static func isAgent(_ place: GitPlace) -> Bool {
    if let known = Self.known { return known }
    let result = lk_works_for_agent(place.commonDirectory + "/lanekeeper/locks") != 0
    Self.known = result
    return result
  }

  /// The answer, which stays the same for the life of the process.
  nonisolated(unsafe) private static var known: Bool?

  /// Returns whether a person is at it: neither an agent, nor Lanekeeper itself for one.
  static func isPerson(_ place: GitPlace) -> Bool {
    Environment.value("LANEKEEPER_SUPERVISOR") == nil && !isAgent(place)
  }

  /// Returns whether an agent of this repository was started in another directory than this one: it
  /// speaks for a lane that is not its own.
  ///
  /// - Parameter lane: the lane's top directory.
  static func isForeign(to lane: String, in place: GitPlace) -> Bool {
    let locks = place.commonDirectory + "/lanekeeper/locks/attempt-"
    let own = Files.resolved(lane)
    return guards.contains { process in
      guard let bytes = Files.read("/proc/\(process)/cmdline", limit: 65_536) else { return false }
      let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      // Other guards belong to gates, set-up commands and other repositories.
      guard let lock = value("--lock", words), let directory = value("--directory", words),
        (Files.resolved(Path.parent(lock)) + "/" + Path.last(lock)).hasPrefix(locks)
      else { return false }
      return Files.resolved(directory) != own
    }
  }

  private static func value(_ name: String, _ words: [String]) -> String? {
    let end = words.firstIndex(of: "--") ?? words.endIndex
    guard let index = words[..<end].firstIndex(of: name), index + 1 < end else { return nil }
    return words[index + 1]
  }

  /// The guard processes among the ancestors, the nearest first.
  private static let guards: [pid_t] = {
    var result: [pid_t] = []
    var process = getppid()
    for _ in 0..<256 where process > 1 {
      guard let bytes = Files.read("/proc/\(process)/stat", limit: 4096),
        let opening = bytes.firstIndex(of: 0x28), let closing = bytes.lastIndex(of: 0x29),
        opening < closing
      else { return result }
      // The kernel cuts names to 15 bytes.
      if bytes[(opening + 1)..<closing].elementsEqual("lanekeeper-guar".utf8) {
        result.append(process)
      }
      let fields = bytes[(closing + 1)...].split(separator: 0x20, maxSplits: 2)
      guard fields.count > 1,
        let parent = Int32(String(decoding: fields[1], as: UTF8.self))
      else { return result }
      process = parent
    }
    return result
  }()
}
