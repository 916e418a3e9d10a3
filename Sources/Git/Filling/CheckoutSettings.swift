import Foundation
import Synchronization

/// The output of `git config --list -z` in a worktree, cached for as long as every file that it may come from stays as
/// it is: a start of git for each lane that is filled is half of the time that a small one takes.
enum CheckoutSettings {
  private struct Known: Sendable {
    var settings: [UInt8]
    /// The files, and what `stat` says of them; nothing for one that is not there.
    var files: [String: [Int64]]
  }

  private static let known = Mutex<[String: Known]>([:])
  private static let most = 64

  /// - Returns: `nil` where git does not say.
  static func of(_ repository: Repository) throws -> [UInt8]? {
    let environment = repository.environment
    let variables = environment.filter {
      $0.key == "HOME" || $0.key == "XDG_CONFIG_HOME" || $0.key.hasPrefix("GIT_")
    }
    let key =
      repository.gitDirectory + "\0"
      + variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\0")
    if let found = known.withLock({ $0[key] }), found.files.allSatisfy({ facts($0) == $1 }) {
      return found.settings
    }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let result = try repository.git(["config", "--list", "--show-origin", "-z"])
    guard result.status == 0 else { return nil }
    let listing = Listing(result.output, repository)
    guard var files = listing.files else { return listing.settings }
    files.formUnion(standing(repository))
    let seen = Dictionary(uniqueKeysWithValues: files.map { ($0, facts($0)) })
    // What is as new as the question may be newer than the answer.
    let begin = IndexFile.nanoseconds(now) - IndexFile.margin
    if seen.values.allSatisfy({ ($0.last ?? 0) < begin }) {
      known.withLock { known in
        if known.count >= most { known = [:] }
        known[key] = Known(settings: listing.settings, files: seen)
      }
    }
    return listing.settings
  }

  /// The files that git looks for, present or not.
  private static func standing(_ repository: Repository) -> [String] {
    let environment = repository.environment
    let home = environment["HOME"] ?? ""
    let own = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? home + "/.config"
    return [
      "/etc/gitconfig", home + "/.gitconfig", own + "/git/config",
      repository.commonDirectory + "/config", repository.commonDirectory + "/config.worktree",
      repository.gitDirectory + "/config.worktree",
    ] + ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"].compactMap { environment[$0] }
  }

  private static func facts(_ path: String) -> [Int64] {
    var found = stat()
    guard stat(path, &found) == 0 else { return [] }
    return [
      Int64(truncatingIfNeeded: found.st_dev), Int64(truncatingIfNeeded: found.st_ino),
      Int64(found.st_size), IndexFile.nanoseconds(found.st_mtim),
      IndexFile.nanoseconds(found.st_ctim),
    ]
  }

  /// git's output, parsed.
  private struct Listing {
    /// As without `--show-origin`.
    var settings: [UInt8] = []
    /// The files that settings come from, and those that they include, found or not; `nil` where what counts
    /// depends on something else.
    var files: Set<String>? = []

    /// - Parameter output: origin and setting in turn, each with a NUL byte behind it.
    init(_ output: [UInt8], _ repository: Repository) {
      let parts = output.split(separator: 0, omittingEmptySubsequences: false).dropLast()
      let home = repository.environment["HOME"] ?? ""
      var origin: String?
      for part in parts {
        guard let from = origin else {
          origin = String(decoding: part, as: UTF8.self)
          continue
        }
        origin = nil
        settings += part + [0]
        guard from.hasPrefix("file:") else {
          // Which of these there are stands in the environment.
          if !from.hasPrefix("command line:") { files = nil }
          continue
        }
        let file = Self.absolute(
          String(from.dropFirst("file:".count)),
          below: repository.workingDirectory ?? repository.gitDirectory)
        files?.insert(file)
        let setting = part.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
        let key = String(decoding: setting[0], as: UTF8.self)
        if key.hasPrefix("includeif.onbranch:") || key.hasPrefix("includeif.hasconfig:") {
          files = nil
        } else if key.hasPrefix("include"), key.hasSuffix(".path"), setting.count > 1 {
          let path = String(decoding: setting[1], as: UTF8.self)
          let place = String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
          files?.insert(
            path.hasPrefix("~/") ? home + path.dropFirst() : Self.absolute(path, below: place))
        }
      }
    }

    private static func absolute(_ path: String, below directory: String) -> String {
      path.hasPrefix("/") ? path : directory + "/" + path
    }
  }
}
