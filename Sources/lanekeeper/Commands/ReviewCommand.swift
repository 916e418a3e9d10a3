import ArgumentParser
import Foundation
import Git
import Integration
import Orchestrator
import Store

/// Per-feature branch review.
struct ReviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "review", abstract: "Show the branches that wait for a verdict, and give it.",
    discussion: """
      Example: lanekeeper review 7 --approve
               lanekeeper review 7 --request-changes "use the existing helper for dates"
      """)
  @Argument(help: "The feature's id.") var id: String?
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Let it land.") var approve = false
  @Option(
    name: .customLong("request-changes"),
    help: ArgumentHelp("Send it back to its agent with this text.", valueName: "text"))
  var requestChanges: String?
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let (project, store) = try project.opened()
    guard let id else {
      guard !approve, requestChanges == nil else {
        throw Failure("name the feature: lanekeeper review ID --approve", status: 64)
      }
      return try list(project, store)
    }
    guard let feature = try store.feature(id) else { throw StoreError.unknownFeature(id) }
    guard !(approve && requestChanges != nil) else {
      throw Failure("--approve and --request-changes exclude each other", status: 64)
    }
    if approve { return try approve(feature, project, store) }
    if let requestChanges { return try send(feature, back: requestChanges, store) }
    let facts = try ReviewFacts(feature, project, store)
    if json { return Terminal.line((["reviews": [facts.json]] as JSONValue).text) }
    for line in facts.lines { Terminal.line(line) }
    Terminal.write(try facts.diff())
  }

  private func list(_ project: Project, _ store: Store) throws {
    let facts = try store.features(in: [.inReview, .approved, .changesRequested]).map {
      try ReviewFacts($0, project, store)
    }
    if json {
      return Terminal.line((["reviews": .array(facts.map(\.json))] as JSONValue).text)
    }
    guard !facts.isEmpty else { return Terminal.line("nothing waits for a review") }
    let rows = facts.map {
      [
        "#" + $0.feature.id, Terminal.cut($0.feature.title, 44), $0.feature.state.rawValue,
        "\($0.files) files +\($0.additions) -\($0.deletions)", $0.gate ?? "",
        $0.branch ?? "",
      ]
    }
    for line in Terminal.table(["FEATURE", "TITLE", "STATE", "CHANGES", "GATE", "BRANCH"], rows) {
      Terminal.line(line)
    }
  }

  private func approve(_ feature: FeatureRecord, _ project: Project, _ store: Store) throws {
    try PersonOnly.check("review --approve")
    guard feature.state == .inReview else {
      throw Failure(
        "feature #\(feature.id) is \(feature.state.rawValue); only one in_review can be approved")
    }
    guard let branch = feature.branch, let tip = try project.repository().reference(branch) else {
      throw Failure("the branch of feature #\(feature.id) is gone")
    }
    let person = project.identity()
    try store.setValue(Approval.key(feature.id), "\(tip.hex) \(person.name) <\(person.email)>")
    try store.transition(feature.id, from: [.inReview], to: .approved, detail: "by \(person.name)")
    try store.transition(feature.id, from: [.approved], to: .queued)
    Terminal.line("feature #\(feature.id) is approved and queued; `run` or `land` lands it")
  }

  private func send(_ feature: FeatureRecord, back text: String, _ store: Store) throws {
    try PersonOnly.check("review --request-changes")
    guard !text.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty else {
      throw Failure("say what is to change: --request-changes \"…\"", status: 64)
    }
    try store.setValue(Approval.key(feature.id), nil)
    try store.transition(
      feature.id, from: [.inReview], to: .changesRequested,
      rework: "A person looked at the branch and asks for changes:\n\n\(text)", detail: text)
    try store.transition(feature.id, from: [.changesRequested], to: .ready)
    Terminal.line("feature #\(feature.id) is ready again; its next attempt is told so")
  }
}

/// What is shown of a branch.
struct ReviewFacts {
  let feature: FeatureRecord
  let branch: String?
  let gate: String?
  private(set) var files = 0
  private(set) var additions = 0
  private(set) var deletions = 0
  private let project: Project
  private var range: String?
  private var commits: [String] = []
  private let claims: [String]
  private let attempt: AttemptRecord?

  init(_ feature: FeatureRecord, _ project: Project, _ store: Store) throws {
    self.feature = feature
    self.project = project
    branch = feature.branch.map(StatusView.short)
    claims = try store.claims(of: .feature(feature.id)).map(\.path.description)
    attempt = try store.attempts(of: feature.id).last
    gate = try store.lastLanding(of: feature.id).flatMap { landing in
      try landing.tree.flatMap {
        try store.gateResult(tree: $0, command: project.configuration.gate.command, environment: "")
      }?.status
    }
    let repository = try project.repository()
    guard let name = feature.branch, let tip = try repository.reference(name) else { return }
    let range = "\(project.target)...\(tip.hex)"
    self.range = range
    for line in try repository.git(["diff", "--numstat", "--no-renames", range]).text
      .split(separator: "\n")
    {
      let words = line.split(separator: "\t", maxSplits: 2)
      files += 1
      additions += words.first.flatMap { Int($0) } ?? 0
      deletions += words.dropFirst().first.flatMap { Int($0) } ?? 0
    }
    commits = try repository.git([
      "log", "--oneline", "--no-decorate", "\(project.target)..\(tip.hex)",
    ])
    .text.split(separator: "\n").map(String.init)
  }

  var json: JSONValue {
    .object([
      ("feature", .string(feature.id)), ("branch", .text(branch)),
      ("state", .string(feature.state.rawValue)), ("files", .whole(files)),
      ("additions", .whole(additions)), ("deletions", .whole(deletions)), ("gate", .text(gate)),
    ])
  }

  var lines: [String] {
    var lines = [
      "#\(feature.id) \(feature.title): \(feature.state.rawValue)",
      "   Branch: \(branch ?? "none yet")",
      "   Changes: \(files) files, +\(additions) -\(deletions)",
    ]
    if let attempt {
      let seconds = Double((attempt.endedAt ?? attempt.startedAt) - attempt.startedAt) / 1000
      lines.append(
        "   Agent: \(attempt.agent) with \(attempt.tier), attempt \(attempt.number), "
          + Duration.text(seconds))
    }
    if !claims.isEmpty { lines.append("   Holds: " + claims.joined(separator: ", ")) }
    lines += feature.steps.map { "   - \($0)" }
    lines += commits.map { "   " + $0 }
    return lines + [""]
  }

  func diff() throws -> String {
    guard let range else { return "" }
    let colour = Terminal.hasColour ? "--color=always" : "--color=never"
    return String(
      decoding: try project.repository().git(["diff", colour, range]).output, as: UTF8.self)
  }
}
