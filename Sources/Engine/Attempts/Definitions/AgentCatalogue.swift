import Backlog
import Foundation
import Model
import Processes

/// Finds agent definitions by name.
///
/// `agents:` in `lanekeeper.yml` comes before `.lanekeeper/agents/`, and that before the definitions
/// that are installed with the program.
package struct AgentCatalogue: Sendable {
  private static let overridable = ["program", "arguments", "ask"] + Tier.names
  /// Directories of definitions, the first that has a name wins.
  package let directories: [String]
  private let settings: [String: Configuration.AgentSettings]

  package init(directories: [String], settings: [String: Configuration.AgentSettings]) {
    self.directories = directories
    self.settings = settings
  }

  /// The names of all agents that can be named, in order.
  package var names: [String] {
    var names = Set(settings.keys)
    for directory in directories {
      for file in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
      where file.hasSuffix(".yml") {
        names.insert(String(file.dropLast(4)))
      }
    }
    return names.sorted()
  }

  /// Returns a definition, with what `lanekeeper.yml` changes in it.
  ///
  /// - Throws: ``AgentError`` where there is none, ``InputProblems`` where it is wrong.
  package func definition(_ name: String) throws -> AgentDefinition {
    let own = settings[name]
    if let run = own?.run, !run.isEmpty {
      var definition = AgentDefinition(name: name, title: name, launch: .shell(run))
      definition.environment.passesAll = true
      definition.nice = 0
      try change(&definition, by: own)
      return definition
    }
    guard let path = file(of: name) else { throw AgentError.noCommand(name, known: names) }
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(validating: data, as: UTF8.self)
    else {
      throw InputProblems([
        InputProblem(file: path, line: 1, column: 1, message: "can't be read as UTF-8 text")
      ])
    }
    var definition = try DefinitionReader.read(text: text, file: path, name: name)
    if case .shell(let command) = definition.launch, command == "{run}" {
      throw AgentError.noCommand(name, known: names.filter { $0 != name })
    }
    try change(&definition, by: own)
    return definition
  }

  /// The file that defines an agent.
  package func file(of name: String) -> String? {
    directories.map { "\($0)/\(name).yml" }.first { FileManager.default.fileExists(atPath: $0) }
  }

  private func change(
    _ definition: inout AgentDefinition, by own: Configuration.AgentSettings?
  ) throws {
    guard let own else { return }
    for (key, value) in own.other.sorted(by: { $0.key < $1.key }) {
      switch (key, definition.launch) {
      case _ where Tier.names.contains(key): definition.models[key] = value
      case ("ask", .shell): definition.ask = .shell(value)
      case ("ask", .program(let program, _)):
        definition.ask = .program(program, ShellWords.split(value))
      case ("program", .program(_, let arguments)):
        definition.launch = .program(value, arguments)
        if case .program(_, let ask)? = definition.ask { definition.ask = .program(value, ask) }
      case ("arguments", .program(let program, let arguments)):
        let more = ShellWords.split(value)
        definition.launch = .program(program, arguments + more)
        definition.resume = definition.resume.map { $0 + more }
        // They may name another provider, of which the check knows nothing.
        definition.check = nil
        if case .program(let name, let ask)? = definition.ask {
          definition.ask = .program(name, ask + more)
        }
      default:
        throw InputProblems([
          InputProblem(
            file: "lanekeeper.yml", line: 1, column: 1,
            message: "`\(key)` of agents.\(definition.name) means nothing for it",
            suggestion: "it may be \(Self.overridable.joined(separator: ", ")) or run")
        ])
      }
    }
  }
}

/// Splits text as a shell does: blanks, single and double quotes, backslashes.
enum ShellWords {
  static func split(_ text: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in text {
      if isEscaped {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if character == quote {
        quote = nil
      } else if quote == nil, character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character.isWhitespace {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }
}
