import Backlog
import Foundation
import TestSupport
import Testing

@testable import Engine

@Suite(.bounded) struct DefinitionTests {
  private func read(_ text: String) throws -> AgentDefinition {
    try DefinitionReader.read(text: text, file: "x.yml", name: "x")
  }

  @Test func everyDefinitionThatIsInstalledIsRight() throws {
    let names = OutputReaderTests.catalogue.names
    #expect(
      names == [
        "aider", "claude", "codex", "command", "copilot", "cursor", "gemini", "goose",
        "mini-swe-agent", "opencode", "vibe",
      ])
    for name in names where name != "command" {
      let definition = try OutputReaderTests.catalogue.definition(name)
      #expect(!definition.environment.passesAll && definition.program != nil)
      #expect(Set(definition.models.keys) == ["opus", "sonnet", "haiku"], "\(name)")
    }
    #expect(throws: AgentError.self) { try OutputReaderTests.catalogue.definition("command") }
  }

  @Test func everythingThatIsWrongIsToldInOneGo() throws {
    let text = """
      name: y
      programm: x
      run: a
      program: b
      prompt: telepathy
      models: {opus: a, gpt: b}
      environment: {pass: ["A-B", OK_*]}
      exits: {300: usage, 5: nothing}
      resume: [go]
      nice: 99
      mcp: ["{mcp_confg}"]
      output:
        format: plain
        rules: [{when: {a: b}, event: dance, like: {x: "("}, each: y}]
        file: {format: json}

      """
    let problems = #expect(throws: InputProblems.self) { try read(text) }
    let lines = problems?.description ?? ""
    for words in [
      "x.yml:1:7: name is 'y'", "unknown key `programm`; did you mean `program`?",
      "exclude each other", "prompt can't be 'telepathy'", "unknown key `gpt`", "'A-B' is no name",
      "an exit status must be from 1 to 255", "can't be 'nothing'", "{session}", "nice must be",
      "{mcp_confg} in mcp means nothing here; did you mean `mcp_config`?", "plain output",
      "event can't be 'dance'", "is no regular expression", "each and rules",
    ] { #expect(lines.contains(words), "not told: \(words)\n\(lines)") }
  }

  @Test func aPromptThatGoesNowhereIsAnError() {
    for text in ["program: a\nprompt: argument\n", "program: a\nprompt: file\n", "", "a: [", "[]"] {
      #expect(throws: InputProblems.self) { try read(text) }
    }
  }

  @Test func theRepositorysDefinitionComesFirstAndItsConfigurationBeforeThat() throws {
    let directory = try TemporaryDirectory()
    try directory.write("own/claude.yml", "program: mine\narguments: [go]\n")
    let settings = try ConfigurationReader.read(
      text: """
        agents:
          codex: {program: /opt/codex, opus: big, arguments: "-c 'a b'"}
          command: {run: ./a.sh --fast}
        """, file: "lanekeeper.yml", repositoryName: "app"
    ).definitions
    let catalogue = AgentCatalogue(
      directories: [directory.path("own")] + OutputReaderTests.catalogue.directories,
      settings: settings)
    #expect(try catalogue.definition("claude").launch == .program("mine", ["go"]))
    let codex = try catalogue.definition("codex")
    #expect(codex.program == "/opt/codex" && codex.modelName(.opus) == "big")
    #expect(codex.resume?.suffix(2) == ["-c", "a b"])
    let command = try catalogue.definition("command")
    #expect(command.program == "./a.sh" && command.environment.passesAll)
    #expect(throws: AgentError.self) { try catalogue.definition("nobody") }
  }

  @Test func invocations() throws {
    let claude = try OutputReaderTests.catalogue.definition("claude")
    let values = ["model": "opus", "prompt_file": "/p", "lane": "/l"]
    let first = Invocation(claude, values)
    #expect(first.inputPath == "/p" && !first.resumes && first.argv.contains("opus"))
    #expect(!first.argv.contains("--mcp-config") && !first.argv.contains("--max-budget-usd"))
    let second = Invocation(
      claude, values.merging(["session": "{model}", "budget": "1.5", "mcp_config": "/m"]) { $1 })
    #expect(second.resumes && second.argv.contains("--resume"))
    // What a value holds in braces is no placeholder.
    #expect(second.argv.contains("{model}"))
    #expect(second.argv.suffix(4) == ["--max-budget-usd", "1.5", "--mcp-config", "/m"])
  }

  @Test func onlyNamedVariablesReachAnAgent() throws {
    let claude = try OutputReaderTests.catalogue.definition("claude")
    let base = [
      "PATH": "/bin", "HOME": "/h", "ANTHROPIC_API_KEY": "k", "AWS_REGION": "r", "DB_PASSWORD": "p",
      "OPENAI_API_KEY": "o", "LC_ALL": "C", "https_proxy": "x", "SSH_AUTH_SOCK": "s",
    ]
    let outer = [
      "CLAUDECODE": "1", "CLAUDE_CODE_SSE_PORT": "1", "CLAUDE_CODE_SESSION_ID": "i",
      "GIT_INDEX_FILE": "x", "GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_DATE": "@1 +0000",
    ]
    let names = Set(
      AgentEnvironment.allowed(base.merging(outer) { $1 }, by: claude.environment, [:]).keys)
    #expect(names == ["PATH", "HOME", "ANTHROPIC_API_KEY", "AWS_REGION", "LC_ALL", "https_proxy"])
    let all = AgentDefinition.Environment(passesAll: true, pass: [], set: ["A": "{model}"])
    let result = AgentEnvironment.allowed(base.merging(outer) { $1 }, by: all, ["model": "m"])
    #expect(result.count == base.count + 1 && result["A"] == "m")
  }

  @Test func secretsAreHidden() throws {
    let secrets = Secrets(environment: [
      "API_KEY": "abcdefgh12345", "HOME": "/home/somebody", "SHORT_KEY": "abc",
    ])
    #expect(secrets.mask("x abcdefgh12345 /home/somebody abc") == "x [secret] /home/somebody abc")
    #expect(secrets.mask("key sk-abcdefghij0123456789.") == "key [secret].")
    #expect(
      secrets.mask("Authorization: Bearer abcdefghijklmnopqrst") == "Authorization: Bearer [secret]"
    )
    let directory = try TemporaryDirectory()
    let long = String(repeating: "line\n", count: 10_000)
    try directory.write("log", "begin abcdefgh12345\n" + long + "end\n")
    LogKeeper.finish(directory.path("log"), secrets: secrets, bound: 8000)
    let kept = try directory.read("log")
    #expect(kept.utf8.count < 8200 && kept.hasPrefix("begin [secret]") && kept.hasSuffix("end\n"))
    #expect(kept.contains("bytes left out"))
  }

  /// Wherever a secret lies across two pieces, and where one is part of another.
  @Test func secretsAreHiddenPieceByPiece() {
    let secrets = Secrets(environment: [
      "API_KEY": "abcdefgh12345", "MY_TOKEN": "efgh12345678", "A_PASSWORD": "[secret]",
    ])
    let text = "x abcdefgh12345 y efgh12345678 abcdefgh1234abcdefgh12345678 [secret] abcdefgh"
    let expected = "x [secret] y [secret] abcdefgh1234[secret]678 [secret] abcdefgh"
    for size in 1...text.utf8.count {
      var stream = SecretStream(secrets)
      var shown = Data()
      var rest = Data(text.utf8)
      while !rest.isEmpty {
        shown += stream.take(rest.prefix(size))
        rest = Data(rest.dropFirst(size))
      }
      shown += stream.end()
      #expect(String(decoding: shown, as: UTF8.self) == expected, "pieces of \(size)")
      #expect(stream.hasHidden)
    }
  }

  @Test func resetTimes() {
    let zone = TimeZone(secondsFromGMT: 3600)!
    let now: Int64 = 1_795_552_700_000  // 2026-11-24T20:38:20Z, 21:38:20 there
    func read(_ text: String) -> Int64? { ResetTime.read(text, now: now, zone: zone) }
    #expect(read("1795552800") == 1_795_552_800_000)
    #expect(read("1795552800000") == 1_795_552_800_000)
    #expect(read("2026-11-24T21:00:00Z") == 1_795_554_000_000)
    #expect(read("10:00 PM") == 1_795_554_000_000)
    #expect(read("9:38 PM") == 1_795_552_680_000)
    #expect(read("9:30 PM") == 1_795_638_600_000)
    #expect(read("Nov 25th, 2026 10:00 PM") == 1_795_640_400_000)
    #expect(read("tomorrow") == nil && read("") == nil && read("1e300") == nil)
    #expect(read("Nov 25th, 2036 10:00 PM") == nil)
  }

  @Test func placeholders() {
    #expect(Placeholders.words(in: "a {b} {c_d} {\"x\"} {E} {") == ["b", "c_d"])
    #expect(Placeholders.fill("{a}{b}{", ["a": "{b}", "b": "1"]) == "{b}1{")
    #expect(ShellWords.split(#"a 'b c' "d\"e" f\ g"#) == ["a", "b c", "d\"e", "f g"])
  }
}
