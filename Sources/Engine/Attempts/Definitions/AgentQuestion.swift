import Backlog
import Foundation
import Git
import Processes

/// A question to an agent program: it is started as for an attempt, without tools, in an empty directory
/// outside of the repository, under the guard, and its last words are the answer.
package struct AgentQuestion: Sendable {
  /// Why there is no answer.
  package struct Failed: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
  }

  private let definition: AgentDefinition
  private let guardProgram: String
  private let environment: [String: String]
  private let seconds: Double
  /// Bytes that the program may write, at most.
  private static let mostOutput: Int64 = 8 << 20

  /// - Parameters:
  ///   - environment: that of Lanekeeper itself; the definition says what of it the program gets.
  ///   - seconds: how long the program may take.
  /// - Throws: ``Failed`` where the definition does not say how to ask without tools.
  package init(
    _ definition: AgentDefinition, guardProgram: String, environment: [String: String],
    seconds: Double = 120
  ) throws {
    guard let ask = definition.ask else {
      throw Failed(
        "its definition does not say how it answers without tools (`ask`, see docs/agents.md)")
    }
    var asking = definition
    asking.launch = ask
    asking.resume = nil
    asking.budget = []
    asking.mcp = []
    asking.hook = []
    self.definition = asking
    self.guardProgram = guardProgram
    self.environment = environment
    self.seconds = seconds
  }

  /// An answer and its cost.
  package struct Answer: Sendable {
    package var text: String
    /// In US dollars; `nil` where the program does not tell.
    package var costUSD: Double?
  }

  /// Whether a definition says how its program is asked, and the program is there.
  package static func canBeAsked(
    _ definition: AgentDefinition, environment: [String: String]
  ) -> Bool {
    switch definition.ask {
    case nil: false
    case .program(let program, _):
      ShellCommand.exists(program, directory: "/", path: environment["PATH"])
    default: true
    }
  }

  /// Asks, and waits until nothing of the program runs any more.
  ///
  /// - Parameter model: the model's name, as the definition has it.
  /// - Throws: ``Failed``, with a line for people that holds no secret.
  package func answer(to prompt: String, model: String) async throws -> Answer {
    let root =
      FileManager.default.temporaryDirectory.path + "/lanekeeper-question-\(UUID().uuidString)"
    let place = root + "/work"
    try FileManager.default.createDirectory(
      atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: root) }
    try Data(prompt.utf8).write(to: URL(fileURLWithPath: root + "/prompt"))
    let values = [
      "prompt_file": root + "/prompt", "prompt": prompt, "model": model, "lane": place,
      "repository": place, "git_dir": place, "output_file": root + "/output", "feature": "",
      "attempt": "1",
    ]
    let invocation = Invocation(definition, values)
    if case .program(let program, _) = definition.launch,
      !ShellCommand.exists(program, directory: place, path: environment["PATH"])
    {
      throw Failed("'\(program)' is not found")
    }
    var variables = AgentEnvironment.allowed(
      GitProgram.clean(environment), by: definition.environment, values)
    variables["TMPDIR"] = place
    variables["LANEKEEPER_PROMPT_FILE"] = root + "/prompt"
    variables["LANEKEEPER_MODEL_NAME"] = model
    let process = try GuardedProcess.start(
      GuardedCommand(
        guardProgram: guardProgram, lockPath: root + "/lock", logPath: root + "/log",
        inputPath: invocation.inputPath, directory: place,
        // What it says to people must not stand among its answer.
        argv: ["/bin/sh", "-c", "exec \"$@\" 2>\"$0\"", root + "/errors"] + invocation.argv,
        environment: variables, mark: "question-\(UUID().uuidString)", wallSeconds: seconds,
        outputBytes: Self.mostOutput, nice: Int32(definition.nice)))
    let ending = await process.ending()
    return try read(ending, root)
  }

  private func read(_ ending: Ending, _ root: String) throws -> Answer {
    func bytes(_ name: String) -> Data {
      FileManager.default.contents(atPath: root + "/" + name) ?? Data()
    }
    let secrets = Secrets(environment: environment)
    func failed(_ words: String) -> Failed {
      let line = words.split(whereSeparator: \.isNewline).joined(separator: " ")
      return Failed(secrets.mask(String(line.prefix(300))))
    }
    let output = bytes("log")
    var reader = OutputReader(definition.output, lane: root, longestText: 2 << 20) { 0 }
    _ = reader.read(output)
    _ = reader.finish(sideFile: definition.output.file.map { _ in bytes("output") })
    let report = reader.report
    if let limit = report.limit { throw failed(limit.message) }
    if let failure = report.failure { throw failed(failure) }
    switch ending {
    case .exited(0): break
    case .exited(let status):
      let last = String(decoding: bytes("errors").suffix(2000), as: UTF8.self)
        .split(whereSeparator: \.isNewline).last
      throw failed("it ended with \(status)" + (last.map { ": \($0)" } ?? ""))
    case .timedOut: throw failed("it did not answer within \(Int(seconds)) seconds")
    case .outputLimit: throw failed("it wrote more than \(Self.mostOutput >> 20) MB")
    default: throw failed("it could not be run")
    }
    guard report.editCount == 0, report.commands == 0 else {
      throw failed("it used tools, although it was asked not to, so its answer is left out")
    }
    if let message = report.lastMessage { return Answer(text: message, costUSD: report.costUSD) }
    guard definition.output.format == .plain, definition.output.file == nil else {
      throw failed("it gave no answer")
    }
    return Answer(text: String(decoding: output, as: UTF8.self))
  }
}
