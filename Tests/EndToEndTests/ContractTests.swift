import CSQLite
import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct ContractTests {
  private func shop() throws -> Workshop {
    try Workshop(
      features: """
        features:
          - {id: 1, title: One, touches: [one.txt]}
          - {id: 2, title: Two, depends_on: [1]}

        """,
      agent: "printf '\\033[31mred\\033[0m %s\\n' $id; echo $id > f$id.txt; echo $id > one.txt")
  }

  @Test func aRunAndWhatIsToldOfItAfterwards() throws {
    let shop = try shop()
    let before = try #require(try shop.json("status")["features"] as? [[String: Any]])
    #expect(before.map { $0["state"] as? String } == ["ready", "pending"])
    let lines = try shop.run(
      "--project-dir", shop.repository.path, "--parallel", "2", "--preset", "cheap"
    )
    .text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(
      Array(lines.prefix(8)) == [
        "🚀 Agent Manager initialized", "   Project: \(shop.repository.path)", "   Max Agents: 2",
        "   Model Preset: cheap", "   Available Models: sonnet, haiku", "",
        "🎯 Starting parallel feature development...", "",
      ])
    let first = try #require(lines.firstIndex(of: "🤖 agent-1: Started feature #1 - One"))
    #expect(lines[first + 1] == "   Category: backend" && lines[first + 2] == "   Model: SONNET")
    #expect(lines.contains("✅ agent-1: Feature #1 completed!"))
    #expect(
      lines.contains {
        $0.hasPrefix("🧹 agent-1: Removed from tracking (duration: ") && $0.hasSuffix("s)")
      })
    let tip = try shop.repository.git("rev-parse", "main")
    #expect(lines.contains("🔀 Feature #2 landed on main as \(tip.prefix(7))"))
    #expect(lines.contains("   Landed: 2") && lines.contains("   Attempts: 2"))
    #expect(!lines.joined().contains("\u{1b}"))

    let status = try shop.json("status")
    for key in [
      "seq", "time", "target", "head", "eta_s", "cost_usd", "run", "lanes", "queue", "claims",
    ] { #expect(status[key] != nil, "\(key) is missing") }
    #expect(status["head"] as? String == tip)
    let landed = try #require(status["features"] as? [[String: Any]])
    #expect(landed.allSatisfy { $0["state"] as? String == "landed" })
    for key in [
      "id", "title", "category", "state", "depends_on", "branch", "lane", "agent", "model",
      "attempts", "cost_usd", "landed_commit", "waiting_for",
    ] { #expect(landed[0][key] != nil, "\(key) is missing") }
    #expect(landed[1]["depends_on"] as? [String] == ["1"])

    #expect(try shop.run("logs", "1").text == "red 1")
    #expect(try shop.run("logs", "1", "--raw").text.contains("\u{1b}[31m"))
    #expect(try shop.run("logs", "1", "--attempt", "9").status == 64)
    var last = 0
    for line in try shop.run("events", "--json").text.split(separator: "\n") {
      let event = try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let seq = try #require(event["seq"] as? Int)
      #expect(seq > last && event["time"] is String && event["type"] is String)
      last = seq
    }
    let rest = try shop.run("events", "--since", String(last - 2), "--json").text
    #expect(rest.split(separator: "\n").count == 2)

    let lanes = try #require(try shop.json("lanes")["lanes"] as? [[String: Any]])
    let lane = try #require(lanes[0]["path"] as? String)
    try Data("late\n".utf8).write(to: URL(fileURLWithPath: lane + "/late.txt"))
    #expect(try shop.run("lanes", "clean").status == 0)
    #expect(!FileManager.default.fileExists(atPath: lane))
    let rescues = try shop.repository.git(
      "for-each-ref", "--format=%(refname)", "refs/lanekeeper/rescue")
    #expect(
      try rescues.split(separator: "\n").contains {
        try shop.repository.runGit(["show", "\($0):late.txt"]).text == "late"
      })
    #expect(try shop.repository.git("worktree", "list").split(separator: "\n").count == 1)
  }

  @Test func claimsByHand() throws {
    let shop = try shop()
    var environment = shop.environment
    environment["USER"] = "ann"
    var other = shop
    other.environment["USER"] = "bob"
    var own = shop
    own.environment = environment
    let granted = try own.json("claim", "docs/", "one.txt")
    #expect(granted["granted"] as? Bool == true)
    let again = try own.run("claim", "docs/")
    #expect(again.status == 0)
    let refused = try other.run("claim", "free.txt", "docs/guide.md", "--json")
    #expect(refused.status == 75)
    let facts = try #require(
      JSONSerialization.jsonObject(with: Data(refused.output)) as? [String: Any])
    #expect(facts["granted"] as? Bool == false)
    let conflicts = try #require(facts["conflicts"] as? [[String: Any]])
    #expect(conflicts.count == 1 && conflicts[0]["reason"] as? String == "held")
    #expect(conflicts[0]["path"] as? String == "docs/guide.md")
    #expect((conflicts[0]["advice"] as? String ?? "") != "")
    // All or nothing.
    let claims = try #require(own.json("claims")["claims"] as? [[String: Any]])
    #expect(claims.map { $0["path"] as? String } == ["docs/", "one.txt"])
    for key in [
      "path", "kind", "mode", "feature", "agent", "generation", "acquired_at", "expires_at",
    ] {
      #expect(claims[0][key] != nil, "\(key) is missing")
    }
    #expect(try other.run("check", "docs/x").status == 75)
    #expect(try own.run("check", "docs/x").status == 0)
    // Feature 1 declares one.txt: it waits for the person.
    let run = try own.run("run")
    #expect(run.status == 75, "\(run.text)")
    #expect(run.text.contains("⏳ Feature #1 waits: one.txt: held by a person (ann)"))
    #expect(try own.run("claims", "--stuck").text.contains("waited for by #1"))
    let explained = try own.run("explain", "1").text
    #expect(explained.contains("it waits for a file held by you (ann)"), "\(explained)")
    #expect(explained.contains("`lanekeeper release one.txt` releases it"), "\(explained)")
    #expect(try other.run("release", "one.txt").status == 1)
    #expect(try own.run("release", "one.txt", "docs").status == 0)
    #expect(try own.run("run").status == 0)
    #expect(try own.landed() == ["1", "2"])
  }

  @Test func frozenPathsAreRefusedForGood() throws {
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent:
        "echo x > secrets.txt; git add -A; git commit -qm x || { rm secrets.txt; git reset -q; echo ok > ok.txt; }",
      configuration: "claims: {paths: {secrets.txt: frozen}}")
    let result = try shop.run("run")
    #expect(result.status == 0, "\(result.text)")
    #expect(try shop.run("logs", "1").text.contains("secrets.txt: frozen"))
    #expect(!shop.repository.root.exists("repo/secrets.txt"))
    #expect(try shop.run("claim", "--feature", "1", "secrets.txt").status == 1)
  }

  @Test func planAsJSON() throws {
    let shop = try shop()
    let plan = try shop.json("plan", "--parallel", "2")
    #expect(plan["waves"] as? [[String]] == [["1"], ["2"]])
    #expect(plan["critical_path"] as? [String] == ["1", "2"])
    let edges = try #require(plan["edges"] as? [[String: Any]])
    #expect(edges.count == 1 && edges[0]["depends_on"] as? String == "1")
    let predicted = try #require(plan["predicted"] as? [String: Any])
    #expect(predicted["sequential_s"] != nil && predicted["speedup"] as? Double == 1)
  }

  @Test func modelSettingsFile() throws {
    let shop = try shop()
    #expect(try shop.run("models", "--preset", "economy", "--save").status == 0)
    let path = shop.repository.root.path("home/.autocoder/model_settings.json")
    let settings = try JSONSerialization.jsonObject(
      with: try #require(FileManager.default.contents(atPath: path)))
    #expect((settings as? [String: Any])?["preset"] as? String == "economy")
    let presets = try shop.run("--show-presets")
    #expect(presets.status == 0)
    for name in ["QUALITY", "BALANCED", "ECONOMY", "CHEAP", "EXPERIMENTAL"] {
      #expect(presets.text.contains("📦 \(name)"))
    }
    #expect(presets.text == (try shop.run("presets").text))
  }

  @Test func initIsSafeToRepeat() throws {
    let shop = try shop()
    try FileManager.default.removeItem(atPath: shop.repository.path + "/lanekeeper.yml")
    try FileManager.default.removeItem(atPath: shop.repository.path + "/features.yml")
    let first = try shop.run("init")
    #expect(first.status == 0, "\(first.error)")
    for word in ["lanekeeper.yml", "features.yml", "hooks", "Makefile"] {
      #expect(first.text.contains(word), "\(first.text)")
    }
    #expect(try shop.repository.read("lanekeeper.yml").contains("gate: make test"))
    let make = try TestProgram.run(
      ["make", "-s", "test"], directory: shop.repository.path, environment: shop.environment)
    #expect(make.status == 0)
    let before = try shop.repository.read(".git/config") + shop.repository.read("Makefile")
    #expect(try shop.run("init").text == "everything is in place already")
    #expect(try shop.repository.read(".git/config") + shop.repository.read("Makefile") == before)
    #expect(try shop.run("hooks", "uninstall").status == 0)
    #expect(!(try shop.repository.read(".git/config").contains("lanekeeper")))
  }

  @Test func p7_whatHasLandedIsFoundInTheHistoryWhoeverLooksFirst() throws {
    let shop = try shop()
    let state = shop.repository.path + "/.git/lanekeeper"
    func forget() throws { try FileManager.default.removeItem(atPath: state) }
    #expect(try shop.run("run").status == 0)
    try forget()
    let again = try shop.run("run")
    #expect(again.status == 0 && again.text.contains("2 features have landed before"))
    try forget()
    let client = try McpClient(at: shop.repository.path, environment: shop.environment)
    try client.initialize()
    #expect("\(try client.call("list_features"))".contains("landed"))
    client.program.closeInput()
    #expect(client.program.wait() == 0)
    // As a kill between the two would leave it: the backlog is there, and nobody has looked.
    try change(
      state + "/state.sqlite",
      "UPDATE features SET state = 'ready', landed_commit = NULL; DELETE FROM meta WHERE key = 'adopted'"
    )
    #expect(try shop.run("doctor", "--repair").text.contains("2 features have landed already"))
    try shop.repository.write(".git/lanekeeper/state.sqlite", "no database")
    for suffix in ["-wal", "-shm"] { unlink(state + "/state.sqlite" + suffix) }
    let broken = try shop.run("run")
    #expect(broken.status == 1 && broken.error.contains("doctor --repair"))
    #expect(try shop.run("doctor", "--repair").status == 0)
    #expect(try shop.run("run").status == 0)
    #expect(try shop.landed() == ["1", "2"] && shop.trace().count { $0[0] == "begin" } == 2)
  }

  private func change(_ path: String, _ statements: String) throws {
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    try #require(sqlite3_open(path, &database) == SQLITE_OK)
    try #require(sqlite3_exec(database, statements, nil, nil, nil) == SQLITE_OK)
  }

  @Test func aStopIsForThoseAtWorkAlone() throws {
    let shop = try Workshop(
      features: Workshop.independent(3), agent: "[ \"$id\" = 3 ] && sleep 600; echo $id > $id.txt",
      gate: "")
    for (number, words) in [["stop", "--now"], ["stop", "--drain"]].enumerated() {
      let run = try shop.start(["work", "3"], output: "out")
      #expect(
        try eventually { try shop.trace().count { $0.prefix(2) == ["begin", "3"] } == number + 1 })
      #expect(try shop.run(words).status == 0)
      if words.contains("--drain") { run.signal(SIGKILL) }
      _ = run.wait()
      // As if some seconds had gone by.
      try change(
        shop.repository.path + "/.git/lanekeeper/state.sqlite",
        "UPDATE meta SET value = '1' WHERE key = 'control_at'")
      let id = words.contains("--drain") ? "2" : "1"
      let work = try shop.run("work", id)
      #expect(work.status == 0, "\(words): \(work.text)\(work.error)")
    }
    #expect(try Set(shop.landed()) == ["1", "2"])
  }

  @Test func p2_p4_aRebuiltStateGoesOnFromTheBranches() throws {
    let shop = try Workshop(
      features: Workshop.independent(3),
      agent: """
        echo "$LANEKEEPER_ATTEMPT" >> f$id.txt
        git add -A && git commit -qm "step $LANEKEEPER_ATTEMPT" && echo late >> f$id.txt
        [ "$id" = 1 ] || [ -e "$LANEKEEPER_REPOSITORY/../go" ]

        """, configuration: "limits: {attempts: 1}")
    #expect(try shop.run("run").status == 1)
    #expect(try shop.landed() == ["1"])
    let branches = try shop.repository.git("for-each-ref", "refs/heads/lane", "refs/lanekeeper")
    try shop.repository.write(".git/lanekeeper/state.sqlite", "no database")
    for suffix in ["-wal", "-shm"] {
      try? FileManager.default.removeItem(
        atPath: shop.repository.path + "/.git/lanekeeper/state.sqlite" + suffix)
    }
    let repaired = try shop.run("doctor", "--repair")
    #expect(repaired.status == 0)
    #expect(repaired.text.contains("1 features have landed already"), "\(repaired.text)")
    #expect(repaired.text.contains("claimed again: #2, #3"), "\(repaired.text)")
    #expect(
      try shop.repository.git("for-each-ref", "refs/heads/lane", "refs/lanekeeper") == branches)
    let claims = try #require(try shop.json("claims")["claims"] as? [[String: Any]])
    #expect(claims.map { $0["path"] as? String } == ["f2.txt", "f3.txt"])
    #expect(claims.map { $0["feature"] as? String } == ["2", "3"])
    #expect(try shop.run("doctor", "--deep").status == 0)
    try shop.repository.root.write("go", "")
    #expect(try shop.run("run").status == 0)
    #expect(Set(try shop.landed()) == ["1", "2", "3"])
    // The second attempt went on from the first one's work, and its log stands beside the first one's.
    #expect(try shop.repository.git("show", "main:f2.txt").hasPrefix("1\nlate\n2"))
    let logs = shop.repository.path + "/.git/lanekeeper/logs/2"
    #expect(FileManager.default.fileExists(atPath: logs + "/1.log"))
    #expect(FileManager.default.fileExists(atPath: logs + "/2.log"))
    #expect(try shop.leftovers().isEmpty)
  }
}
