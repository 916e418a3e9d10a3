import Foundation
import Git
import Processes

/// Looks whether an agent can be started in a lane.
struct AgentCheck {
  let project: Project

  private static let interpreters: Set<String> = [
    "sh", "bash", "dash", "zsh", "python", "python3", "node", "ruby", "perl", "php", "bun",
  ]

  /// - Throws: ``AgentError`` where its program is not there, ``Failure`` where a lane won't have it.
  func check(_ name: String, _ definition: AgentDefinition) throws {
    guard let program = definition.program else { return }
    guard program.contains("/"), !program.hasPrefix("/") else {
      guard
        ShellCommand.exists(
          program, directory: project.directory, path: project.environment["PATH"])
      else { throw AgentError.programNotFound(agent: name, program: program) }
      if let script = script(definition, program) {
        try checkTree(name, script, isStarted: false)
      }
      return
    }
    try checkTree(name, program, isStarted: true)
  }

  /// The file in the lane that an interpreter is given, where that can be told.
  private func script(_ definition: AgentDefinition, _ program: String) -> String? {
    guard case .shell(let command) = definition.launch, Self.interpreters.contains(program) else {
      return nil
    }
    let words = command.split(whereSeparator: \.isWhitespace)
    guard words.count > 1, words[0] == program, words[1].contains(".") || words[1].contains("/"),
      !words[1].hasPrefix("/"),
      words[1].allSatisfy({ $0.isLetter || $0.isNumber || "/._+-".contains($0) }),
      !words[1].hasPrefix("-")
    else { return nil }
    return String(words[1])
  }

  /// An agent runs in a lane, which has what the target holds, and what `lanes.copy` and `lanes.setup` bring.
  private func checkTree(_ name: String, _ path: String, isStarted: Bool) throws {
    let parts = path.split(separator: "/").filter { $0 != "." }.map(String.init)
    let lanes = project.configuration.lanes
    guard !parts.isEmpty, !parts.contains(".."), lanes.setup == nil else { return }
    let plain = parts.joined(separator: "/")
    let isCopied = lanes.copy.contains { item in
      let copied = item.split(separator: "/").joined(separator: "/")
      return plain == copied || plain.hasPrefix(copied + "/")
    }
    let repository = try project.repository()
    guard !isCopied, let tip = try repository.reference(project.target) else { return }
    let tree = try repository.commit(tip).tree
    let target = project.configuration.target
    guard let entry = try repository.entry(at: Array(plain.utf8), inTree: tree) else {
      // A submodule may hold it.
      for count in 1..<max(parts.count, 1) {
        let above = parts.prefix(count).joined(separator: "/")
        let found = try repository.entry(at: Array(above.utf8), inTree: tree)
        if let found, found.mode == 0o160000 || found.mode == 0o120000 { return }
      }
      throw Failure(
        "the agent '\(name)' starts \(path), which \(target) does not hold, so no lane would have it: "
          + "commit it, or name it by its whole path in `agents:` of lanekeeper.yml", status: 65)
    }
    guard isStarted, entry.mode == 0o100644 else { return }
    throw Failure(
      "the agent '\(name)' starts \(path), which is not executable on \(target): "
        + "`git update-index --chmod=+x \(plain)` and commit", status: 65)
  }
}
