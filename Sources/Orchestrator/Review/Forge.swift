import Foundation
import Git
import Integration
import Lanes
import Processes
import Store

/// Brings branches that wait for a review to a forge, and verdicts back (`review.push`).
///
/// Nothing else depends on it: where it fails, that is told, and the review goes on here.
package struct Forge {
  private let project: Project
  private let store: Store
  private let desk: ReviewDesk
  /// The name of the remote.
  private let remote: String

  /// - Returns: `nil` where `review.push` is not set.
  package init?(_ project: Project, _ store: Store) throws {
    guard let remote = project.configuration.review.push else { return nil }
    self.project = project
    self.store = store
    self.remote = remote
    desk = try ReviewDesk(project, store)
  }

  /// Pushes what waits and was not pushed yet, and takes verdicts over. Blocks.
  ///
  /// - Returns: what happened, one line each.
  package func exchange() throws -> [String] {
    var lines: [String] = []
    for feature in try store.features(in: [.inReview]) {
      do {
        lines += try publish(feature)
        lines += try readBack(feature)
      } catch let failure as Failure {
        // Told once for each state of the branch.
        let key = "forge_failed:\(feature.id)"
        let words = "feature #\(feature.id): \(failure)"
        if try store.value(key) != words { lines.append(words) }
        try store.setValue(key, words)
      }
    }
    return lines
  }

  static func key(_ feature: String) -> String { "forge:\(feature)" }

  /// Where a branch can be looked at; `nil` where it was not pushed.
  package static func address(_ feature: String, _ store: Store) throws -> String? {
    try store.value(key(feature)).flatMap { value in
      let words = value.split(separator: " ", maxSplits: 1)
      return words.count == 2 ? String(words[1]) : nil
    }
  }

  private func publish(_ feature: FeatureRecord) throws -> [String] {
    guard let branch = feature.branch, let tip = try desk.repository.reference(branch),
      try store.value(Self.key(feature.id))?.hasPrefix(tip.hex + " ") != true
    else { return [] }
    let name = BranchName.short(branch)
    // The branch is this feature's alone; what an earlier attempt left there is replaced.
    let result = try run(["git", "push", "--quiet", "--", remote, "+\(branch):\(branch)"])
    guard result.status == 0 else {
      throw Failure(
        "the branch could not be pushed to \(remote): "
          + String(decoding: result.error, as: UTF8.self).split(separator: "\n").suffix(2)
          .joined(separator: "; "))
    }
    let url = try run(["git", "remote", "get-url", "--", remote]).text
    let link = ForgeLink(remote: url)
    var address =
      link?.compare(name, with: project.configuration.target) ?? "\(name) on \(remote)"
    var lines: [String] = []
    if let tool = tool(link) {
      do {
        address = try tool.open(feature, branch: name)
      } catch let failure as Failure {
        lines.append("feature #\(feature.id): no pull request: \(failure)")
      }
    }
    try store.setValue(Self.key(feature.id), "\(tip.hex) \(address)")
    return ["feature #\(feature.id) waits for a review: \(address)"] + lines
  }

  private func readBack(_ feature: FeatureRecord) throws -> [String] {
    guard let branch = feature.branch, let tip = try desk.repository.reference(branch),
      let tool = tool(ForgeLink(remote: try run(["git", "remote", "get-url", "--", remote]).text))
    else { return [] }
    var lines: [String] = []
    let known = Set(try store.reviews(of: feature.id).map { "\($0.person) \($0.tip)" })
    for review in try tool.reviews(BranchName.short(branch)) {
      // A verdict is for the commit that it was given on.
      guard review.commit == tip.hex, !known.contains("\(review.person) \(tip.hex)"),
        let current = try store.feature(feature.id), current.state == .inReview
      else { continue }
      if review.approves {
        _ = try desk.approve(current, seen: tip.hex, by: review.person)
        lines.append("feature #\(feature.id) is approved by \(review.person)")
      } else {
        try desk.requestChanges(
          current, text: review.text, comments: [], seen: tip.hex, by: review.person)
        lines.append("\(review.person) asks for changes to feature #\(feature.id)")
      }
    }
    return lines
  }

  private func tool(_ link: ForgeLink?) -> GitHubTool? {
    guard link == nil || link?.host.contains("github") == true,
      ShellCommand.exists(
        "gh", directory: project.directory, path: project.environment["PATH"])
    else { return nil }
    return GitHubTool(target: project.configuration.target, run: run)
  }

  private func run(_ argv: [String]) throws -> ProcessOutput {
    try run(argv, [])
  }

  private func run(_ argv: [String], _ input: [UInt8]) throws -> ProcessOutput {
    var environment = GitProgram.clean(project.environment)
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GH_PROMPT_DISABLED"] = "1"
    do {
      return try OneShot.runBlocking(
        argv, directory: project.directory, environment: environment, input: input,
        timeoutSeconds: 120)
    } catch {
      throw Failure("\(error)")
    }
  }
}
