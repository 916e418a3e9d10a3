import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct LandingCommandTests {
  private static let chain = """
    features:
      - {id: 1, title: One}
      - {id: 2, title: Two, depends_on: [1]}
      - {id: 3, title: Three}

    """

  private func states(_ shop: Workshop) throws -> [String: String] {
    let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
    return Dictionary(
      features.map { ($0["id"] as? String ?? "", $0["state"] as? String ?? "") },
      uniquingKeysWith: { first, _ in first })
  }

  @Test func undoNamesDependentsFirstAndStaysUndoneUntilReopen() throws {
    let shop = try Workshop(features: Self.chain, agent: "echo $id > f$id.txt")
    #expect(try shop.run("run", "--parallel", "2").status == 0)
    let refused = try shop.run("undo", "1")
    #expect(refused.status == 1)
    #expect(refused.text.contains("#2 Two has landed and depends on it"))
    #expect(refused.error.contains("--with-dependents"))
    #expect(try states(shop)["1"] == "landed")
    let undone = try shop.run("undo", "1", "--with-dependents")
    #expect(undone.status == 0, "\(undone.text)\(undone.error)")
    #expect(try states(shop) == ["1": "undone", "2": "undone", "3": "landed"])
    #expect(!shop.repository.root.exists("repo/f1.txt"))
    #expect(!shop.repository.root.exists("repo/f2.txt"))
    #expect(shop.repository.root.exists("repo/f3.txt"))
    // Nothing builds it again by itself.
    #expect(try shop.run("run").status == 0)
    #expect(try states(shop)["1"] == "undone")
    #expect(try shop.run("undo", "1").status == 1)
    #expect(try shop.run("undo", "99").status != 0)
    #expect(try shop.run("reopen", "1").status == 0)
    #expect(try shop.run("run").status == 0)
    #expect(try states(shop) == ["1": "landed", "2": "undone", "3": "landed"])
    #expect(try shop.repository.read("f1.txt") == "1\n")
    #expect(try shop.leftovers() == [])
  }

  @Test func landingCanBePausedAndResumed() throws {
    let shop = try Workshop(features: Workshop.independent(2), agent: "echo $id > f$id.txt")
    #expect(try shop.run("run", "--feature", "1").status == 0)
    #expect(try shop.run("pause", "--landing").status == 0)
    let paused = try shop.run("run")
    #expect(paused.status == 75)
    #expect(paused.text.contains("landing is paused"))
    #expect(try shop.landed() == ["1"])
    #expect(try states(shop)["2"] == "queued")
    #expect(try shop.run("land").status == 75)
    #expect(try shop.run("resume", "--landing").status == 0)
    #expect(try shop.run("land").status == 0)
    #expect(try shop.landed() == ["1", "2"])
  }

  @Test func p3_theGatesLogIsShownAndGoesIntoTheNextPrompt() throws {
    let shop = try Workshop(
      features: Workshop.independent(3),
      agent: """
        case "$id-$LANEKEEPER_ATTEMPT" in
        2-1) echo BUG > f$id.txt ;;
        2-*) echo "$prompt" | grep -q './f2.txt' && echo fixed > f$id.txt ;;
        *) echo $id > f$id.txt ;;
        esac
        """, configuration: "landing: {window: auto}")
    let run = try shop.run("run", "--parallel", "3")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    #expect(run.text.contains("Feature #2 failed (gate: make test exited 2), will retry"))
    #expect(run.text.contains("   │ ./f2.txt"))
    #expect(run.text.contains("   Log: "))
    #expect(try shop.repository.read("f2.txt") == "fixed\n")
    #expect(try shop.landed().sorted() == ["1", "2", "3"])
    // The tree that failed was never the target's.
    for commit in try shop.repository.git("log", "--first-parent", "--format=%H", "main")
      .split(separator: "\n")
    {
      #expect(try !shop.repository.runGit(["show", "\(commit):f2.txt"]).text.contains("BUG"))
    }
    // The last gate that ran on it passed.
    #expect(try shop.run("logs", "2", "--gate").status == 0)
    #expect(try shop.trace().filter { $0[0] == "begin" && $0[1] == "2" }.count == 2)
    #expect(try shop.leftovers() == [])
  }

  /// The later attempts bring the same tree, whose red is remembered and not asked for again.
  @Test func aFailedFeatureTellsWhatItsGateSaid() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "echo BUG > f$id.txt")
    #expect(try shop.run("run").status == 1)
    let gate = try shop.run("logs", "1", "--gate")
    #expect(gate.text.contains("./f1.txt"), "\(gate.error)")
    let explained = try shop.run("explain", "1").text
    #expect(explained.contains("What went wrong last:"), "\(explained)")
    #expect(explained.contains("./f1.txt") && explained.contains("Last gate: "), "\(explained)")
    let status = try shop.run("status").text
    #expect(status.contains("The gate `make test` exited 2"), "\(status)")
  }

  /// A backlog that is edited while its run is at work: what comes in is built by it, in its order.
  @Test func whatComesIntoTheBacklogIsBuiltByTheRunThatGoesOn() throws {
    let shop = try Workshop(
      features: Workshop.independent(3),
      agent: """
        echo $id > f$id.txt
        n=0; while [ $id = 1 ] && [ ! -e "$LANEKEEPER_REPOSITORY/../go" ] && [ $n -lt 600 ]
        do sleep 0.1; n=$((n + 1)); done
        """)
    let run = try shop.start(["run", "--parallel", "1"], output: "run")
    #expect(try eventually { try shop.trace().count >= 1 })
    let said = { try shop.repository.root.read("run") }
    // One that can't be read changes nothing.
    try shop.repository.write("features.yml", "features:\n  - {id: 1, title: [\n")
    #expect(try eventually { try said().contains("the backlog stays as it is") })
    try shop.repository.write(
      "features.yml",
      """
      features:
        - {id: 1, title: Feature 1}
        - {id: 3, title: Feature 3, priority: 2}
        - {id: new, title: Came in, depends_on: [5]}
        - {id: 5, title: Came in first, priority: 9}

      """)
    #expect(
      try eventually {
        let text = try said()
        return text.contains("#5, #new came in") && text.contains("#2 left")
          && text.contains("new priorities: #3")
      })
    let states = try shop.json("status")["features"] as? [[String: Any]] ?? []
    #expect(Set(states.compactMap { $0["id"] as? String }).isSuperset(of: ["1", "3", "5", "new"]))
    try shop.repository.root.write("go", "")
    let status = run.wait()
    let text = try said()
    #expect(status == 0, "\(text)")
    #expect(try shop.landed().sorted() == ["1", "3", "5", "new"])
    #expect(
      try shop.trace().filter { $0[0] == "begin" }.map { $0[1] } == ["1", "5", "3", "new"])
  }

  /// What the page writes stands in the state at once, whatever the run has planned.
  @Test func whatIsAddedInTheLastMomentKeepsNoRunGoing() throws {
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent: """
        echo $id > f$id.txt
        [ $id = 1 ] && printf '  - {id: 9, title: Late}\\n' >> "$LANEKEEPER_REPOSITORY/features.yml"
        exit 0
        """)
    #expect(try shop.run("explain", "9").status != 0)
    let run = try shop.run("run", "--parallel", "2")
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.landed() == ["1", "9"])
    try shop.repository.write("features.yml", Workshop.independent(1) + "  - {id: b, title: B}\n")
    #expect(try shop.run("explain", "b").text.contains("the next `lanekeeper run` takes it up"))
    let states = try shop.json("status")["features"] as? [[String: Any]] ?? []
    #expect(states.contains { $0["id"] as? String == "b" })
  }
}
