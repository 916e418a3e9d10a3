import ArgumentParser
import Engine
import Foundation
import Git
import Model
import Processes
import Store

/// Per-feature branch review.
struct ReviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "review", abstract: "Show the branches that wait for a verdict, and give it.",
    discussion: """
      Example: lanekeeper review 7
               lanekeeper review 7 --approve
               lanekeeper review 7 --request-changes "use the existing helper for dates"
               lanekeeper review 7 --at src/date.c:41 "this is off by one in leap years"
               lanekeeper review 7 --file comments.txt

      A file of comments has lines `path:line: text`; following lines belong to the same comment, and
      text before the first comment is about the branch as a whole.

      An approval counts for what you were shown: if the branch has changed since, look again.
      """)
  @Argument(help: "The feature's id.") var id: String?
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Let it land.") var approve = false
  @Option(
    name: .customLong("request-changes"), parsing: .unconditional,
    help: ArgumentHelp("Send it back to its agent with this text.", valueName: "text"))
  var requestChanges: String?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Send it back with a comment at a line; may be given several times.",
      valueName: "path:line> <text"))
  var at: [String] = []
  @Option(
    help: ArgumentHelp("Send it back with the comments of a file; - is standard input."))
  var file: String?
  @Option(
    help: ArgumentHelp(
      "Give the verdict only if the branch is at this commit.", valueName: "commit"))
  var tip: String?
  @Flag(help: "Show it in git's difftool, or else in your editor.") var open = false
  @Flag(help: "Run the gate on the tree that would land.") var gate = false
  @Flag(help: "As JSON.") var json = false

  /// Whether it does more than show something.
  var givesVerdict: Bool { approve || sendsBack || gate }

  private var sendsBack: Bool { requestChanges != nil || !at.isEmpty || file != nil }

  mutating func run() async throws {
    if id == nil, !givesVerdict, !open {
      let opened = try self.project.project()
      guard try opened.existingStore() != nil else {
        return Terminal.line(
          json
            ? (["reviews": []] as JSON).text
            : "nothing waits for a review: nothing has run in \(opened.directory) yet; `\(NextStep.build)` begins"
        )
      }
    }
    let (opened, store) = try project.opened()
    let project = try MakeCall.current.shared(opened, takesTokens: false)
    let desk = try Reviews(project, store)
    if !givesVerdict, !ProcessTree.hasGuardAmongAncestors(locks: project.state.locks) {
      let lines = try await BlockingQueue.run {
        try ForgeExchange(project, store)?.exchange() ?? []
      }
      for line in lines { if json { Terminal.error(line) } else { Terminal.line(line) } }
    }
    guard let id else {
      guard !approve, !sendsBack, !open, !gate else {
        let waiting = try store.features(in: [.inReview]).map { "`\(NextStep.approve($0.id))`" }
        throw Failure(
          "name the feature: "
            + (waiting.isEmpty
              ? "\(NextStep.approve("ID")); nothing waits for a review now"
              : waiting.joined(separator: ", ")),
          status: 64)
      }
      return try list(desk)
    }
    guard let feature = try store.feature(id) else {
      let waiting = try desk.waiting().map { "#\($0.id)" }
      throw Failure(
        "there is no feature '\(Terminal.visibleLine(id))'; "
          + (waiting.isEmpty
            ? "nothing waits for a review"
            : "these wait for a review: \(waiting.joined(separator: ", "))"),
        status: 64)
    }
    guard !(approve && sendsBack) else {
      throw Failure("--approve and a request for changes exclude each other", status: 64)
    }
    if approve || sendsBack {
      let words = approve ? "review --approve" : "review --request-changes"
      try PersonOnly.check(words, self.project)
      guard try !isInLane(project) else {
        throw Failure("this is a lane; a person gives a verdict in their own checkout")
      }
      return approve ? try approve(feature, desk) : try sendBack(feature, desk)
    }
    if gate { return try await runGate(feature, desk) }
    try show(feature, desk)
  }

  private func list(_ desk: Reviews) throws {
    let facts = try desk.waiting().map { try desk.facts($0, isShort: true) }
    if json {
      return Terminal.line((["reviews": .array(facts.map { $0.json() })] as JSON).text)
    }
    for found in facts {
      guard let words = found.branchReturn else { continue }
      Terminal.line("feature #\(found.feature.id): \(words)")
    }
    let ready = try desk.store.features(in: [.queued]).filter {
      try !desk.store.approvals(of: $0.id).isEmpty
    }
    let readyLine =
      ready.isEmpty
      ? nil
      : ready.map { "#\($0.id)" }.joined(separator: ", ") + " approved and not landed yet: "
        + (NextStep.isAtWork(desk.project, desk.store)
          ? "the run that is at work lands it" : "`\(NextStep.land)` lands it")
    guard !facts.isEmpty else {
      Terminal.line("nothing waits for a review")
      if let readyLine { Terminal.line(readyLine) }
      return
    }
    let rows = facts.map {
      [
        "#" + $0.feature.id, Terminal.cut($0.feature.title, 44), $0.feature.state.rawValue,
        "\(ReviewText.files($0.files.count)) +\($0.additions) -\($0.deletions)"
          + ($0.files.contains(where: \.isGate) ? " ⚠ gate" : ""), $0.gateWord ?? "",
        $0.branchName ?? "",
      ]
    }
    for line in Terminal.table(["FEATURE", "TITLE", "STATE", "CHANGES", "GATE", "BRANCH"], rows) {
      Terminal.line(line)
    }
    Terminal.line()
    let id = MakeCall.current.isRecipe ? facts[0].feature.id : "ID"
    Terminal.line(
      "`\(NextStep.show(id))` shows one and how to send it back; `\(NextStep.approve(id))` lets it land"
    )
    if let readyLine { Terminal.line(readyLine) }
  }

  private func show(_ feature: FeatureRecord, _ desk: Reviews) throws {
    let facts = try desk.facts(feature)
    // An agent may look; a person's look is what their verdict counts for.
    if !ProcessTree.hasGuardAmongAncestors(locks: desk.project.state.locks) {
      try desk.noteLook(facts)
    }
    let diff = try facts.state.map(desk.diff) ?? ""
    let tail = try desk.logTail(feature, lines: 10)
    if json {
      return Terminal.line((["reviews": [facts.json(diff: diff, logTail: tail)]] as JSON).text)
    }
    if open {
      guard let state = facts.state else {
        throw Failure("feature #\(feature.id) has no branch yet")
      }
      return try ReviewOpening(desk: desk, feature: feature, state: state, diff: diff).run()
    }
    let text = ReviewText(
      facts: facts, diff: diff,
      sinceLast: try facts.lastVerdict.flatMap { verdict in
        try facts.state.flatMap { try desk.changes(since: verdict, $0) }
      }, logTail: tail)
    Pager.show(text.text(isColoured: false), coloured: text.text(isColoured: true), desk.repository)
  }

  private func runGate(_ feature: FeatureRecord, _ desk: Reviews) async throws {
    try PersonOnly.check("review --gate", self.project)
    let stop = StopSignal()
    let end = EndWatch(stop)
    defer { end.finish() }
    let watcher = SignalWatcher([SIGINT, SIGTERM, SIGHUP])
    let signals = Task { for await _ in watcher.signals { stop.set(forced: stop.isSet) } }
    defer { signals.cancel() }
    var facts = try desk.facts(feature, isShort: true)
    facts.forecast = try await desk.gate(facts, stop: stop)
    Terminal.line("feature #\(feature.id): the gate \(facts.gateWords)")
    if case .gate(true, _, _) = facts.forecast { return }
    throw ExitCode(stop.isSet ? 130 : 1)
  }

  private func approve(_ feature: FeatureRecord, _ desk: Reviews) throws {
    switch try desk.approve(feature, seen: tip) {
    case .queued:
      Terminal.line(
        "feature #\(feature.id) is approved; "
          + (NextStep.isAtWork(desk.project, desk.store)
            ? "the run that is at work lands it" : "`\(NextStep.land)` lands it"))
    case .counted(let count, let needed):
      Terminal.line(
        "feature #\(feature.id) has \(count) of \(needed) approvals; it waits for another person's")
    }
  }

  private func sendBack(_ feature: FeatureRecord, _ desk: Reviews) throws {
    var text = requestChanges ?? ""
    var comments = try at.map(ReviewComments.comment)
    if let file {
      let content: String
      if file == "-" {
        let data = FileHandle.standardInput.readDataToEndOfFile()
        guard let read = String(validating: data, as: UTF8.self) else {
          throw Failure("standard input is not UTF-8 text", status: 65)
        }
        content = read
      } else {
        content = try InputFile.read(file)
      }
      let found = ReviewComments.file(content)
      if !found.general.isEmpty { text += (text.isEmpty ? "" : "\n\n") + found.general }
      comments += found.comments
    }
    guard !text.allSatisfy(\.isWhitespace) || !comments.isEmpty else {
      throw Failure("say what is to change: --request-changes \"…\"", status: 64)
    }
    try desk.requestChanges(feature, text: text, comments: comments, seen: tip)
    Terminal.line(
      "feature #\(feature.id) is sent back to its agent with your comments; "
        + (NextStep.isAtWork(desk.project, desk.store)
          ? "the run that is at work starts it again" : "`\(NextStep.build)` starts it again"))
  }

  private func isInLane(_ project: Project) throws -> Bool {
    for directory in [FileManager.default.currentDirectoryPath, self.project.path] {
      guard let path = try? Repository.discover(from: directory),
        let repository = try? Repository(opening: path, environment: project.environment),
        repository.commonDirectory == project.state.commonDirectory
      else { continue }
      if LaneRecord.number(ofGitDirectory: repository.gitDirectory) != nil { return true }
    }
    return false
  }
}
