import Foundation
import Git

/// The branch of a remote that landings are pushed to, by `landing.push`.
struct RemoteTarget: Sendable {
  let remote: String
  /// `refs/heads/…` at the remote.
  let branch: String
  let directory: String
  let environment: [String: String]

  /// The outcome of a push.
  enum Pushed: Sendable, Equatable {
    case accepted
    /// Somebody else pushed first.
    case stale
    /// The remote does not take it, or can't be reached.
    case refused(String)
  }

  /// Reads `landing.push`: a remote, or `<remote>/<branch>`.
  init(
    _ text: String, remotes: [String], target: String, directory: String,
    environment: [String: String]
  ) {
    self.directory = directory
    self.environment = environment
    let named = remotes.filter { text.hasPrefix($0 + "/") }.max { $0.count < $1.count }
    if !remotes.contains(text), let named {
      remote = named
      branch = "refs/heads/" + text.dropFirst(named.count + 1)
    } else {
      remote = text
      branch = target
    }
  }

  /// The last known commit of the remote's branch.
  var tracking: String {
    "refs/lanekeeper/remote/\(remote)/\(branch.dropFirst("refs/heads/".count))"
  }

  /// Looks where the remote's branch stands, and notes that as ``tracking``.
  ///
  /// - Throws: ``RemoteUnreachable``.
  func fetch(into repository: Repository) throws {
    let result = try git(["fetch", "--no-tags", "--quiet", "--", remote, "+\(branch):\(tracking)"])
    if result.status == 0 { return }
    guard Self.lines(result).contains(where: { $0.contains("couldn't find remote ref") }) else {
      throw RemoteUnreachable(reason: "git fetch \(remote): " + Self.words(result))
    }
    try repository.deleteReference(tracking, expecting: nil)
  }

  /// Pushes a commit where the remote's branch still stands where it is expected; makes the branch where
  /// it is absent.
  func push(_ commit: ObjectID, expecting old: ObjectID?) throws -> Pushed {
    let result: GitProgram.Result
    do {
      result = try git([
        "push", "--porcelain", "--force-with-lease=\(branch):\(old?.hex ?? "")", "--", remote,
        "\(commit.hex):\(branch)",
      ])
    } catch let error as RemoteUnreachable {
      return .refused(error.description)
    }
    if result.status == 0 { return .accepted }
    // `!<TAB>from:to<TAB>[rejected] (stale info)`, as git-push(1) has it under --porcelain.
    let line = result.text.split(separator: "\n").first { $0.hasPrefix("!\t") } ?? ""
    if line.contains("[rejected]") { return .stale }
    let reason = line.isEmpty ? Self.words(result) : String(line.split(separator: "\t").last ?? "")
    let said = Self.lines(result).filter { $0.hasPrefix("remote: ") }
      .map { $0.dropFirst(8).trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    return .refused(
      "\(remote) does not take the push: \(reason)"
        + (said.isEmpty ? "" : " (\(said.prefix(3).joined(separator: "; ")))"))
  }

  private func git(_ arguments: [String]) throws -> GitProgram.Result {
    do {
      return try GitProgram.run(
        arguments, directory: directory, environment: environment, seconds: 300)
    } catch let error as GitProgramError {
      throw RemoteUnreachable(reason: "git \(arguments[0]) \(remote): \(error)")
    }
  }

  private static func words(_ result: GitProgram.Result) -> String {
    lines(result).suffix(2).joined(separator: "; ")
  }

  private static func lines(_ result: GitProgram.Result) -> [String] {
    result.error.split(separator: "\n").map(String.init)
  }
}

/// A remote that can't be reached.
struct RemoteUnreachable: Error, CustomStringConvertible {
  let reason: String
  var description: String { reason }
}
