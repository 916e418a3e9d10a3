import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// The gate is tried on the target before anybody works.
@Suite(.bounded) struct TargetTrialTests {
  private static let agent = "echo work > f$id.txt"

  @Test func aRedTargetStartsNobody() async throws {
    let shop = try Workshop(
      features: Workshop.independent(3), agent: Self.agent, gate: "sh gate.sh",
      files: ["gate.sh": "echo tape not found; exit 127\n"])
    let run = try await shop.run()
    #expect(run.status == 1)
    #expect(run.text.contains("red on main itself"), "\(run.text)")
    #expect(run.text.contains("tape not found"))
    #expect(try shop.trace().isEmpty)
    #expect(try shop.status()["gate_red"]?.string?.contains("red on main itself") == true)
    try shop.repository.write("gate.sh", "true\n")
    try shop.repository.commit("repair the gate")
    let next = try await shop.run()
    #expect(next.status == 0, "\(next.text)")
    #expect(try shop.landed().count == 3)
    #expect(try shop.status()["gate_red"] == .null)
  }

  @Test func aTreeThatPassedIsNotTriedAgain() async throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n", agent: "exit 1",
      gate: "echo gated >> \"$LANEKEEPER_REPOSITORY/../gates\"",
      configuration: "limits: {attempts: 1}")
    #expect(try await shop.run().status == 1)
    _ = try shop.control().retry("1")
    #expect(try await shop.run().status == 1)
    #expect(try shop.trace().count { $0.first == "begin" } == 2)
    #expect(try shop.repository.root.read("gates") == "gated\n")
  }

  /// What is ignored, such as dependencies, reaches agents and gate alike, and lanes that were there before the setting.
  @Test func dependenciesReachTheGateAndOldLanes() async throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n",
      agent: "test -e node_modules/tape || exit 3; echo work > f$id.txt",
      gate: "test -e node_modules/tape", files: [".gitignore": "node_modules/\n"])
    try shop.repository.write("node_modules/tape", "t\n")
    #expect(try await shop.run().status == 1)
    #expect(try shop.trace().isEmpty)
    let settings = try shop.repository.read("lanekeeper.yml")
    try shop.repository.write("lanekeeper.yml", settings + "lanes: {copy: [node_modules/]}\n")
    let run = try await shop.run()
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.landed() == ["1"])
    #expect(try shop.leftovers() == [])
  }

  @Test func buildProductsOfTheGateAreNobodysWork() async throws {
    let shop = try Workshop(
      features: Workshop.independent(3), agent: "sh check.sh; echo work > f$id.txt",
      gate: "sh check.sh", files: ["check.sh": "mkdir -p test; date +%N > test/test_default\n"])
    let run = try await shop.run(parallel: 3)
    #expect(run.status == 0, "\(run.text)")
    #expect(run.text.contains("leaves test/test_default"), "\(run.text)")
    #expect(try shop.trace().count { $0.first == "begin" } == 3)
    #expect(try shop.repository.git("ls-tree", "-r", "--name-only", "main", "test") == "")
    #expect(try shop.leftovers() == [])
  }
}
