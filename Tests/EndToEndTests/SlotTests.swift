import Foundation
import TestSupport
import Testing

/// Named slots with real processes: agents and gates lock what a slot stands for, and say so where another
/// has it already.
@Suite(.bounded) struct SlotTests {
  /// Locks the instance of each slot in the environment for as long as the shell lives.
  private static let lock = """
    hold() {
      eval "number=\\$LANEKEEPER_SLOT_$1"
      [ -n "$number" ] || { echo "$2 has no $1" >> "$places/violations"; return; }
      eval "exec $3>\\"$places/$1-$number\\""
      flock -n $3 || echo "$2 finds $1 $number taken" >> "$places/violations"
      echo "$2 $1 $number" >> "$places/used"
    }

    """

  private static let agent =
    "places=\"$LANEKEEPER_REPOSITORY/..\"\n" + lock + """
      case $id in
      1|2|3) hold BROWSER "$id" 7 ;;
      4|5) hold DATABASE "$id" 8 ;;
      6) hold BROWSER "$id" 7; hold DATABASE "$id" 8 ;;
      esac
      sleep 0.3
      echo "work of $id" > f$id.txt

      """

  private static let features = """
    features:
      - {id: 1, title: One, slots: [browser]}
      - {id: 2, title: Two, slots: browser}
      - {id: 3, title: Three, slots: [browser]}
      - {id: 4, title: Four, slots: [database]}
      - {id: 5, title: Five, slots: [database]}
      - {id: 6, title: Six, slots: [browser, database]}
      - {id: 7, title: Seven}

    """

  private func shop() throws -> Workshop {
    let shop = try Workshop(
      features: Self.features, agent: Self.agent, gate: "",
      configuration: """
        slots: {browser: 1, database: 2}
        landing: {speculate: 2}
        limits: {attempts: 30}
        """)
    try shop.repository.root.write(
      "gate.sh",
      "places=\"\(shop.repository.root.path)\"\n" + Self.lock
        + "hold DATABASE gate 8\nsleep 0.1\n")
    try shop.repository.write(
      "lanekeeper.yml",
      try shop.repository.read("lanekeeper.yml").replacing(
        "gate: \"\"",
        with: "gate: {command: sh \(shop.repository.root.path)/gate.sh, slots: [database]}"))
    return shop
  }

  private func lines(_ shop: Workshop, _ name: String) throws -> [String] {
    guard shop.repository.root.exists(name) else { return [] }
    return try shop.repository.root.read(name).split(separator: "\n").map(String.init)
  }

  private func expectWell(_ shop: Workshop) throws {
    #expect(try shop.landed().sorted() == (1...7).map(String.init))
    #expect(try lines(shop, "violations") == [])
    let used = try Set(lines(shop, "used"))
    // There is one browser, and each who needs one had it; the gate had a database.
    #expect(used.isSuperset(of: ["1 BROWSER 1", "2 BROWSER 1", "3 BROWSER 1", "6 BROWSER 1"]))
    #expect(used.contains("gate DATABASE 1") || used.contains("gate DATABASE 2"))
    #expect(try StateRows.read(shop, "SELECT * FROM slot_holds") == [])
    #expect(try StateRows.read(shop, "SELECT * FROM slot_waits") == [])
    #expect(try shop.leftovers() == [])
    let doctor = try shop.run("doctor", "--deep")
    #expect(doctor.status == 0, "\(doctor.text)\(doctor.error)")
  }

  @Test func p7_aRunNeverHoldsMoreThanThereIs() throws {
    let shop = try shop()
    let run = try shop.run("run", "--parallel", "4")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    try expectWell(shop)
    // What needs no slot did not wait for those that do.
    let begun = try shop.trace().filter { $0[0] == "begin" }.map { $0[1] }
    #expect(begun.firstIndex(of: "7")! < 6)
    #expect(begun.count == 7)
  }

  @Test func statusAndExplainSayWhatIsWaitedFor() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One, slots: [browser]}
          - {id: 2, title: Two, slots: [browser]}

        """,
      agent: """
        echo "$LANEKEEPER_SLOT_BROWSER" > f$id.txt
        until [ -f "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.05; done
        """, configuration: "slots: {browser: 1}\n")
    let run = try shop.start(["run", "--parallel", "2"], output: "run")
    #expect(try eventually { try shop.trace().count == 1 })
    let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
    let second = try #require(features.first { $0["id"] as? String == "2" })
    #expect(second["state"] as? String == "ready")
    #expect(second["waiting_for"] as? String == "slot:browser")
    #expect(try shop.run("status").text.contains("for the slot browser, which #1 holds"))
    #expect(try shop.run("explain", "2").text.contains("it waits for the slot browser"))
    try shop.repository.root.write("go", "")
    #expect(run.wait() == 0)
    #expect(try shop.repository.read("f2.txt") == "1\n")
  }

  @Test func p7_aGateThatWasCutOffHoldsNoSlot() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One}
          - {id: 2, title: Two, slots: [db]}

        """,
      agent: """
        while [ $id = 2 ] && [ ! -f "$LANEKEEPER_REPOSITORY/../go" ]; do exit 75; done
        echo "$LANEKEEPER_SLOT_DB" > f$id.txt

        """, gate: "", configuration: "slots: {db: 1}\n")
    try shop.repository.write(
      "lanekeeper.yml",
      try shop.repository.read("lanekeeper.yml").replacing(
        "gate: \"\"",
        with: "gate: {command: '[ -f ../../go ] || sleep 600', slots: [db]}"))
    let run = try shop.start(["run", "--parallel", "2"], output: "run")
    #expect(
      try eventually {
        try shop.processes().contains { $0.contains(" sleep\u{0}600") }
      })
    let held = "SELECT name FROM slot_holds WHERE room IS NOT NULL"
    #expect(try StateRows.read(shop, held) == [["db"]])
    #expect(try shop.run("explain", "2").text.contains("the slot db, which the gate holds"))
    run.signal(SIGSTOP)
    for line in try shop.processes() where line.contains("lanekeeper-guard") {
      kill(Int32(line.split(separator: " ")[0]) ?? 0, SIGKILL)
    }
    run.signal(SIGKILL)
    run.wait()
    #expect(try !StateRows.read(shop, "SELECT * FROM slot_holds").isEmpty)
    try shop.repository.root.write("go", "")
    let last = try shop.run("run")
    #expect(last.status == 0, "\(last.text)\(last.error)")
    #expect(try shop.landed().sorted() == ["1", "2"])
    #expect(try shop.repository.read("f2.txt") == "1\n")
    #expect(try StateRows.read(shop, "SELECT * FROM slot_holds") == [])
    #expect(try shop.leftovers() == [])
  }

  /// Several `work` at once, as make starts them, and a run beside them, each killed again and again.
  @Test(arguments: KillTests.seeds)
  func p1_p5_p7_neitherMoreThanThereIsNorLostWhateverIsKilled(seed: UInt64) throws {
    let shop = try shop()
    var random = SplitMix64(seed: seed)
    // The state file is there before anything is killed.
    _ = try shop.run("status")
    for _ in 0..<5 {
      var programs = try (1...6).filter { _ in random.below(3) > 0 }.map { id in
        try shop.start(["work", "\(id)", "--no-wait"], output: "work-\(id)")
      }
      programs.append(try shop.start(["run", "--parallel", "2"], output: "run"))
      usleep(UInt32(300_000 + random.below(1_200_000)))
      // Guards, too, so that only the recovery is left to find what was held.
      for line in try shop.processes() where line.contains("lanekeeper-guard") {
        if random.below(3) == 0, let pid = line.split(separator: " ").first.flatMap({ Int32($0) }) {
          kill(pid, SIGKILL)
        }
      }
      for program in programs {
        program.signal(SIGKILL)
        program.wait()
      }
    }
    let last = try shop.run("run", "--parallel", "4")
    #expect(last.status == 0, "seed \(seed): \(last.text)\(last.error)")
    try expectWell(shop)
  }

  @Test func p7_aSessionOfMcpTakesUpWhatAKilledRunHeld() throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One, slots: [browser]}\n",
      agent: "echo work > f$id.txt; sleep 600", configuration: "slots: {browser: 1}\n")
    let run = try shop.start(["run"], output: "run")
    #expect(try eventually { try shop.trace().count == 1 })
    let client = try McpClient(at: shop.repository.path, environment: shop.environment)
    try client.initialize()
    func take() throws -> [String] {
      let answer = try client.call("claim_features", ["count": 1, "agent_id": "ann"])
      return (answer["features"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }
    #expect(try take() == [])
    run.signal(SIGKILL)
    run.wait()
    // Its guard ends the agent, and nothing but the session is there to note that.
    #expect(try eventually { try take() == ["1"] })
    #expect(
      try StateRows.read(shop, "SELECT name, feature, attempt FROM slot_holds")
        == [["browser", "1", "2"]])
    #expect(
      try StateRows.read(shop, "SELECT state FROM attempts ORDER BY number")
        == [["interrupted"], ["running"]])
    client.program.closeInput()
    #expect(client.program.wait() == 0)
    #expect(try shop.processes() == [])
  }

  @Test func sessionsOfMcpShareThemWithARun() throws {
    let shop = try shop()
    let client = try McpClient(at: shop.repository.path, environment: shop.environment)
    try client.initialize()
    func take(_ count: Int) throws -> [String] {
      let answer = try client.call("claim_features", ["count": count, "agent_id": "ann"])
      return (answer["features"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }
    // One browser, two databases: 2, 3 and 6 have to wait.
    #expect(try take(9) == ["1", "4", "5", "7"])
    let opened = try client.call("open_lane", ["feature_id": "5", "agent_id": "ann"])
    let environment = opened["environment"] as? [String: String]
    #expect(environment?["LANEKEEPER_SLOT_DATABASE"] == "2")
    let waiting = try client.call("get_feature", ["feature_id": "6"])
    #expect(waiting["waiting_for"] as? String == "slot:browser,database")
    #expect(waiting["slots"] as? [String] == ["browser", "database"])
    let work = try shop.start(["work", "2", "--no-wait"], output: "work")
    usleep(1_000_000)
    #expect(try shop.trace().isEmpty)
    let back = try client.call(
      "release_features", ["feature_ids": ["1", "4", "5", "7"], "agent_id": "ann"])
    #expect(back["error"] == nil, "\(back)")
    #expect(work.wait() == 0)
    #expect(try shop.landed() == ["2"])
    #expect(try lines(shop, "violations") == [])
    client.program.closeInput()
    #expect(client.program.wait() == 0)
  }
}
