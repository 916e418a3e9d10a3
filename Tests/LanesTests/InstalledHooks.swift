import Engine
import Foundation
import Git
import Model
import Store
import TestSupport

/// A repository into which the hooks are installed, with one lane of feature 1; feature 2 holds
/// `held.txt`.
struct InstalledHooks {
  let test: TestRepository
  let state: StateDirectory
  let hooks: HookInstallation
  let lane: String

  /// - Parameters:
  ///   - before: done before our hooks come, in the repository with its first commit.
  ///   - path: directories put in front of PATH.
  init(
    path: String? = nil, before: (TestRepository, [String: String]) throws -> Void
  ) throws {
    test = try TestRepository()
    var environment = test.environment
    if let path { environment["PATH"] = path + ":" + (environment["PATH"] ?? "") }
    try test.write("held.txt", "1\n")
    // Each checkout has a file of its own to change, so that none gets stale in the lane.
    try test.write("free.txt", "1\n")
    try test.write("lane.txt", "1\n")
    try test.commit("base")
    try before(test, environment)
    let repository = try Repository(opening: test.path, environment: test.environment)
    state = StateDirectory(commonDirectory: repository.commonDirectory)
    try state.create()
    let store = try Store(path: state.stateFile)
    hooks = HookInstallation(
      state: state, repository: test.path, program: BuiltPrograms.path("lanekeeper-hook"),
      environment: test.environment)
    _ = try hooks.install(forPersons: true)
    try store.setClaimSettings(
      target: "refs/heads/main", policy: "auto", humans: "warn", policies: [])
    try store.takeOver(
      ["1", "2"].map {
        Feature(id: $0, title: "F \($0)", category: "b")
      })
    lane = test.root.path("lane-1")
    let path = lane
    let base = try test.git("rev-parse", "HEAD")
    _ = try TestProgram.run(
      ["git", "worktree", "add", "-q", "-b", "lane/1-f", lane], directory: test.path,
      environment: environment)
    let record = try store.addLane { _ in path }
    try store.finishLane(record.number)
    _ = try store.startAttempt(
      AttemptRequest(
        feature: "1", participant: "p", lane: record.number, branch: "refs/heads/lane/1-f",
        tier: .haiku, modelName: "haiku", choice: "", mark: "m", claims: [],
        policies: PathPolicies([]))
    ) { base }
    _ = try store.claim(
      [ClaimRequest(path: try ClaimPath(normalising: "held.txt"), mode: .exclusive)],
      owner: .feature("2"), agent: nil, policies: PathPolicies([]))
    try store.close()
    self.environment = environment
  }

  /// PATH included.
  let environment: [String: String]

  /// Changes a file in a checkout and commits it.
  func commit(_ file: String, _ text: String, at directory: String, _ more: [String] = []) throws
    -> TestProgramResult
  {
    try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/" + file))
    return try run(["git", "commit", "-q", "-m", "x", file] + more, at: directory)
  }

  func run(_ command: [String], at directory: String) throws -> TestProgramResult {
    try TestProgram.run(command, directory: directory, environment: environment)
  }

  /// The lines that hooks wrote since the last call.
  func takeLog() throws -> [String] {
    guard test.root.exists("log") else { return [] }
    defer { unlink(test.root.path("log")) }
    return try test.root.read("log").split(separator: "\n").map(String.init)
  }
}
