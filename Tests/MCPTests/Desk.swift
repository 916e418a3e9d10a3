import Engine
import Foundation
import Model
import Processes
import Store
import TestSupport
import Testing

@testable import MCP

/// A coordination server on a real repository, without a process around it.
final class Desk: Sendable {
  let repository: TestRepository
  let project: Project
  let store: Store
  let dispatcher: Dispatcher

  init(features: [String] = ["1", "2"], touches: [String: [String]] = [:]) throws {
    repository = try TestRepository()
    try repository.write("a.txt", "a\n")
    try repository.write("docs/guide.md", "guide\n")
    try repository.write("lanekeeper.yml", "claims: {paths: {frozen.txt: frozen}}\n")
    try repository.commit("base")
    project = try Project.open(repository.path, environment: repository.environment)
    try project.state.create()
    // However long a test takes, no lease runs out.
    store = try Store(path: project.state.stateFile, clock: { 1_800_000_000_000 })
    try store.takeOver(
      features.enumerated().map { place, id in
        Feature(
          id: id, title: "Feature \(id)", category: "backend", steps: ["it works"],
          dependencies: place < 2
            ? []
            : [Dependency(id: "1")], touches: touches[id] ?? [])
      })
    dispatcher = Dispatcher(
      coordinator: try Coordinator(project, store, caller: .session), version: "1.2.3",
      tellsOfChanges: true)
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
    #expect(try JSON(reading: text) == value)
    let declared = try #require(Tool.all.first { $0.name == tool })
    #expect(Schema.problem(value, declared.output) == nil)
    return value
  }
}
