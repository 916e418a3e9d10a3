import Foundation
import Git
import Model
import Processes
import Store

/// Where persons look at branches and give their verdicts.
package struct Reviews {
  package let project: Project
  package let store: Store
  package let repository: Repository
  private let book: Approvals

  package init(_ project: Project, _ store: Store) throws {
    self.project = project
    self.store = store
    repository = try project.repository()
    book = project.reviewBook(store)
  }

  /// Who gives a verdict here.
  package var person: String {
    let identity = project.identity()
    return "\(identity.name) <\(identity.email)>"
  }

  /// Returns the features that wait for a verdict or, approved, for their landing.
  package func waiting() throws -> [FeatureRecord] {
    try dropOldReferences()
    return try store.features(in: [.inReview, .approved, .changesRequested])
  }

  // MARK: facts

  /// - Parameter isShort: leaves out what only a look at one branch needs.
  package func facts(_ feature: FeatureRecord, isShort: Bool = false) throws -> ReviewFacts {
    var facts = ReviewFacts(feature: feature)
    facts.neededApprovals = project.configuration.review.approvals
    facts.claims = try store.claims(of: .feature(feature.id)).map(\.path.description)
    facts.address = try ForgeExchange.address(feature.id, store)
    facts.verdicts = try store.reviews(of: feature.id)
    let attempts = try store.attempts(of: feature.id)
    facts.attempt = attempts.last
    if let attempt = attempts.last {
      let report = try store.agentReport(feature.id, attempt.number)
      facts.agent = report?.agent
      facts.model = report?.model ?? attempt.modelName
    }
    facts.costUSD = attempts.reduce(0) { $0 + $1.costUSD }
    facts.seconds = attempts.reduce(0) {
      $0 + Double(($1.endedAt ?? store.now) - $1.startedAt) / 1000
    }
    facts.branchReturn = try BranchReturn.look(feature, repository, store)
    guard let name = feature.branch, let tip = try repository.reference(name) else { return facts }
    let state = try book.state(tip, repository)
    facts.state = state
    let products = Set(try GateLitter.committed(by: feature.id, store))
    facts.files = try files(state).map {
      var file = $0
      file.isProduct = products.contains(file.path)
      return file
    }
    facts.isRequired = book.rules.isRequired(feature) {
      facts.files.map { Array($0.path.utf8) }
    }
    facts.approvals = try book.standing(feature.id, tip: tip, repository)
    facts.forecast = try lander().forecast(tip)
    if isShort { return facts }
    facts.commits = try commits(feature, state)
    let dependencies = try store.dependencies()
    facts.dependsOn = try (dependencies[feature.id] ?? []).compactMap {
      try store.feature($0.id)
    }
    facts.waiting = try dependencies.keys.sorted().filter { id in
      dependencies[id]?.contains { $0.id == feature.id } == true
    }.compactMap { try store.feature($0) }.sorted { $0.position < $1.position }
    return facts
  }

  private func lander() throws -> Lander {
    _ = try HelperPrograms.path("lanekeeper-guard")
    return project.lander(store)
  }

  /// The merge base of a branch; the empty tree where it has none.
  private func base(_ state: ReviewedState) throws -> String {
    if !state.base.isEmpty { return state.base }
    return try repository.git(["hash-object", "-t", "tree", "--stdin"]).text
  }

  private func files(_ state: ReviewedState) throws -> [ReviewFile] {
    let gate = GateFiles(command: project.configuration.gate.command)
    let output = try repository.git([
      "diff-tree", "-r", "-z", "--numstat", "--no-renames", try base(state), state.tip, "--",
    ]).output
    return output.split(separator: 0).compactMap { record in
      let words = record.split(separator: 0x09, maxSplits: 2)
      guard words.count == 3 else { return nil }
      let path = String(decoding: words[2], as: UTF8.self)
      return ReviewFile(
        path: path, additions: Int(String(decoding: words[0], as: UTF8.self)),
        deletions: Int(String(decoding: words[1], as: UTF8.self)), isGate: gate.contain(path))
    }
  }

  /// Reads the branch's own commits, oldest first, and who made them.
  private func commits(_ feature: FeatureRecord, _ state: ReviewedState) throws -> [ReviewCommit] {
    guard let target = try repository.reference(project.target),
      let tip = ObjectID(hex: state.tip)
    else { return [] }
    let commits = try repository.commits(from: tip, excluding: [target]).reversed()
    let starts = try store.attemptStarts(of: feature.id)
    var origins: [ObjectID: ReviewCommit.Origin] = [:]
    for attempt in try store.attempts(of: feature.id) {
      guard
        let end = (attempt.tip ?? (attempt.state == .running ? state.tip : nil)).flatMap(
          ObjectID.init(hex:)),
        let start = (starts[attempt.number] ?? attempt.base).nilIfEmpty.flatMap(
          ObjectID.init(hex:)),
        let made = try? repository.commits(from: end, excluding: [start, target])
      else { continue }
      for commit in made where origins[commit.id] == nil {
        origins[commit.id] = .attempt(attempt.number)
      }
    }
    // What the hooks saw a person commit is theirs, also where an agent was at work at the same time.
    for (from, to) in try store.personCommits(of: feature.id) {
      guard let end = ObjectID(hex: to),
        let made = try? repository.commits(
          from: end, excluding: [from.flatMap(ObjectID.init(hex:)), target].compactMap(\.self))
      else { continue }
      for commit in made { origins[commit.id] = .person }
    }
    return try commits.map { commit in
      var origin = origins[commit.id] ?? .person
      if commit.parents.count == 2, let second = commit.parents.last,
        try second == target || repository.isAncestor(second, of: target)
      {
        origin = .sync
      }
      return ReviewCommit(
        id: commit.id, subject: commit.subject, author: commit.author, origin: origin)
    }
  }

  /// The branch's diff from the merge base, as git writes it.
  package func diff(_ state: ReviewedState) throws -> String {
    let output = try repository.git([
      "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", try base(state),
      state.tip, "--",
    ]).output
    return String(decoding: output, as: UTF8.self)
  }

  /// Returns the changes of a branch since a verdict; `nil` where there are none or they can't be determined.
  package func changes(since verdict: ReviewRecord, _ state: ReviewedState) throws -> String? {
    guard verdict.tip != state.tip, !verdict.base.isEmpty, !state.base.isEmpty else { return nil }
    let result = try repository.git([
      "range-diff", "--no-color", "\(verdict.base)..\(verdict.tip)", "\(state.base)..\(state.tip)",
    ])
    guard result.status == 0 else { return nil }
    guard let before = try treeAsOf(verdict, on: state.base) else { return result.text }
    let difference = try repository.git([
      "diff", "--no-ext-diff", "--no-textconv", "--no-color", before, state.tip, "--",
    ]).text
    return result.text + "\n\n" + difference
  }

  /// Returns the tree of a verdict, in hex, with everything merged in since: compared with it, the branch shows
  /// its own changes alone. `nil` where the two conflict.
  private func treeAsOf(_ verdict: ReviewRecord, on base: String) throws -> String? {
    guard verdict.base != base else { return verdict.tip }
    guard let tip = ObjectID(hex: verdict.tip), let old = ObjectID(hex: verdict.base),
      let new = ObjectID(hex: base)
    else { return nil }
    let merged = try repository.mergeTrees(
      base: try repository.commit(old).tree, ours: try repository.commit(new).tree,
      theirs: try repository.commit(tip).tree)
    return merged.tree?.hex
  }

  /// The end of what the agent wrote.
  package func logTail(_ feature: FeatureRecord, lines: Int) throws -> [String] {
    guard let attempt = try store.attempts(of: feature.id).last else { return [] }
    let secrets = Secrets(environment: project.environment)
    return LogTail.lines(project.state.log(feature.id, attempt.number), count: lines)
      .map(secrets.mask)
  }

  /// Notes that this person was shown a branch as it is.
  package func noteLook(_ facts: ReviewFacts) throws {
    if let state = facts.state { try store.noteLook(facts.feature.id, state, person: person) }
  }

  /// Runs the gate on the tree that would land.
  package func gate(_ facts: ReviewFacts, stop: StopSignal) async throws -> LandingForecast {
    guard let tip = facts.state.flatMap({ ObjectID(hex: $0.tip) }) else { return .notAsked }
    guard let lock = try FileLock.tryAcquire(project.state.landingLock) else {
      throw Failure("something is landing just now; try again in a moment", status: 75)
    }
    defer { lock.release() }
    return try await Programs.$stop.withValue(stop) {
      try await lander().gateAhead(tip, stop: stop)
    }
  }

  // MARK: verdicts

  package enum Approved: Sendable, Equatable {
    case queued
    /// Further persons have to approve it.
    case counted(Int, of: Int)
  }

  /// - Parameter seen: the tip that the person has looked at; `nil`: what they were shown last.
  /// - Parameter who: whose verdict it is; `nil` for the person here.
  package func approve(
    _ feature: FeatureRecord, seen: String?, by who: String? = nil
  ) throws -> Approved {
    let person = who ?? person
    let state = try expectUnmoved(feature, seen: seen, verdict: "approved")
    let needed = project.configuration.review.approvals
    var persons = Set(
      try book.standing(feature.id, tip: ObjectID(hex: state.tip)!, repository).map(\.person))
    persons.insert(person)
    try store.approve(
      feature.id, state: state, person: person, isEnough: persons.count >= needed)
    try keep(feature, state)
    return persons.count >= needed ? .queued : .counted(persons.count, of: needed)
  }

  package func requestChanges(
    _ feature: FeatureRecord, text: String, comments: [ReviewComment], seen: String?,
    by who: String? = nil
  ) throws {
    let person = who ?? person
    let state = try expectUnmoved(feature, seen: seen, verdict: "sent back")
    for comment in comments { try check(comment, tip: ObjectID(hex: state.tip)!) }
    let record = ReviewRecord(
      id: 0, feature: feature.id, attempt: feature.attempts, verdict: .changesRequested,
      tip: state.tip, base: state.base, digest: state.digest, person: person, text: text,
      comments: comments, at: store.now)
    try store.requestChanges(
      feature.id, state: state, person: person, text: text, comments: comments,
      rework: "\(person) looked at the branch and asks for changes:\n\n" + Prompt.text(record))
    try keep(feature, state)
  }

  /// A verdict counts for what was looked at, and for nothing else.
  private func expectUnmoved(
    _ feature: FeatureRecord, seen: String?, verdict: String
  ) throws -> ReviewedState {
    guard feature.state == .inReview else {
      let words =
        switch feature.state {
        case .approved, .queued, .landing: "is approved already and waits for its landing"
        case .landed: "has landed already"
        case .completed, .running, .ready, .changesRequested, .gateFailed:
          "is \(feature.state.rawValue): its agent is not done with it"
        default: "is \(feature.state.rawValue)"
        }
      throw Failure(
        "feature #\(feature.id) \(words); what waits for a verdict (in_review) can be \(verdict)")
    }
    let found = try BranchReturn.look(feature, repository, store)
    guard let branch = feature.branch, let tip = try repository.reference(branch) else {
      throw Failure(
        "feature #\(feature.id) has nothing to be \(verdict): \(found?.description ?? "it has no branch"); "
          + "`lanekeeper retry \(feature.id)` builds it again, `lanekeeper abandon \(feature.id)` gives it up"
      )
    }
    let state = try book.state(tip, repository)
    let look = try store.lastLook(feature.id, person: person)
    let expected = try seen.map(commit) ?? look?.tip ?? feature.tip
    if expected == nil || expected == tip.hex { return state }
    if seen == nil, look?.digest == state.digest { return state }
    if seen == nil, let expected, try book.isSame(expected, tip, repository) { return state }
    throw Failure(
      "the branch of feature #\(feature.id) has changed since you looked (from "
        + "\(expected!.prefix(7)) to \(tip.short)); `lanekeeper review \(feature.id)` shows it")
  }

  private func commit(_ text: String) throws -> String {
    let result = try repository.git([
      "rev-parse", "--verify", "--quiet", "--end-of-options", text + "^{commit}",
    ])
    guard result.status == 0 else {
      throw Failure("there is no commit '\(text)' here", status: 64)
    }
    return result.text
  }

  /// Comments from elsewhere on lines that the branch does not have are told with the text.
  func moveUnplaced(_ verdict: inout ForgeVerdict, _ tip: ObjectID) throws {
    let comments = verdict.comments
    verdict.comments = []
    for comment in comments {
      if (try? check(comment, tip: tip)) != nil {
        verdict.comments.append(comment)
      } else {
        verdict.text +=
          (verdict.text.isEmpty ? "" : "\n\n") + "\(comment.path):\(comment.line):\n\(comment.text)"
      }
    }
  }

  private func check(_ comment: ReviewComment, tip: ObjectID) throws {
    let tree = try repository.commit(tip).tree
    guard let entry = try repository.entry(at: Array(comment.path.utf8), inTree: tree) else {
      let name = (comment.path as NSString).lastPathComponent
      let near = try repository.git(["ls-tree", "-r", "--name-only", "-z", tip.hex]).output
        .split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        .first { ($0 as NSString).lastPathComponent == name }
      throw Failure(
        "\(comment.path) is not a file of the branch"
          + (near.map { "; did you mean \($0)?" } ?? "; paths begin at the repository's top"),
        status: 64)
    }
    guard comment.line > 0 else { return }
    let bytes = try repository.blob(entry.id)
    let count = bytes.count { $0 == 0x0a } + (bytes.last.map { $0 == 0x0a ? 0 : 1 } ?? 0)
    guard comment.line <= count else {
      throw Failure(
        "\(comment.path) has \(count) lines, none with the number \(comment.line)", status: 64)
    }
  }

  // MARK: references

  private func reference(_ feature: String) -> String { "refs/lanekeeper/reviewed/\(feature)" }

  /// Keeps the commits that were shown for the next look, even where the branch is made anew.
  private func keep(_ feature: FeatureRecord, _ state: ReviewedState) throws {
    guard let tip = ObjectID(hex: state.tip) else { return }
    try repository.setReference(reference(feature.id), to: tip, message: "review")
  }

  private func dropOldReferences() throws {
    for (name, _) in try repository.references(prefix: "refs/lanekeeper/reviewed/") {
      let id = String(name.dropFirst("refs/lanekeeper/reviewed/".count))
      let state = try store.feature(id)?.state
      if state == nil || state == .landed {
        try repository.deleteReference(name, expecting: nil)
      }
    }
  }
}

extension String {
  fileprivate var nilIfEmpty: String? { isEmpty ? nil : self }
}
