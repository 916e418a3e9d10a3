import Foundation
import TestSupport
import Testing

/// A run that ends, or is killed, between an agent's end and what comes after it.
@Suite(.bounded) struct SecondAttemptTests {
  /// The agent has ended well, and its run is killed before the work is put away.
  @Test func p7_whatAnAgentHasFinishedIsTakenUpWithoutASecondOne() throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n", agent: "echo work > f1.txt")
    let root = shop.repository.root
    try shop.repository.write(
      ".git/hooks/pre-commit",
      "#!/bin/sh\n[ -e '\(root.path)/go' ] || { touch '\(root.path)/hangs'; exec sleep 100; }\n",
      executable: true)
    let first = try shop.start(["run"], output: "out")
    #expect(eventually { root.exists("hangs") })
    kill(first.pid, SIGKILL)
    _ = first.wait()
    try root.write("go", "")
    let run = try shop.run("run")
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.landed() == ["1"])
    #expect(try shop.trace().count { $0.first == "begin" } == 1)
    #expect(try shop.leftovers() == [])
  }

  /// Who has its turn to start only after the verdict does not start.
  @Test func nobodyStartsOnceTheAgentIsFoundToBeAtFault() throws {
    let shop = try Workshop(
      features: Workshop.independent(6),
      agent: """
        grep -qs 'nobody else is started' "$LANEKEEPER_REPOSITORY/../out" \\
          && touch "$LANEKEEPER_REPOSITORY/../late"
        exit 3
        """, configuration: "limits: {stagger_seconds: 1}")
    let run = try shop.start(["run", "--parallel", "5"], output: "out")
    #expect(run.wait() == 1)
    let out = try shop.repository.root.read("out")
    #expect(out.contains("nobody else is started"), "\(out)")
    #expect(!shop.repository.root.exists("late"), "\(out)")
    let status = try shop.json("status")["features"] as? [[String: Any]]
    #expect(status?.allSatisfy { $0["state"] as? String == "ready" } == true)
  }
}
