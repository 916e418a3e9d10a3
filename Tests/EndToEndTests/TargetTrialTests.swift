import Foundation
import TestSupport
import Testing

/// The gate is tried on the target before anybody works.
@Suite(.bounded) struct TargetTrialTests {
  private static let agent = "echo work > f$id.txt"

  @Test func aRedTargetStartsNobody() throws {
    let shop = try Workshop(
      features: Workshop.independent(3), agent: Self.agent, gate: "sh gate.sh",
      files: ["gate.sh": "echo tape not found; exit 127\n"])
    let run = try shop.run("run")
    #expect(run.status == 1)
    #expect(run.error.contains("red on main itself"), "\(run.error)")
    #expect(run.error.contains("tape not found"))
    #expect(try shop.trace().isEmpty)
    let status = try shop.json("status")
    #expect((status["gate_red"] as? String)?.contains("red on main itself") == true)
    #expect(try shop.run("status").text.contains("red: the gate is red on main itself"))
    // `work` starts nobody either.
    #expect(try shop.run("work", "1").status == 1)
    #expect(try shop.trace().isEmpty)
    try shop.repository.write("gate.sh", "true\n")
    try shop.repository.commit("mend the gate")
    let next = try shop.run("run")
    #expect(next.status == 0, "\(next.text)\(next.error)")
    #expect(try shop.landed().count == 3)
    #expect(try shop.json("status")["gate_red"] is NSNull)
  }

  @Test func aTreeThatPassedIsNotTriedAgain() throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n", agent: "exit 1",
      gate: "echo gated >> \"$LANEKEEPER_REPOSITORY/../gates\"",
      configuration: "limits: {attempts: 1}")
    #expect(try shop.run("run").status == 1)
    #expect(try shop.run("retry", "1").status == 0)
    #expect(try shop.run("run").status == 1)
    #expect(try shop.trace().count { $0.first == "begin" } == 2)
    #expect(try shop.repository.root.read("gates") == "gated\n")
  }

  /// What is ignored, such as dependencies, reaches agents and gate alike, and lanes that were there before the setting.
  @Test func dependenciesReachTheGateAndOldLanes() throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n",
      agent: "test -e node_modules/tape || exit 3; echo work > f$id.txt",
      gate: "test -e node_modules/tape", files: [".gitignore": "node_modules/\n"])
    try shop.repository.write("node_modules/tape", "t\n")
    #expect(try shop.run("run").status == 1)
    #expect(try shop.trace().isEmpty)
    let settings = try shop.repository.read("lanekeeper.yml")
    try shop.repository.write("lanekeeper.yml", settings + "lanes: {copy: [node_modules/]}\n")
    let run = try shop.run("run")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    #expect(try shop.landed() == ["1"])
    #expect(try shop.leftovers() == [])
  }

  @Test func buildProductsOfTheGateAreNobodysWork() throws {
    let shop = try Workshop(
      features: Workshop.independent(3), agent: "sh check.sh; echo work > f$id.txt",
      gate: "sh check.sh", files: ["check.sh": "mkdir -p test; date +%N > test/test_default\n"])
    let run = try shop.run("run", "--parallel", "3")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    #expect(run.text.contains("leaves test/test_default"), "\(run.text)")
    #expect(try shop.trace().count { $0.first == "begin" } == 3)
    #expect(try shop.repository.git("ls-tree", "-r", "--name-only", "main", "test") == "")
    #expect(try shop.leftovers() == [])
  }
}
