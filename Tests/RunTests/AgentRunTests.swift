import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// Agents that are defined by files: what is told of their work and of their end.
@Suite(.bounded) struct AgentRunTests {
  /// A repository whose agent is `.lanekeeper/agents/mine.yml`, a shell script.
  private func shop(
    _ features: Int, script: String, more: String = "", definition: String = ""
  ) throws -> Workshop {
    try .withOwnAgent(features, script: script, more: more, definition: definition)
  }

  @Test func whoeverIsNotLoggedInIsNotStarted() async throws {
    let shop = try shop(
      3, script: "echo started >> ../../started; echo done > f$LANEKEEPER_FEATURE_ID.txt",
      definition:
        "check: {arguments: [../login.sh], like: '\"loggedIn\": *false', advice: run mine login}")
    let root = shop.repository.root
    try root.write("login.sh", "echo x >> ../asked; echo '{\"loggedIn\": false}'; exit 1\n")
    let refused = try await shop.run(parallel: 3)
    #expect(refused.status == 1)
    #expect(
      refused.text.contains("(My agent) is not logged in, so nothing is started: run mine login"),
      "\(refused.text)")
    #expect(try root.read("asked") == "x\n")
    #expect(!root.exists("started"))
    #expect(try shop.store().features().allSatisfy { $0.state == .ready && $0.attempts == 0 })
    try root.write("login.sh", "echo x >> ../asked; echo '{\"loggedIn\": true}'\n")
    let run = try await shop.run(parallel: 3)
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.landed().count == 3)
    #expect(try root.read("asked") == "x\nx\n")
    // Nothing is left to start, so nobody is asked.
    #expect(try await shop.run().status == 0)
    #expect(try root.read("asked") == "x\nx\n")
  }

  /// The log is as the agent wrote it; beside it stands what it did in the words that all agents share.
  @Test func whatItDidStandsBesideItsLogInTheWordsOfAllAgents() async throws {
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
    let run = try await shop.run()
    #expect(run.status == 0, "\(run.text)")
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
    let told = try shop.store().events(after: 0, limit: .max).filter { $0.type.hasPrefix("agent_") }
    #expect(told.count == 3, "\(told)")
  }

  @Test func eachEndIsToldApart() async throws {
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
        "limits: {attempts: 1, silence_minutes: 0.1, attempt_minutes: 0.2, stagger_seconds: 0}")
    #expect(try await shop.run(parallel: 5).status == 1)
    let details = try (1...5).map { try shop.store().attempts(of: "\($0)").last?.detail ?? "" }
    let expected = [
      "crashed with signal 11; bring its program up to date",
      "was ended by signal 15, which Lanekeeper did not send", "exited with 6",
      "(limits.silence_minutes)", "(limits.attempt_minutes)",
    ]
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

  @Test func aCommandsCrashIsToldAsOne() async throws {
    let shop = try Workshop(
      features: Workshop.independent(1), agent: "kill -ABRT $$",
      configuration: "limits: {attempts: 1}")
    #expect(try await shop.run().status == 1)
    #expect(try shop.reasons("1").contains("the agent crashed with signal 6"))
  }

  @Test func whoFillsTheDiskIsEndedAndItsWorkKept() async throws {
    let shop = try Workshop(
      features: Workshop.independent(3),
      agent: """
        echo "$id" > f$id.txt
        case $id in
        1) head -c 9000000 /dev/urandom > big.bin; sleep 600 ;;
        2) head -c 9000000 /dev/zero > "$TMPDIR/big"; sleep 600 ;;
        3) nice > f3.txt; sleep 2 ;;
        esac

        """, configuration: "limits: {disk_mb: 4, nice: 7, attempts: 1}\n")
    #expect(try await shop.run(parallel: 3).status == 1)
    #expect(try shop.landed() == ["3"])
    #expect(try shop.repository.read("f3.txt") == "7\n")
    for id in [1, 2] {
      #expect(
        try shop.store().attempts(of: "\(id)").last?.detail
          == "its lane grew by over 4 MB (limits.disk_mb)")
      #expect(try shop.repository.git("show", "lane/\(id)-feature-\(id):f\(id).txt") == "\(id)")
    }
    #expect(try shop.repository.git("cat-file", "-s", "lane/1-feature-1:big.bin") == "9000000")
    #expect(try shop.reasons("1").contains("large files"))
    #expect(try shop.processes() == [])
  }
}
