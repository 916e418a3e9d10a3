import Engine
import Foundation
import Model
import Store

/// The text that shows a branch for review.
struct ReviewText {
  let facts: ReviewFacts
  let diff: String
  let sinceLast: String?
  let logTail: [String]

  private var feature: FeatureRecord { facts.feature }

  func text(isColoured: Bool) -> String {
    func styled(_ text: String, _ code: String) -> String {
      isColoured ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
    var lines = [
      styled(
        "#\(feature.id) \(Terminal.visibleLine(feature.title)): \(feature.state.rawValue)", "1")
    ]
    lines += head.map { "   " + $0 }
    func section(_ title: String, _ body: [String]) {
      guard !body.isEmpty else { return }
      lines.append("")
      lines.append(styled(title, "1"))
      lines += body.map { "   " + $0 }
    }
    section("It is done when", feature.steps.map { "- " + Terminal.visibleLine($0) })
    section("Depends on", facts.dependsOn.map(Self.name))
    section("Waits for it", facts.waiting.map(Self.name))
    section("Verdicts", facts.verdicts.flatMap(Self.verdict))
    section("Commits", facts.commits.map(Self.commit))
    section(
      "Files",
      facts.files.map { file in
        let size = file.additions.map { "+\($0) -\(file.deletions ?? 0)" } ?? "binary"
        let words =
          file.isProduct
          ? "   ⚠ the gate makes this by itself; is it wanted?"
          : file.isGate ? "   ⚠ the gate is made of this" : ""
        let mark = words.isEmpty ? "" : styled(words, "33")
        return "\(Terminal.visibleLine(file.path))  \(size)\(mark)"
      })
    section("The end of its log", logTail.map { Terminal.visible(Terminal.strip($0)) })
    if let sinceLast {
      section(
        "Changed since the last verdict",
        Terminal.visible(sinceLast).split(separator: "\n", omittingEmptySubsequences: false)
          .map(String.init))
    }
    lines.append("")
    for line in Terminal.visible(diff).split(separator: "\n", omittingEmptySubsequences: false) {
      lines.append(isColoured ? Self.coloured(line) : String(line))
    }
    if feature.state == .inReview { lines += nextSteps }
    return lines.joined(separator: "\n") + "\n"
  }

  private var head: [String] {
    var lines: [String] = []
    if let found = facts.branchReturn { lines.append("Note: \(found)") }
    if let branch = facts.branchName, facts.state != nil { lines.append("Branch: \(branch)") }
    if let address = facts.address { lines.append("At: \(Terminal.visibleLine(address))") }
    if facts.state != nil {
      lines.append(
        "Changes: \(Self.files(facts.files.count)), +\(facts.additions) -\(facts.deletions)")
      lines.append("Gate: \(facts.gateWords)")
    }
    if let commit = feature.landedCommit, feature.state == .landed {
      lines.append("Landed: as \(commit.prefix(7)); `git show \(commit.prefix(7))` shows it")
    } else if facts.branchReturn?.tip == nil, facts.branchReturn != nil {
      lines.append(
        "There is nothing to review: `lanekeeper retry \(feature.id)` builds it again, "
          + "`lanekeeper abandon \(feature.id)` gives it up")
    } else if facts.state == nil {
      lines.append("There is nothing to review yet; `lanekeeper explain \(feature.id)` says why")
    }
    if let attempt = facts.attempt {
      let agent = facts.agent ?? attempt.agentID
      lines.append(
        "Agent: \(Terminal.visibleLine(agent)) with \(attempt.tierName) "
          + "(\(Terminal.visibleLine(facts.model ?? attempt.modelName))), attempt \(attempt.number), "
          + "\(Duration.text(facts.seconds)), \(String(format: "$%.2f", facts.costUSD))")
    }
    if facts.isRequired || !facts.approvals.isEmpty {
      let names = facts.approvals.map { Terminal.visibleLine($0.person) }
      lines.append(
        "Approvals: \(facts.approvals.count) of \(facts.neededApprovals)"
          + (names.isEmpty ? "" : ": " + names.joined(separator: ", ")))
    }
    if !facts.claims.isEmpty {
      lines.append("Holds: " + facts.claims.map(Terminal.visibleLine).joined(separator: ", "))
    }
    for line in feature.description.split(whereSeparator: \.isNewline) {
      lines.append(Terminal.visible(String(line)))
    }
    return lines
  }

  static func files(_ count: Int) -> String { count == 1 ? "1 file" : "\(count) files" }

  private var nextSteps: [String] {
    [
      "", "What now:",
      "   \(NextStep.approve(feature.id))",
      "   lanekeeper review \(feature.id) --request-changes \"what is to change\"",
      "   lanekeeper review \(feature.id) --at path:line \"what is to change there\"",
    ]
  }

  private static func name(_ feature: FeatureRecord) -> String {
    "#\(feature.id) \(Terminal.visibleLine(feature.title)) (\(feature.state.rawValue))"
  }

  private static func commit(_ commit: ReviewCommit) -> String {
    let who =
      switch commit.origin {
      case .attempt(let number): "attempt \(number)"
      case .person: "by \(Terminal.visibleLine(commit.author.name)), no agent"
      case .sync: "the target merged in"
      }
    return "\(commit.id.short) \(Terminal.visibleLine(commit.subject))  [\(who)]"
  }

  private static func verdict(_ verdict: ReviewRecord) -> [String] {
    let words = verdict.verdict == .approved ? "approved" : "asked for changes to"
    let head =
      "\(Terminal.visibleLine(verdict.person)) \(words) \(verdict.tip.prefix(7)) "
      + "(\(JSON.iso(verdict.at)))"
    return [head]
      + Terminal.visible(Prompt.text(verdict)).split(separator: "\n").map { "   " + $0 }
  }

  private static func coloured(_ line: Substring) -> String {
    let code: String? =
      if line.hasPrefix("+++") || line.hasPrefix("---") || line.hasPrefix("diff ") {
        "1"
      } else if line.hasPrefix("@@") {
        "36"
      } else if line.hasPrefix("+") {
        "32"
      } else if line.hasPrefix("-") {
        "31"
      } else {
        nil
      }
    return code.map { "\u{1b}[\($0)m\(line)\u{1b}[0m" } ?? String(line)
  }
}

extension ReviewFacts {
  /// The gate's verdict on the tree that would land, in words.
  var gateWords: String {
    switch forecast {
    case nil: "no branch yet"
    case .conflicts: "conflicts with the target as it is now"
    case .noGate: "none is set"
    case .notAsked:
      "not run on the tree that would land; `lanekeeper review \(feature.id) --gate` runs it"
    case .gate(true, _, _): "passed on the tree that would land"
    case .gate(false, let status, let log): "failed on the tree that would land: \(status); \(log)"
    case .impossible(let reason): reason
    }
  }
}
