import Foundation
import Git
import Processes
import Store

/// Brings branches that wait for a review to a forge, and verdicts back (`review.push`).
///
/// Nothing else depends on it: where it fails, that is told, and the review goes on here.
package struct ForgeExchange {
  private let project: Project
  private let store: Store
  private let desk: Reviews
  /// The name of the remote.
  private let remote: String

  /// - Returns: `nil` where `review.push` is not set.
  package init?(_ project: Project, _ store: Store) throws {
    guard let remote = project.configuration.review.push else { return nil }
    self.project = project
    self.store = store
    self.remote = remote
    desk = try Reviews(project, store)
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
        try store.setValue("forge_failed:\(feature.id)", nil)
      } catch let unopened as Unopened {
        lines += unopened.lines
        lines += try tellOnce(feature, "no pull request: \(unopened.failure)")
      } catch let failure as Failure {
        lines += try tellOnce(feature, "\(failure)")
      }
    }
    return lines
  }

  /// The branch was pushed, and there is no pull request for it.
  private struct Unopened: Error {
    var lines: [String]
    var failure: Failure
  }

  private static func openKey(_ feature: String) -> String { "forge_open:\(feature)" }
  static func key(_ feature: String) -> String { "forge:\(feature)" }

  /// Where a branch can be looked at; `nil` where it was not pushed.
  package static func address(_ feature: String, _ store: Store) throws -> String? {
    try store.value(key(feature)).flatMap { value in
      let words = value.split(separator: " ", maxSplits: 1)
      return words.count == 2 ? String(words[1]) : nil
    }
  }

  private func publish(_ feature: FeatureRecord) throws -> [String] {
    guard let branch = feature.branch, let tip = try desk.repository.reference(branch) else {
      return []
    }
    let name = BranchName.short(branch)
    let link = try link()
    let isPushed = try store.value(Self.key(feature.id))?.hasPrefix(tip.hex + " ") == true
    var address = link?.compare(name, with: project.configuration.target) ?? "\(name) on \(remote)"
    if !isPushed {
      // The branch is this feature's alone; what an earlier attempt left there is replaced.
      let result = try run(["git", "push", "--quiet", "--", remote, "+\(branch):\(branch)"])
      guard result.status == 0 else {
        throw Failure(
          "the branch could not be pushed to \(remote): "
            + String(decoding: result.error, as: UTF8.self).split(separator: "\n").suffix(2)
            .joined(separator: "; "))
      }
      try store.setValue(Self.key(feature.id), "\(tip.hex) \(address)")
    }
    let openKey = Self.openKey(feature.id)
    var failure: Failure?
    if try store.value(openKey) != tip.hex {
      do {
        if let tool = tool(link) {
          address = try tool.open(
            ForgeRequest(feature, branch: name, target: project.configuration.target))
          try store.setValue(Self.key(feature.id), "\(tip.hex) \(address)")
        }
        try store.setValue(openKey, tip.hex)
      } catch let problem as Failure {
        // It is tried again the next time.
        failure = problem
      }
    }
    let lines = isPushed ? [] : ["feature #\(feature.id) waits for a review: \(address)"]
    guard let failure else { return lines }
    throw Unopened(lines: lines, failure: failure)
  }

  /// A failure is told once for each that is another.
  private func tellOnce(_ feature: FeatureRecord, _ failure: String) throws -> [String] {
    let key = "forge_failed:\(feature.id)"
    let words = "feature #\(feature.id): \(failure)"
    guard try store.value(key) != words else { return [] }
    try store.setValue(key, words)
    return [words]
  }

  private func readBack(_ feature: FeatureRecord) throws -> [String] {
    guard let branch = feature.branch, let tip = try desk.repository.reference(branch),
      let tool = tool(try link())
    else { return [] }
    var lines: [String] = []
    let known = Set(
      try store.reviews(of: feature.id).map { "\($0.verdict.rawValue) \($0.person) \($0.tip)" })
    // A verdict is for the commit that it was given on.
    for var verdict in try tool.verdicts(BranchName.short(branch), on: tip.hex) {
      let word = (verdict.approves ? ReviewRecord.Verdict.approved : .changesRequested).rawValue
      guard !known.contains("\(word) \(verdict.person) \(tip.hex)"),
        let current = try store.feature(feature.id), current.state == .inReview
      else { continue }
      if verdict.approves {
        _ = try desk.approve(current, seen: tip.hex, by: verdict.person)
        lines.append("feature #\(feature.id) is approved by \(verdict.person)")
      } else {
        try desk.moveUnplaced(&verdict, tip)
        try desk.requestChanges(
          current, text: verdict.text, comments: verdict.comments, seen: tip.hex,
          by: verdict.person)
        lines.append("\(verdict.person) asks for changes to feature #\(feature.id)")
      }
    }
    return lines
  }

  private func link() throws -> ForgeLink? {
    ForgeLink(remote: try run(["git", "remote", "get-url", "--", remote]).text)
  }

  private func tool(_ link: ForgeLink?) -> (any ForgeTool)? {
    guard let link else { return nil }
    return ForgeChoice.tool(
      link, remote: remote,
      isInstalled: {
        ShellCommand.exists($0, directory: project.directory, path: project.environment["PATH"])
      }, run: run)
  }

  private func run(_ argv: [String]) throws -> ProcessOutput {
    try run(argv, [])
  }

  private func run(_ argv: [String], _ input: [UInt8]) throws -> ProcessOutput {
    var environment = GitProgram.clean(project.environment)
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GH_PROMPT_DISABLED"] = "1"
    environment["NO_PROMPT"] = "1"
    do {
      return try Command.runBlocking(
        argv, directory: project.directory, environment: environment, input: input,
        timeoutSeconds: 120)
    } catch {
      throw Failure("\(error)")
    }
  }
}
