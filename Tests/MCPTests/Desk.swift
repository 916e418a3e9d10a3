import Attempts
import Foundation
import Git
import Lanes
import Model
import Store
import TestSupport
import Testing

@testable import MCP

/// A coordination server on a real repository, without a process around it.
final class Desk: Sendable {
  let repository: TestRepository
  let store: Store
  let workplace: Workplace
  let dispatcher: Dispatcher

  /// - Parameters:
  ///   - unlanded: what a holder whose heartbeat has ended has changed; `nil` where it still lives.
  ///   - held: the words for a target that an agent has moved.
  init(
    features: [String] = ["1", "2"], touches: [String: [String]] = [:],
    unlanded: [[UInt8]]? = nil, held: String? = nil
  ) throws {
    repository = try TestRepository()
    try repository.write("a.txt", "a\n")
    try repository.write("docs/guide.md", "guide\n")
    try repository.commit("base")
    let state = StateDirectory(commonDirectory: repository.path + "/.git")
    try state.create()
    store = try Store(path: state.stateFile)
    try store.takeOver(
      features.enumerated().map { place, id in
        FeatureEntry(
          id: id, title: "Feature \(id)", category: "backend", description: "", steps: ["it works"],
          touches: touches[id] ?? [], priority: 0, model: nil, agent: nil,
          dependencies: place < 2
            ? []
            : [DependencyRecord(dependsOn: "1", source: "declared", confidence: nil, reason: nil)])
      })
    let identity: @Sendable () -> Signature = {
      Signature(name: "Test", email: "test@example.org", time: 0, offsetMinutes: 0)
    }
    let (store, path, environment) = (store, repository.path, repository.environment)
    workplace = Workplace(
      directory: path, environment: environment, target: "refs/heads/main",
      policies: PathPolicies([(ClaimPath(file: Array("frozen.txt".utf8)), .frozen)]),
      checks: ClaimChecks(
        stale: { _, _ in nil },
        expiry: { ExpiryCheck(bootID: "this", uptime: 0) { _, _, _ in unlanded } }, look: { held }),
      state: state,
      pool: LanePool(
        settings: LaneSettings(
          directory: repository.root.path("lanes"), copy: [], setup: nil, litter: []),
        state: state, store: store, mainCheckout: path, environment: environment,
        identity: identity),
      attempts: AttemptSettings(
        target: "refs/heads/main", gate: "", reviewRequired: { _ in false }, attempts: 3,
        attemptSeconds: 60, silenceSeconds: 60, litter: [], guardProgram: "/bin/false",
        repository: path, environment: environment, hookVariables: [:], graceSeconds: 1),
      identity: identity, sync: { _ in SyncReport(isSynced: true, detail: "nothing to do") })
    dispatcher = Dispatcher(
      coordinator: Coordinator(store: store, workplace: workplace, caller: .session),
      version: "1.2.3", tellsOfChanges: true)
  }

  func result(
    _ method: String, _ params: JSON = [:], version: ProtocolVersion = .november2025
  ) async throws -> JSON {
    try await dispatcher.result(
      of: Request(id: .number(1), method: method, params: params), version: version,
      sink: Dispatcher.Sink { _ in })
  }

  /// Calls a tool and checks its structured result against its schema.
  func call(_ tool: String, _ arguments: JSON = [:]) async throws -> JSON {
    let result = try await result("tools/call", ["name": .string(tool), "arguments": arguments])
    let text = try #require(result["content"]?.array?.first?["text"]?.string)
    if result["isError"] == true { return ["error": .string(text)] }
    let value = try #require(result["structuredContent"])
    #expect(try JSONReader.read(text) == value)
    let declared = try #require(Tool.all.first { $0.name == tool })
    #expect(Schema.problem(value, declared.output) == nil)
    return value
  }
}
