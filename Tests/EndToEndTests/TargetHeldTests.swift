import Foundation
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
  func p3_aMovedTargetIsHeldUntilAPersonDecides(accepts: Bool) throws {
    let shop = try workshop(
      "git -c core.hooksPath=/dev/null update-ref refs/heads/main HEAD; git rev-parse main > \"$LANEKEEPER_REPOSITORY/../tip\""
    )
    let base = try shop.repository.git("rev-parse", "main")
    let run = try shop.run("run", "--parallel", "2")
    let moved = try shop.repository.root.read("tip").trimmingCharacters(in: .newlines)
    #expect(run.status == 75, "\(run.text) \(run.error)")
    #expect(run.text.contains("main was moved from"), "\(run.text)")
    #expect(run.text.contains("(feature #1, agent-"), "\(run.text)")
    #expect(try shop.repository.git("rev-parse", "main") == moved)
    #expect(try shop.landed() == [])
    // Every look says so, and another run lands nothing.
    let status = try shop.run("status")
    #expect(status.text.contains("held: main was moved from"), "\(status.text)")
    let hold = try #require(try shop.json("status")["target_hold"] as? [String: Any])
    #expect(hold["known"] as? String == base && hold["found"] as? String == moved)
    let lanes = hold["lanes"] as? [[String: Any]]
    #expect(lanes?.map { $0["feature"] as? String } == ["1"])
    let doctor = try shop.run("doctor")
    #expect(doctor.status == 1 && doctor.text.contains("--accept-target"), "\(doctor.text)")
    #expect(try shop.run("run").status == 75)
    #expect(try shop.run("land").status == 75)
    #expect(try shop.repository.git("rev-parse", "main") == moved)
    if accepts {
      let land = try shop.run("land", "--accept-target")
      #expect(land.status == 0, "\(land.text) \(land.error)")
      #expect(land.text.contains("is taken as it is"), "\(land.text)")
    } else {
      // The checkout was never moved, so taking the target back needs no file.
      try shop.repository.git("reset", "-q", "--soft", base)
      #expect(try shop.json("status")["target_hold"] is NSNull)
      let land = try shop.run("land")
      #expect(land.status == 0, "\(land.text) \(land.error)")
    }
    let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
    let states = features.map { $0["state"] as? String ?? "" }
    #expect(states.last == "landed", "\(states)")
    #expect(try shop.repository.git("cat-file", "-p", "main:f2.txt") == "2")
  }

  /// How a person goes on with a target that they have renamed while agents were at work.
  enum GoesOn: CaseIterable { case commits, amends, commitsWithoutHooks }

  @Test(arguments: GoesOn.allCases)
  func aTargetThatAPersonRenamesHoldsNothingUp(_ way: GoesOn) throws {
    let shop = try Workshop(
      features: Workshop.independent(2), agent: Self.waitingAgent, gate: "")
    #expect(try shop.run("hooks", "install").status == 0)
    let run = try shop.start(["run", "--parallel", "2"], output: "out")
    #expect(eventually { (1...2).allSatisfy { shop.repository.root.exists("started\($0)") } })
    try shop.repository.git("branch", "-m", "main", "trunk")
    try shop.repository.root.write("go", "")
    #expect(run.wait() != 0)
    #expect(try shop.repository.root.read("out").contains("`target: trunk`"))
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
    let next = try shop.run("run")
    #expect(next.status == 0, "\(next.text) \(next.error)")
    #expect(next.text.contains("the target main was renamed to trunk"), "\(next.text)")
    for path in ["f1.txt", "f2.txt", "person.txt"] {
      #expect(
        try shop.repository.runGit(["cat-file", "-e", "trunk:\(path)"]).status == 0, "\(path)")
    }
    #expect(try shop.json("status")["target_hold"] is NSNull)
    #expect(try !shop.run("run").text.contains("was renamed"))
  }

  /// An agent that renames the target itself and lets it go on with its own work.
  @Test func p3_aTargetThatAnAgentRenamesAndMovesIsHeld() throws {
    let shop = try workshop(
      """
      git -c core.hooksPath=/dev/null branch -m main trunk
        git -c core.hooksPath=/dev/null update-ref refs/heads/trunk HEAD
      """
    )
    #expect(try shop.run("hooks", "install").status == 0)
    #expect(try shop.run("run", "--parallel", "2").status != 0)
    _ = try shop.run("status")
    try retarget(shop)
    let next = try shop.run("run")
    #expect(next.status == 75, "\(next.text) \(next.error)")
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

  @Test func aPersonsCommitsDuringARunHoldNothingUp() throws {
    for installs in [true, false] {
      let shop = try Workshop(
        features: Workshop.independent(2),
        agent: Self.waitingAgent, gate: "")
      if installs { #expect(try shop.run("hooks", "install").status == 0) }
      let run = try shop.start(["run", "--parallel", "2"], output: "out")
      // A landing would have the checkout's index for a moment, as any other git has.
      #expect(eventually { (1...2).allSatisfy { shop.repository.root.exists("started\($0)") } })
      try shop.repository.write("person.txt", "1\n")
      try shop.repository.git("add", "person.txt")
      try shop.repository.git("commit", "-q", "-m", "a person's")
      try shop.repository.git("commit", "-q", "--amend", "-m", "a person's, again")
      try shop.repository.root.write("go", "")
      let status = run.wait()
      let output = try shop.repository.root.read("out")
      #expect(status == 0, "\(output)")
      #expect(try Set(shop.landed()) == ["1", "2"])
      #expect(try shop.repository.git("cat-file", "-p", "main:person.txt") == "1")
    }
  }
}
