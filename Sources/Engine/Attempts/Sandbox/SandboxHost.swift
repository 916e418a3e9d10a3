import Foundation
import Git
import Processes
import Store

/// Does outside a sandbox what an agent inside may ask for: has its commits judged, and runs those commands
/// of `lanekeeper` that are an agent's.
struct SandboxHost: Sendable {
  /// The commands that are run; all others are a person's, or would reach beyond the lane.
  static let commands: Set<String> = [
    "claim", "check", "claims", "release", "sync", "status", "explain", "mcp", "edit-hook",
  ]

  let view: SandboxView
  let lane: LaneRecord
  let branch: String
  /// The full name of the target.
  let target: String
  let guardProgram: String
  let hookProgram: String
  let lanekeeper: String
  /// The environment of what is run outside.
  let environment: [String: String]

  func serve(_ request: DeskRequest, isWanted: @Sendable () -> Bool) -> Int32 {
    switch request.kind {
    case "hook": return hook(request, isWanted)
    case "command": return command(request, isWanted)
    default: return 64
    }
  }

  // MARK: hooks

  private func hook(_ request: DeskRequest, _ isWanted: () -> Bool) -> Int32 {
    guard let name = request.arguments.first else { return 64 }
    switch (name, request.arguments.dropFirst().first) {
    case ("reference-transaction", "prepared"):
      if let problem = takeCommits(request.input) { return refuse(problem, request) }
      return judge(request, isWanted)
    case ("reference-transaction", "committed"):
      if let problem = try? view.takeBranch(branch) { tell(problem, request) }
      return 0
    case ("pre-commit", _), ("pre-merge-commit", _), ("pre-push", _):
      return judge(request, isWanted)
    default: return 0
    }
  }

  /// Copies the commits that the agent's references are about to point to, so that they are judged by what
  /// they are and not by what they are called inside.
  private func takeCommits(_ input: [UInt8]) -> String? {
    var wanted: Set<String> = []
    for line in String(decoding: input, as: UTF8.self).split(separator: "\n") {
      // Old value, new value, name; zeros delete.
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      guard words.count == 3, words[2] == branch || words[2] == "HEAD",
        ObjectID(hex: words[1]) != nil, words[1].contains(where: { $0 != "0" })
      else { continue }
      wanted.insert(words[1])
    }
    let repository = try? Repository(opening: view.common, environment: environment)
    let missing = wanted.filter { id in
      guard let repository, let id = ObjectID(hex: id) else { return true }
      return (try? repository.commit(id)) == nil
    }
    guard !missing.isEmpty else { return nil }
    let known = [branch, target].compactMap { try? repository?.reference($0)?.hex }
    return view.take(missing.sorted(), not: known)
  }

  private func judge(_ request: DeskRequest, _ isWanted: () -> Bool) -> Int32 {
    var variables = environment
    variables["GIT_DIR"] = view.administration
    for (name, value) in request.environment where name.hasPrefix("GITHEAD_") {
      if ObjectID(hex: String(name.dropFirst("GITHEAD_".count))) != nil { variables[name] = value }
    }
    if request.arguments.first != "reference-transaction" {
      // What is staged stands in objects that only the agent has so far.
      variables["GIT_OBJECT_DIRECTORY"] = view.git + "/objects"
      variables["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = view.sharedObjects
      if let index = request.environment["GIT_INDEX_FILE"],
        (index as NSString).deletingLastPathComponent == view.administration
      {
        variables["GIT_INDEX_FILE"] = index
      }
    }
    return run(
      [hookProgram] + request.arguments, request, directory: lane.path, variables: variables,
      isWanted)
  }

  // MARK: commands

  private func command(_ request: DeskRequest, _ isWanted: () -> Bool) -> Int32 {
    guard let name = request.arguments.first, Self.commands.contains(name) else {
      return refuse(
        "in a sandbox there are `lanekeeper \(Self.commands.sorted().joined(separator: "`, `"))`; "
          + "anything else is a person's", request)
    }
    guard !request.arguments.contains(where: { $0.hasPrefix("--project-dir") }) else {
      return refuse("in a sandbox --project-dir can't be given; the project is the lane's", request)
    }
    // Lock and mark say whose process it is, so a directory that is swapped meanwhile wins nothing.
    let directory = Self.resolved(request.directory)
    let top = Self.resolved(lane.path)
    var variables = environment
    for name in ["TERM", "NO_COLOR", "COLUMNS", "LINES", "LANG", "LC_ALL"] {
      if let value = request.environment[name] { variables[name] = value }
    }
    return run(
      [lanekeeper] + request.arguments, request,
      directory: directory == top || directory.hasPrefix(top + "/") ? directory : top,
      variables: variables, isWanted)
  }

  private func run(
    _ argv: [String], _ request: DeskRequest, directory: String, variables: [String: String],
    _ isWanted: () -> Bool
  ) -> Int32 {
    var descriptors = request.descriptors
    var input: Int32 = -1
    if request.kind == "hook" {
      input = MemoryFile.make(holding: request.input)
      descriptors[0] = input
    }
    defer { if input >= 0 { close(input) } }
    do {
      return try ChildCommand(
        argv, directory: directory, environment: variables, descriptors: descriptors
      ).wait(
        // A command goes on for as long as who asked for it waits, as the server of tools does.
        seconds: request.kind == "hook" ? GitProgram.mostSeconds : .infinity, isWanted: isWanted)
    } catch {
      return refuse("\(error)", request)
    }
  }

  private func refuse(_ words: String, _ request: DeskRequest) -> Int32 {
    tell(words, request)
    return 1
  }

  private func tell(_ words: String, _ request: DeskRequest) {
    let bytes = Array("lanekeeper: \(words)\n".utf8)
    ForeignDescriptor.write(bytes, to: request.descriptors[2])
  }

  private static func resolved(_ path: String) -> String {
    guard let pointer = realpath(path, nil) else { return path }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
