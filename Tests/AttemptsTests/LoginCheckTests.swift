import Backlog
import Foundation
import TestSupport
import Testing

@testable import Engine

private let no =
  "arguments: [-c, 'echo Not logged in >&2; exit 1'], like: '[Nn]ot logged in', advice: log in"

/// What is known of logins, and that whatever can't be told starts.
@Suite(.bounded) struct LoginCheckTests {
  private let root: TemporaryDirectory

  init() throws { root = try TemporaryDirectory() }

  private func definition(_ check: String, models: String = "{}") throws -> AgentDefinition {
    try DefinitionReader.read(
      text: "program: sh\nmodels: \(models)\ncheck: \(check)\n", file: "mine.yml", name: "mine")
  }

  private func obstacle(
    _ check: String, models: String = "{}", _ environment: [String: String] = [:]
  ) throws -> String? {
    let base = ["PATH": "/usr/bin:/bin", "HOME": root.path("home")]
    try FileManager.default.createDirectory(
      atPath: root.path("repo"), withIntermediateDirectories: true)
    return LoginCheck.obstacle(
      try definition(check, models: models), directory: root.path("repo"),
      environment: base.merging(environment) { $1 })
  }

  @Test func aClearNoIsOne() throws {
    let words = try #require(try obstacle("{\(no)}"))
    #expect(words.contains("'mine'") && words.contains("log in, then"))
  }

  @Test(arguments: [
    "{arguments: [-c, 'echo usage; exit 1'], like: ogged, advice: x}",
    "{arguments: [-c, 'echo Not logged in; exit 2'], like: ogged, advice: x}",
    "{arguments: [-c, 'echo Not logged in; exit 0'], like: ogged, advice: x}",
    "{arguments: [-c, 'echo Not logged in; kill -9 $$'], like: ogged, advice: x}",
    "{arguments: [-c, 'exit 127'], advice: x}",
    "{\(no), unless: {variables: [MINE_*]}}", "{\(no), unless: {variables: ['*_KEY']}}",
    "{\(no), unless: {files: {.mine/config: token}}}", "{\(no), unless: {files: {own.yml: .}}}",
    "{\(no), models: [big]}", "{models: [big], unless: {variables: [X]}, advice: x}",
  ])
  func whateverCantBeToldStarts(check: String) throws {
    try root.write("home/.mine/config", "token = 1\n")
    try root.write("repo/own.yml", "a\n")
    #expect(
      try obstacle(check, models: "{opus: big, haiku: other}", ["MINE_KEY": "k"]) == nil)
  }

  @Test(arguments: [
    "{\(no), unless: {variables: [MINE_*], files: {.mine/config: other, gone: .}}}",
    "{\(no), models: [big, small]}", "{unless: {variables: [MINE_*]}, advice: set MINE_KEY}",
    "{\(no), statuses: [1, 3]}",
  ])
  func whatDoesNotApplyIsNoExcuse(check: String) throws {
    try root.write("home/.mine/config", "token = 1\n")
    #expect(try obstacle(check, models: "{opus: big}", ["MINE_KEY": "", "OTHER": "x"]) != nil)
  }

  @Test(arguments: [
    "{arguments: [status]}", "{advice: x}", "{arguments: [a], like: '(', advice: x}", "[]",
    "{arguments: [a], statuses: [0], advice: x}", "{arguments: [a], unless: {file: {}}, advice: x}",
    "{arguments: [a], unless: {files: {a: '['}}, advice: x}",
  ])
  func aBadCheckIsToldWithItsPlace(check: String) {
    #expect(throws: InputProblems.self) { try definition(check) }
  }

  /// Those that come with the program: nothing is asked where a key is set, and the command only asks.
  @Test(arguments: [
    (
      "claude", ["auth", "status"],
      ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CODE_USE_BEDROCK"]
    ),
    ("codex", ["login", "status"], ["OPENAI_API_KEY", "CODEX_HOME", "CODEX_API_KEY"]),
    ("aider", [], ["ANTHROPIC_API_KEY", "OPENROUTER_API_KEY", "AIDER_MODEL"]),
  ])
  func theDefinitionsThatComeWithItHaveOne(
    name: String, arguments: [String], variables: [String]
  ) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../templates/agents/\(name).yml").standardizedFileURL
    let text = try String(contentsOf: file, encoding: .utf8)
    var definition = try DefinitionReader.read(text: text, file: name, name: name)
    let check = try #require(definition.check)
    #expect(check.arguments == arguments && !check.advice.isEmpty)
    // A stand-in that would say no.
    let program = root.path("program")
    try root.write(
      "program", "#!/bin/sh\necho '{\"loggedIn\": false} Not logged in'\nexit 1\n", executable: true
    )
    definition.launch = .program(program, [])
    func obstacle(_ more: [String: String]) -> String? {
      LoginCheck.obstacle(
        definition, directory: root.path("repo"),
        environment: ["PATH": "/usr/bin:/bin", "HOME": root.path("home")].merging(more) { $1 })
    }
    try root.write("repo/a", "")
    // One that can't be started just now, or takes too long on a busy machine, tells nothing.
    #expect((0..<20).contains { _ in obstacle([:]) != nil })
    for variable in variables { #expect(obstacle([variable: "x"]) == nil, "\(variable)") }
  }
}
