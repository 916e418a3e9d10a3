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
    try .withOwnAgent(features, script: script, more: more, definition: definition)
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
}
