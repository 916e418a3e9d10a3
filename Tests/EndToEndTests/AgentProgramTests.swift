import Foundation
import Model
import TestSupport
import Testing

/// Agents that are files: how they are found, what they get, and what is told of their end.
@Suite(.bounded) struct AgentProgramTests {
  /// A repository whose agent is `.lanekeeper/agents/mine.yml`, a shell script.
  private func shop(
    _ features: Int, script: String, more: String = "", definition: String = ""
  ) throws -> Workshop {
    let shop = try Workshop(
      features: Workshop.independent(features), agent: "", configuration: more)
    try shop.repository.root.write("mine.sh", script)
    try shop.repository.write(
      ".lanekeeper/agents/mine.yml",
      """
      title: My agent
      program: sh
      version: [-c, "echo mine 4.5.6; echo more"]
      arguments: ["\(shop.repository.root.path)/mine.sh"]
      environment: {pass: [MINE_*]}
      output: {format: plain}
      \(definition)

      """)
    try shop.repository.write(
      "lanekeeper.yml",
      try shop.repository.read("lanekeeper.yml").replacing("agent: command", with: "agent: mine"))
    return shop
  }

  @Test func aDefinitionThatIsDroppedInIsListedWithItsVersion() throws {
    let shop = try shop(1, script: "echo done > f.txt")
    let agents = try shop.json("agents")["agents"] as? [[String: Any]] ?? []
    let mine = try #require(agents.first { $0["name"] as? String == "mine" })
    #expect(mine["version"] as? String == "mine 4.5.6")
    #expect(mine["found"] as? Bool == true && mine["chosen"] as? Bool == true)
    #expect((mine["file"] as? String)?.hasSuffix(".lanekeeper/agents/mine.yml") == true)
    #expect(agents.contains { $0["name"] as? String == "claude" })
    #expect(try shop.run("run").status == 0)
    #expect(try shop.landed() == ["1"])
    // One that is wrong is told with its place, and the others are listed.
    try shop.repository.write(".lanekeeper/agents/other.yml", "programm: x\n")
    let wrong = try shop.run("agents")
    #expect(wrong.status == 65)
    #expect(
      wrong.error.contains("other.yml:1:1") && wrong.error.contains("did you mean `program`?"))
    #expect(wrong.text.contains("mine 4.5.6"))
  }

  @Test func whoeverIsNotLoggedInIsNotStarted() throws {
    let shop = try shop(
      3, script: "echo started >> ../../started; echo done > f$LANEKEEPER_FEATURE_ID.txt",
      definition:
        "check: {arguments: [../login.sh], like: '\"loggedIn\": *false', advice: run mine login}")
    let root = shop.repository.root
    try root.write("login.sh", "echo x >> ../asked; echo '{\"loggedIn\": false}'; exit 1\n")
    let refused = try shop.run("run", "--parallel", "3")
    #expect(refused.status == 1)
    #expect(
      refused.text.contains("(My agent) is not logged in, so nothing is started: run mine login"),
      "\(refused.text)")
    #expect(try root.read("asked") == "x\n")
    #expect(!root.exists("started"))
    let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
    #expect(
      features.allSatisfy { $0["state"] as? String == "ready" && $0["attempts"] as? Int == 0 })
    try root.write("login.sh", "echo x >> ../asked; echo '{\"loggedIn\": true}'\n")
    let run = try shop.run("run", "--parallel", "3")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    #expect(try shop.landed().count == 3)
    #expect(try root.read("asked") == "x\nx\n")
    // Nothing is left to start, so nobody is asked.
    #expect(try shop.run("run").status == 0)
    #expect(try root.read("asked") == "x\nx\n")
  }

  @Test func onlyNamedVariablesReachItAndNoSecretIsWrittenDown() throws {
    var shop = try shop(1, script: "env | sort; wc -c; echo done > f.txt")
    let (key, other) = ("k3y-of-mine-0123456789", "t0ken-of-another-9876543210")
    shop.environment["MINE_KEY"] = key
    shop.environment["OTHER_TOKEN"] = other
    shop.environment["MINE_NAME"] = "said aloud"
    #expect(try shop.run("run").status == 0)
    let log = try shop.run("logs", "1", "--raw").text
    #expect(log.contains("MINE_NAME=said aloud") && log.contains("MINE_KEY=[secret]"))
    #expect(!log.contains("OTHER_TOKEN"))
    // Nowhere: log, state and its write-ahead log, prompt, events.
    let top = shop.repository.path + "/.git/lanekeeper"
    let files = try #require(FileManager.default.enumerator(atPath: top))
    var looked = 0
    while let name = files.nextObject() as? String {
      guard let data = FileManager.default.contents(atPath: top + "/" + name) else { continue }
      looked += 1
      for secret in [key, other] {
        #expect(data.range(of: Data(secret.utf8)) == nil, "\(secret) is in \(name)")
      }
    }
    #expect(looked > 5)
  }

  /// The log is as the agent wrote it; beside it stands what it did in the words that all agents share.
  @Test func whatItDidStandsBesideItsLogInTheWordsOfAllAgents() throws {
    var shop = try shop(
      1,
      script: #"""
        echo '{"kind": "say", "words": "I begin with '"$MINE_KEY"'"}'
        echo '{"kind": "change", "file": "'"$PWD"'/f.txt"}'
        echo '{"kind": "shell", "line": "make test"}'
        echo 'no JSON at all'
        echo done > f.txt

        """#)
    try shop.repository.write(
      ".lanekeeper/agents/mine.yml",
      try shop.repository.read(".lanekeeper/agents/mine.yml").replacing(
        "output: {format: plain}",
        with: """
          output:
            format: json-lines
            rules:
              - {when: {kind: say}, event: message, message: words}
              - {when: {kind: change}, event: edit, path: file}
              - {when: {kind: shell}, event: command, command: line}
          """))
    shop.environment["MINE_KEY"] = "k3y-of-mine-0123456789"
    let run = try shop.run("run")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    let top = "repo/.git/lanekeeper/logs/1/1"
    #expect(try shop.repository.root.read(top + ".log").contains("no JSON at all"))
    let lines = try shop.repository.root.read(top + ".jsonl").split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines.map { $0["type"] as? String } == ["message", "edit", "command"])
    #expect(lines.map { $0["text"] as? String } == ["I begin with [secret]", nil, "make test"])
    #expect(lines.map { $0["path"] as? String } == [nil, "f.txt", nil])
    for line in lines {
      #expect(line["attempt"] as? Int == 1 && line["offset"] is Int)
      #expect((line["time"] as? String)?.wholeMatch(of: /\d{4}-\d\d-\d\dT[0-9:.]+Z/) != nil)
    }
    // The event log says the same.
    let events = try shop.run("events", "--json").text.split(separator: "\n")
      .filter { $0.contains("\"type\":\"agent_") || $0.contains("\"type\": \"agent_") }
    #expect(events.count == 3, "\(events)")
  }

  /// What an agent reads from where it is started: nothing, whatever the run itself could read.
  @Test func standardInputIsNeverTheRunsOwn() throws {
    let shop = try shop(
      1, script: "cat > got.txt; ls -l /proc/self/fd/0 >> got.txt",
      definition: "prompt: file\nlitter: []")
    try shop.repository.write(
      ".lanekeeper/agents/mine.yml",
      try shop.repository.read(".lanekeeper/agents/mine.yml").replacing(
        "mine.sh\"]", with: "mine.sh\", \"{prompt_file}\"]"))
    let run = try TestProgram.run(
      ["sh", "-c", "yes not for agents | '\(Workshop.program)' run"],
      directory: shop.repository.path, environment: shop.environment)
    #expect(run.status == 0, "\(run.text)\(run.error)")
    let got = try shop.repository.read("got.txt")
    #expect(!got.contains("not for agents") && got.contains("/dev/null"), "\(got)")
  }

  /// Two of one program that start in the same moment race on its own configuration file; one that has
  /// ended races with nobody.
  @Test func startsOfOneProgramAreKeptApartAcrossProcesses() throws {
    let shop = try shop(
      4,
      script: """
        date +%s%N >> "$LANEKEEPER_REPOSITORY/../starts"
        sleep 2
        echo done > f$LANEKEEPER_FEATURE_ID.txt

        """, definition: "stagger_seconds: 1")
    _ = try shop.run("status")
    let programs = try (1...4).map {
      try shop.start(["work", "\($0)", "--no-wait"], output: "work-\($0)")
    }
    for program in programs { #expect(program.wait() == 0) }
    let starts = try shop.repository.root.read("starts").split(separator: "\n")
      .compactMap { Int($0) }.sorted()
    #expect(starts.count == 4)
    for (one, next) in zip(starts, starts.dropFirst()) {
      // A second lies between the locks; a program takes a moment to begin.
      #expect(next - one > 400_000_000, "\(starts)")
    }
  }

  @Test func eachEndIsToldApart() throws {
    let shop = try shop(
      5,
      script: """
        echo half > f$LANEKEEPER_FEATURE_ID.txt
        case $LANEKEEPER_FEATURE_ID in
        1) kill -SEGV $$ ;;
        2) kill -TERM $$ ;;
        3) exit 6 ;;
        4) sleep 600 ;;
        5) while :; do echo noise; sleep 0.1; done ;;
        esac

        """,
      more:
        "limits: {attempts: 1, silence_minutes: 0.02, attempt_minutes: 0.08, stagger_seconds: 0}")
    #expect(try shop.run("run", "--parallel", "5").status == 1)
    let details = try StateRows.read(
      shop, "SELECT feature, detail FROM attempts ORDER BY feature"
    ).map { $0[1] }
    let expected = [
      "crashed with signal 11; bring its program up to date",
      "was ended by signal 15, which Lanekeeper did not send", "exited with 6",
      "(limits.silence_minutes)", "(limits.attempt_minutes)",
    ]
    #expect(details.count == 5)
    for (detail, words) in zip(details, expected) {
      #expect(detail.contains(words), "\(detail)")
    }
    // The work of each is kept.
    for id in 1...5 {
      #expect(
        try shop.repository.git("show", "lane/\(id)-feature-\(id):f\(id).txt").hasPrefix("half"))
    }
    #expect(try shop.processes() == [])
  }

  @Test func aCommandsCrashIsToldAsOne() throws {
    let shop = try Workshop(
      features: Workshop.independent(1), agent: "kill -ABRT $$",
      configuration: "limits: {attempts: 1}")
    #expect(try shop.run("run").status == 1)
    #expect(try shop.run("explain", "1").text.contains("the agent crashed with signal 6"))
  }
}
