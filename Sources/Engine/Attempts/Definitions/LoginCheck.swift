import Backlog
import Foundation
import Processes
import Yams

/// How it is found out, before anything is started, whether an agent's program is logged in. Whatever can't be told
/// counts as logged in.
package struct LoginCheck: Sendable, Equatable {
  /// Of the program; empty where nothing has to be run, since only variables and files log it in.
  package var arguments: [String] = []
  /// Exit statuses that tell of no login.
  package var statuses: Set<Int32> = [1]
  /// A regular expression that its output matches, too, where there is no login.
  package var pattern: String?
  /// Variables that log it in in another way, with `*` at the end for any ending.
  package var variables: [String] = []
  /// Files below HOME and the repository, or with a whole path, that do so where the regular expression matches
  /// what is in them.
  package var files: [String: String] = [:]
  /// The models of which this is known; empty for all.
  package var models: Set<String> = []
  /// The command to run or the setting to change.
  package var advice = ""

  private static let seconds = 20.0
  private static let largestFile = 1 << 20

  /// Tells that a program is not logged in, as the definition can tell. Blocks for 20 seconds at most.
  ///
  /// - Parameters:
  ///   - directory: the top of the person's checkout.
  ///   - environment: Lanekeeper's own.
  /// - Returns: what a person has to know; `nil` where it is logged in, or nothing tells.
  package static func obstacle(
    _ definition: AgentDefinition, directory: String, environment: [String: String]
  ) -> String? {
    guard let check = definition.check, case .program(let program, _) = definition.launch,
      check.models.isEmpty || check.models.isSuperset(of: definition.models.values),
      !environment.contains(where: { check.names($0.key) && !$0.value.isEmpty }),
      !check.isInFiles(directory: directory, home: environment["HOME"])
    else { return nil }
    if !check.arguments.isEmpty {
      let inside = AgentEnvironment.allowed(environment, by: definition.environment, [:])
      guard
        let result = try? Command.runBlocking(
          [program] + check.arguments, directory: directory, environment: inside,
          timeoutSeconds: seconds, outputLimit: largestFile),
        check.statuses.contains(result.status), check.matches(result.output + result.error)
      else { return nil }
    }
    return
      "the agent '\(definition.name)' (\(definition.title)) is not logged in, so nothing is started: "
      + "\(check.advice), then `lanekeeper run`"
  }

  private func names(_ variable: String) -> Bool {
    variables.contains {
      $0.hasPrefix("*")
        ? variable.hasSuffix($0.dropFirst())
        : $0.hasSuffix("*") ? variable.hasPrefix($0.dropLast()) : variable == $0
    }
  }

  private func matches(_ bytes: [UInt8]) -> Bool {
    guard let pattern else { return true }
    return Self.matches(String(decoding: bytes, as: UTF8.self), pattern)
  }

  private static func matches(_ text: String, _ pattern: String) -> Bool {
    guard let expression = try? Regex(pattern) else { return false }
    return text.firstMatch(of: expression) != nil
  }

  private func isInFiles(directory: String, home: String?) -> Bool {
    files.contains { name, pattern in
      let places =
        name.hasPrefix("/") ? [name] : [directory, home].compactMap { $0.map { "\($0)/\(name)" } }
      return places.contains { place in
        guard let bytes = RegularFile.read(Self.followed(place), most: Self.largestFile) else {
          // What is there and can't be read may do anything.
          return access(place, F_OK) == 0
        }
        return Self.matches(String(decoding: bytes, as: UTF8.self), pattern)
      }
    }
  }

  /// Settings of a person's may well be a link to elsewhere.
  private static func followed(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }

  /// Reads `check` of a definition.
  static func read(_ node: Node?, _ input: YAMLInput) -> LoginCheck? {
    let keys = ["arguments", "statuses", "like", "unless", "models", "advice"]
    guard let node, let members = input.members(node, of: "check", known: keys) else { return nil }
    var check = LoginCheck()
    func list(_ node: Node?, _ name: String) -> [String] {
      input.texts(node, name)?.map(\.text) ?? []
    }
    check.arguments = list(members["arguments"], "check.arguments")
    if let statuses = members["statuses"] {
      check.statuses = Set(
        (statuses.sequence.map(Array.init) ?? [statuses]).compactMap {
          input.integer($0, "check.statuses", in: 1...255).map(Int32.init)
        })
    }
    check.pattern = pattern(members["like"], "check.like", input)
    check.models = Set(list(members["models"], "check.models"))
    check.advice = input.text(members["advice"], "check.advice") ?? ""
    if check.advice.isEmpty {
      input.report(node, "check needs `advice`: what a person is to run, such as `mine login`")
    }
    if let unless = members["unless"],
      let inner = input.members(unless, of: "check.unless", known: ["variables", "files"])
    {
      check.variables = list(inner["variables"], "check.unless.variables")
      if let files = inner["files"] {
        guard let mapping = files.mapping else {
          input.report(files, "check.unless.files must be a mapping of paths and expressions")
          return check
        }
        for (key, value) in mapping {
          let name = key.string ?? ""
          check.files[name] = pattern(value, "check.unless.files.\(name)", input)
        }
      }
    }
    if check.arguments.isEmpty, check.variables.isEmpty, check.files.isEmpty {
      input.report(node, "check needs `arguments`, or what `unless` says of variables and files")
    }
    return check
  }

  private static func pattern(_ node: Node?, _ name: String, _ input: YAMLInput) -> String? {
    guard let text = input.text(node, name) else { return nil }
    if (try? Regex(text)) == nil {
      input.report(node, "\(name) is no regular expression: '\(text)'")
    }
    return text
  }
}
