import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct KillTests {
  static let agent = """
    for n in 1 2 3 4 5; do
      echo "$id step $n"
      echo "$id step $n" >> f$id.txt
      sleep 0.1
    done
    case $id in 3|4) echo "line $id" >> shared.txt ;; esac
    [ $((id % 2)) = 0 ] && { git add -A; git commit -qm "work $id"; }
    exit 0

    """

  private func shop() throws -> Workshop {
    let features =
      "features:\n"
      + (1...10).map { number in
        let needs = number > 7 ? ", depends_on: [\(number - 7)]" : ""
        let touches = number == 3 || number == 4 ? ", touches: [shared.txt]" : ""
        return "  - {id: \(number), title: Feature \(number)\(needs)\(touches)}\n"
      }.joined()
    return try Workshop(features: features, agent: Self.agent)
  }

  /// The seeds; `LANEKEEPER_KILL_SEEDS=20` takes so many more.
  static let seeds: [UInt64] = {
    let more = ProcessInfo.processInfo.environment["LANEKEEPER_KILL_SEEDS"].flatMap(UInt64.init)
    return Array(1...2 + (more ?? 0))
  }()

  @Test(arguments: seeds)
  func p1_p4_p5_p7_killedAtRandomMoments(seed: UInt64) throws {
    let shop = try shop()
    var random = SplitMix64(seed: seed)
    for _ in 0..<10 {
      let run = try shop.start(["run", "--parallel", "3"], output: "killed")
      usleep(UInt32(50_000 + random.below(900_000)))
      run.signal(SIGKILL)
      run.wait()
    }
    let last = try shop.run("run", "--parallel", "3")
    #expect(last.status == 0, "\(last.text)\(last.error)")
    #expect(try shop.landed().sorted() == (1...10).map(String.init).sorted())
    for number in 1...10 {
      let lines = try shop.repository.read("f\(number).txt").split(separator: "\n")
      // Nothing that an agent wrote is lost, whatever attempt wrote it.
      #expect((1...5).allSatisfy { lines.contains("\(number) step \($0)") })
    }
    #expect(try shop.leftovers() == [])
    #expect(try shop.repository.git("status", "--porcelain", "-uno") == "")
  }

  /// A lane's index comes into being when all of its files are there; a kill before that leaves its lock.
  @Test func p7_killedWhileALaneIsFilled() throws {
    let files = Dictionary(
      uniqueKeysWithValues: (0..<3000).map { ("src/d\($0 / 50)/f\($0)", "file \($0)\n") })
    let shop = try Workshop(
      features: Workshop.independent(2), agent: "echo done > new-$id.txt\n", gate: "",
      files: files)
    let base = try shop.repository.git("rev-parse", "HEAD")
    // The lane is made anew until a kill has met it in between; a busy machine may never do so.
    for _ in 0..<5 {
      let run = try shop.start(["run", "--parallel", "1"], output: "killed")
      for _ in 0..<20_000 where !shop.repository.root.exists("repo.lanes/1/src/d7") { usleep(200) }
      run.signal(SIGKILL)
      run.wait()
      if !shop.repository.root.exists("repo/.git/worktrees/lane-1/index") { break }
      try FileManager.default.removeItem(atPath: shop.repository.root.path("repo.lanes/1"))
    }
    let last = try shop.run("run", "--parallel", "2")
    #expect(last.status == 0, "\(last.text)\(last.error)")
    #expect(try shop.landed().sorted() == ["1", "2"])
    #expect(try shop.repository.git("diff", "--stat", base, "--", "src") == "")
    #expect(try shop.leftovers() == [])
    let lane = shop.repository.root.path("repo.lanes/1")
    #expect(try shop.repository.git("status", "--porcelain", at: lane) == "")
  }

  @Test func p5_theGuardEndsTheAgentWhenTheSupervisorIsKilled() throws {
    let shop = try Workshop(
      features: Workshop.independent(1), agent: "setsid sleep 600 & echo here; sleep 600")
    let run = try shop.start(["run"], output: "run")
    #expect(try eventually { try shop.processes().contains { $0.contains("sleep") } })
    run.signal(SIGKILL)
    run.wait()
    #expect(try eventually { try shop.processes().isEmpty })
  }

  /// An agent that has ended its guard, in a run that is killed before it can take note: nobody is left who could
  /// end that agent at once. The next run does, and keeps its work.
  @Test func p5_p7_whatLostItsGuardAndItsRunIsEndedByTheNextRun() throws {
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent: """
        if [ $LANEKEEPER_ATTEMPT = 1 ]; then
          echo half > a.txt; echo $$ > "$LANEKEEPER_REPOSITORY/../agent"; sleep 600
          exit 1
        fi
        echo whole >> a.txt

        """)
    let run = try shop.start(["run"], output: "run")
    #expect(eventually { (try? shop.repository.root.read("agent"))?.hasSuffix("\n") == true })
    let agent = try #require(Int32(shop.repository.root.read("agent").dropLast()))
    let guardian = try #require(guardAbove(agent))
    run.signal(SIGSTOP)
    // Each of its threads: one that still went on would take note.
    #expect(eventually { threadsStand(run.pid) })
    kill(guardian, SIGKILL)
    run.signal(SIGKILL)
    run.wait()
    // Whatever else would end it has had its time.
    usleep(300_000)
    #expect(try shop.processes().contains { $0.contains("sleep") })
    #expect(try shop.run("run").status == 0)
    #expect(try shop.landed() == ["1"])
    #expect(try shop.repository.read("a.txt") == "half\nwhole\n")
    #expect(try shop.leftovers() == [])
  }

  /// A gate, or a set-up command, whose guard was stopped before the run was killed: nobody is left who could end it
  /// but the next run, also where that has nothing to land.
  @Test(arguments: ["gate", "paused", "setup"])
  func p5_p7_whatRunsUnderAStoppedGuardIsEndedByTheNextRun(where place: String) throws {
    let hang = """
      here=$LANEKEEPER_REPOSITORY/..
      if mkdir "$here/hung" 2>/dev/null; then echo $$ > "$here/one"; mv "$here/one" "$here/hanging"; sleep 600; fi

      """
    let shop = try Workshop(
      features: Workshop.independent(1), agent: "echo a > a.txt", gate: "sh gate.sh",
      configuration: place == "setup" ? "lanes: {setup: sh setup.sh}" : "",
      files: [
        "gate.sh": place == "setup" ? "exit 0\n" : "[ -e a.txt ] || exit 0\n" + hang,
        "setup.sh": "case $PWD in *integration*) exit 0 ;; esac\n" + hang,
      ])
    let run = try shop.start(["run"], output: "run")
    #expect(eventually { shop.repository.root.exists("hanging") })
    let hanging = try #require(Int32(shop.repository.root.read("hanging").dropLast()))
    let guardian = try #require(guardAbove(hanging))
    kill(guardian, SIGSTOP)
    run.signal(SIGKILL)
    run.wait()
    usleep(300_000)
    #expect(kill(hanging, 0) == 0)
    if place == "paused" { #expect(try shop.run("pause", "--landing").status == 0) }
    let next = try shop.run("run")
    #expect(next.status == (place == "paused" ? 75 : 0), "\(next.text)\(next.error)")
    if place == "paused" {
      #expect(try shop.processes() == [])
      #expect(try shop.run("resume", "--landing").status == 0)
      #expect(try shop.run("run").status == 0)
    }
    #expect(try shop.landed() == ["1"])
    #expect(try shop.leftovers() == [])
  }

  /// The guard that a process stands below, whatever shells there are between.
  private func guardAbove(_ pid: pid_t) -> pid_t? {
    var pid = pid
    while pid > 1 {
      guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
        let parent = status.firstMatch(of: /PPid:\t(\d+)/).flatMap({ pid_t($0.output.1) })
      else { return nil }
      if status.hasPrefix("Name:\tlanekeeper-guar") { return pid }
      pid = parent
    }
    return nil
  }

  private func threadsStand(_ pid: pid_t) -> Bool {
    let tasks = "/proc/\(pid)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
    return !threads.isEmpty
      && threads.allSatisfy { thread in
        let facts = try? String(contentsOfFile: "\(tasks)/\(thread)/status", encoding: .utf8)
        return facts?.contains("State:\tT") == true
      }
  }

  @Test func stopsCleanlyAndGoesOnLater() throws {
    let shop = try Workshop(
      features: Workshop.independent(3),
      agent: """
        echo "$id" > f$id.txt
        [ -f "$LANEKEEPER_REPOSITORY/../go" ] || sleep 600
        """)
    let run = try shop.start(["run", "--parallel", "2"], output: "run")
    #expect(try eventually { try shop.trace().count { $0[0] == "begin" } == 2 })
    usleep(200_000)
    run.signal(SIGTERM)
    #expect(run.wait() == 130)
    #expect(try shop.processes() == [])
    let started = try Set(shop.trace().filter { $0[0] == "begin" }.map { $0[1] })
    for id in started {
      // Work that was interrupted stays on the feature's branch, and used up no attempt.
      #expect(try shop.repository.git("show", "lane/\(id)-feature-\(id):f\(id).txt") == id)
    }
    try shop.repository.root.write("go", "")
    #expect(try shop.run("run").status == 0)
    #expect(try shop.landed().sorted() == ["1", "2", "3"])
    #expect(try shop.leftovers() == [])
  }

  /// The gate's worktree is filled first, then the lane.
  @Test(arguments: [1, 2])
  func stopsCleanlyWhileGitWaitsForAFilter(number: Int) throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "echo done > f$id.txt")
    let above = shop.repository.root.path
    try shop.repository.root.write(
      "filter.sh",
      """
      echo >> \(above)/count
      [ -f \(above)/go ] || [ $(wc -l < \(above)/count) -lt \(number) ] || { : > \(above)/hangs; sleep 600; }
      cat

      """)
    try shop.repository.write(".gitattributes", "*.bin filter=slow\n")
    try shop.repository.write("a.bin", "binary\n")
    try shop.repository.commit("a filter")
    try shop.repository.git("config", "filter.slow.smudge", "sh \(above)/filter.sh")
    let run = try shop.start(["run"], output: "run")
    #expect(eventually { FileManager.default.fileExists(atPath: above + "/hangs") })
    run.signal(SIGINT)
    let (status, said) = (run.wait(), try shop.repository.root.read("run"))
    #expect(status == 130, "\(said)")
    #expect(try shop.processes() == [])
    try shop.repository.root.write("go", "")
    #expect(try shop.run("run").status == 0)
    #expect(try shop.landed() == ["1"] && shop.leftovers() == [])
  }

  @Test func aSecondSignalEndsAtOnce() throws {
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent: "trap '' TERM INT; echo kept > kept.txt; while :; do sleep 1; done")
    let run = try shop.start(["run"], output: "run")
    #expect(try eventually { try shop.trace().count >= 1 })
    usleep(300_000)
    run.signal(SIGINT)
    usleep(300_000)
    run.signal(SIGINT)
    #expect(run.wait() == 130)
    #expect(try shop.processes() == [])
    #expect(try shop.repository.git("show", "lane/1-feature-1:kept.txt") == "kept")
  }

  @Test func p1_aSecondRunIsRefused() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "sleep 600")
    let run = try shop.start(["run"], output: "run")
    #expect(try eventually { try shop.trace().count == 1 })
    let second = try shop.run("run")
    #expect(second.status == 75)
    #expect(second.error.contains("another run is at work"))
    let status = try shop.json("status")
    #expect((status["run"] as? [String: Any])?["state"] as? String == "running")
    #expect(try shop.run("stop", "--now").status == 0)
    #expect(run.wait() == 130)
    #expect(try shop.trace().count { $0[0] == "begin" } == 1)
  }

  @Test func p7_pauseAndResume() throws {
    let shop = try Workshop(
      features: Workshop.independent(4), agent: "sleep 0.5; echo $id > f$id.txt")
    let run = try shop.start(["run", "--parallel", "1"], output: "run")
    #expect(try eventually { try shop.trace().count == 1 })
    #expect(try shop.run("pause").status == 0)
    // What is under way goes on and lands; then the run ends, with something left.
    #expect(run.wait() == 75)
    #expect(try shop.landed().count < 4)
    #expect(try shop.run("resume").status == 0)
    #expect(try shop.run("run").status == 0)
    #expect(try shop.landed().count == 4)
  }
}
