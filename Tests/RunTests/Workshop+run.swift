import Engine
import Foundation
import Model
import Processes
import Store
import TestSupport

/// What a command came to in this process.
struct Told {
  /// The exit status of the contract.
  var status: Int32
  /// What a person would be told, one line each.
  var text: String
}

/// The commands of a person, called in this process: what is tested is the run itself, not the program around it.
extension Workshop {
  func project() throws -> Project {
    try Project.open(repository.path, environment: environment)
  }

  func store() throws -> Store { try project().store() }

  /// Runs to the end.
  ///
  /// - Parameter parallel: agents at once; `nil`: as the configuration says.
  func run(
    parallel: Int? = nil, only: Set<String>? = nil, maxCost: Double? = nil,
    stop: StopSignal = StopSignal()
  ) async throws -> Told {
    try await told { report in
      let project = try project()
      var options = RunOptions(
        kind: .run, parallel: parallel ?? project.configuration.parallel, only: only,
        graceSeconds: 1)
      options.maxCostUSD = maxCost
      let supervisor = Supervisor(project: project, options: options, stop: stop, report: report)
      let summary = try await supervisor.run()
      for line in summary.leftOver { report(.note(line)) }
      return summary.status
    }
  }

  /// Starts a run and returns at once.
  func start(parallel: Int? = nil, stop: StopSignal = StopSignal()) -> Task<Told, any Error> {
    Task { try await run(parallel: parallel, stop: stop) }
  }

  /// Lands what is ready, once.
  func land() async throws -> Told {
    try await told { report in
      let project = try project()
      return try await LandOnce(project: project, store: project.store()).run(
        stop: StopSignal(), report: report)
    }
  }

  /// Reverts a feature that has landed.
  func undo(_ id: String) async throws -> Told {
    try await told { report in
      let project = try project()
      let store = try project.store()
      try store.requestUndo(
        UndoPlan(id, project: project, store: store).requests(withDependents: false))
      return try await LandOnce(project: project, store: store).run(
        undosOnly: true, stop: StopSignal(), report: report)
    }
  }

  private func told(
    _ body: (@escaping @Sendable (RunEvent) -> Void) async throws -> Int32
  ) async throws -> Told {
    let lines = Lines()
    do {
      let status = try await body { lines.add(Self.words($0)) }
      return Told(status: status, text: lines.all.joined(separator: "\n"))
    } catch let failure as Failure {
      return Told(
        status: failure.status, text: (lines.all + ["\(failure)"]).joined(separator: "\n"))
    }
  }

  private final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []
    var all: [String] { lock.withLock { lines } }
    func add(_ line: String) { lock.withLock { lines.append(line) } }
  }

  private static func words(_ event: RunEvent) -> String {
    switch event {
    case .note(let text): text
    case .waiting(let feature, let detail): "#\(feature) waits: \(detail)"
    case .failed(_, let feature, let detail, let retry):
      "#\(feature) failed (\(detail))" + (retry.map { ", will retry with \($0)" } ?? "")
    case .interrupted(_, let feature, let detail): "#\(feature) interrupted (\(detail))"
    case .held(let feature, let reason): "#\(feature) is held: \(reason)"
    case .log(_, let lines): lines.joined(separator: "\n")
    default: "\(event)"
    }
  }

  // MARK: verdicts

  private func judged(_ id: String) throws -> (Reviews, FeatureRecord) {
    let project = try project()
    let store = try project.store()
    guard let feature = try store.feature(id) else { throw StoreError.unknownFeature(id) }
    return (try Reviews(project, store), feature)
  }

  /// Approves what stands on a feature's branch now.
  @discardableResult
  func approve(_ id: String) throws -> Reviews.Approved {
    let (reviews, feature) = try judged(id)
    return try reviews.approve(feature, seen: nil)
  }

  func requestChanges(
    _ id: String, _ text: String, _ comments: [ReviewComment] = []
  ) throws {
    let (reviews, feature) = try judged(id)
    try reviews.requestChanges(feature, text: text, comments: comments, seen: nil)
  }

  /// What a person is shown of a feature's branch; they have looked at it then.
  func look(_ id: String) throws -> ReviewFacts {
    let (reviews, feature) = try judged(id)
    let facts = try reviews.facts(feature)
    try reviews.noteLook(facts)
    return facts
  }

  /// Pushes what waits for a verdict to the forge, and takes verdicts over; one line for each thing that happened.
  @discardableResult
  func exchange() throws -> String {
    let project = try project()
    return try ForgeExchange(project, project.store())?.exchange().joined(separator: "\n") ?? ""
  }

  func control() throws -> RunControl { RunControl(try project(), try store()) }

  // MARK: what has become of it

  /// The state of each feature.
  func states() throws -> [String: String] {
    Dictionary(
      try store().features().map { ($0.id, $0.state.rawValue) }, uniquingKeysWith: { $1 })
  }

  /// What `status` is made of.
  func status() throws -> JSON { try StatusView(project()).json }

  /// What is known of why a feature is where it is: its next prompt, and how its attempts ended.
  func reasons(_ id: String) throws -> String {
    let store = try store()
    return try ([store.feature(id)?.rework] + store.attempts(of: id).map(\.detail))
      .compactMap(\.self).joined(separator: "\n")
  }

  /// What `doctor` says is wrong.
  func faults() throws -> String {
    Diagnosis(path: repository.path, environment: environment).checks()
      .filter { !$0.isWell }.map { "\($0.name): \($0.detail)" }.joined(separator: "\n")
  }

  /// The features on which attempts began, in their order.
  func begun() throws -> [String] {
    try trace().filter { $0[0] == "begin" }.map { $0[1] }
  }

  /// Returns the names of the promises that the state breaks.
  func broken() throws -> [String] {
    let project = try project()
    let checks = try PromiseAudit(project, project.store()).checks()
    return checks.filter { !$0.isWell }.map { "\($0.name): \($0.detail)" }
  }

  /// What is wrong after a run in which everything has landed: nothing, where all is well.
  ///
  /// - Parameter spoiled: objects were spoiled, and only what references hold has to be whole.
  func leftovers(spoiled: Bool = false) throws -> [String] {
    let check =
      try spoiled
      ? repository.git("rev-list", "--objects", "--all", "--verify-objects", "--quiet")
      : repository.git("fsck", "--no-dangling", "--no-progress")
    return try (check.isEmpty ? [] : ["fsck: \(check)"])
      + store().claims().map { "a claim is left: \($0)" }
      + processes().map { "a process is left: \($0)" }
  }
}

/// Waits, for at most two minutes, until something is true.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
  for _ in 0..<6000 {
    if try await condition() { return true }
    try? await Task.sleep(for: .milliseconds(20))
  }
  return false
}
