import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// A target that an agent moves itself, with the hooks switched off.
@Suite(.bounded) struct TargetHeldTests {
  /// Agent 1 moves the target to its own commit; agent 2 works as it should.
  private func workshop(_ move: String) throws -> Workshop {
    try Workshop(
      features: Workshop.independent(2),
      agent: """
        echo "$id" > "f$id.txt"; git add -A; git commit -qm "work $id"
        if [ "$id" = 1 ]; then
          \(move)
          touch "$LANEKEEPER_REPOSITORY/../moved"
        else
          while [ ! -e "$LANEKEEPER_REPOSITORY/../moved" ]; do sleep 0.1; done
        fi
        """, gate: "")
  }

  @Test(arguments: [true, false])
  func p3_aMovedTargetIsHeldUntilAPersonDecides(accepts: Bool) async throws {
    let shop = try workshop(
      "git -c core.hooksPath=/dev/null update-ref refs/heads/main HEAD; git rev-parse main > \"$LANEKEEPER_REPOSITORY/../tip\""
    )
    let base = try shop.repository.git("rev-parse", "main")
    let run = try await shop.run(parallel: 2)
    let moved = try shop.repository.root.read("tip").trimmingCharacters(in: .newlines)
    #expect(run.status == 75, "\(run.text)")
    #expect(run.text.contains("main was moved from"), "\(run.text)")
    #expect(run.text.contains("(feature #1, agent-"), "\(run.text)")
    #expect(try shop.repository.git("rev-parse", "main") == moved)
    #expect(try shop.landed() == [])
    // Every look says so, and another run lands nothing.
    let hold = try #require(try shop.status()["target_hold"])
    #expect(hold["known"]?.string == base && hold["found"]?.string == moved)
    #expect(hold["lanes"]?.array?.map { $0["feature"]?.string } == ["1"])
    #expect(try shop.faults().contains("--accept-target"))
    #expect(try await shop.run().status == 75)
    #expect(try await shop.land().status == 75)
    #expect(try shop.repository.git("rev-parse", "main") == moved)
    if accepts {
      #expect(try shop.project().watch(shop.store()).accept()?.found == moved)
      let land = try await shop.land()
      #expect(land.status == 0, "\(land.text)")
    } else {
      // The checkout was never moved, so taking the target back needs no file.
      try shop.repository.git("reset", "-q", "--soft", base)
      #expect(try shop.status()["target_hold"] == .null)
      let land = try await shop.land()
      #expect(land.status == 0, "\(land.text)")
    }
    #expect(try shop.states()["2"] == "landed")
    #expect(try shop.repository.git("cat-file", "-p", "main:f2.txt") == "2")
  }

  /// How a person goes on with a target that they have renamed while agents were at work.
  enum GoesOn: CaseIterable { case commits, amends, commitsWithoutHooks }

  @Test(arguments: GoesOn.allCases)
  func aTargetThatAPersonRenamesHoldsNothingUp(_ way: GoesOn) async throws {
    let shop = try Workshop(
      features: Workshop.independent(2), agent: Self.waitingAgent, gate: "")
    _ = try shop.project().hooks().install(forPersons: true)
    let run = shop.start(parallel: 2)
    #expect(await eventually { (1...2).allSatisfy { shop.repository.root.exists("started\($0)") } })
    try shop.repository.git("branch", "-m", "main", "trunk")
    try shop.repository.root.write("go", "")
    let first = try await run.value
    #expect(first.status != 0 && first.text.contains("`target: trunk`"), "\(first.text)")
    try shop.repository.write("person.txt", "1\n")
    try shop.repository.git("add", "person.txt")
    switch way {
    case .commits: try shop.repository.git("commit", "-q", "-m", "a person's")
    case .amends:
      try shop.repository.git("commit", "-q", "-m", "a person's")
      try shop.repository.git("commit", "-q", "--amend", "-m", "a person's, again")
    case .commitsWithoutHooks:
      try shop.repository.git(
        "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "by a graphical program")
    }
    try retarget(shop)
    let next = try await shop.run()
    #expect(next.status == 0, "\(next.text)")
    #expect(next.text.contains("the target main was renamed to trunk"), "\(next.text)")
    for path in ["f1.txt", "f2.txt", "person.txt"] {
      #expect(
        try shop.repository.runGit(["cat-file", "-e", "trunk:\(path)"]).status == 0, "\(path)")
    }
    #expect(try shop.status()["target_hold"] == .null)
    #expect(try await !shop.run().text.contains("was renamed"))
  }

  /// An agent that renames the target itself and lets it go on with its own work.
  @Test func p3_aTargetThatAnAgentRenamesAndMovesIsHeld() async throws {
    let shop = try workshop(
      """
      git -c core.hooksPath=/dev/null branch -m main trunk
        git -c core.hooksPath=/dev/null update-ref refs/heads/trunk HEAD
      """
    )
    _ = try shop.project().hooks().install(forPersons: true)
    #expect(try await shop.run(parallel: 2).status != 0)
    _ = try shop.status()
    try retarget(shop)
    let next = try await shop.run()
    #expect(next.status == 75, "\(next.text)")
    #expect(next.text.contains("trunk was moved from"), "\(next.text)")
  }

  private func retarget(_ shop: Workshop) throws {
    let text = try shop.repository.root.read("repo/lanekeeper.yml")
    try shop.repository.write("lanekeeper.yml", "target: trunk\n" + text)
  }

  /// Has done its work, and waits in its lane until it may go on.
  private static let waitingAgent = """
    echo "$id" > "f$id.txt"; git add -A; git commit -qm "work $id"
    touch "$LANEKEEPER_REPOSITORY/../started$id"
    while [ ! -e "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.05; done
    """

  @Test func aPersonsCommitsDuringARunHoldNothingUp() async throws {
    for installs in [true, false] {
      let shop = try Workshop(
        features: Workshop.independent(2),
        agent: Self.waitingAgent, gate: "")
      if installs { _ = try shop.project().hooks().install(forPersons: true) }
      let run = shop.start(parallel: 2)
      // A landing would have the checkout's index for a moment, as any other git has.
      #expect(
        await eventually { (1...2).allSatisfy { shop.repository.root.exists("started\($0)") } })
      try shop.repository.write("person.txt", "1\n")
      try shop.repository.git("add", "person.txt")
      try shop.repository.git("commit", "-q", "-m", "a person's")
      try shop.repository.git("commit", "-q", "--amend", "-m", "a person's, again")
      try shop.repository.root.write("go", "")
      let told = try await run.value
      #expect(told.status == 0, "\(told.text)")
      #expect(try Set(shop.landed()) == ["1", "2"])
      #expect(try shop.repository.git("cat-file", "-p", "main:person.txt") == "1")
    }
  }
}
