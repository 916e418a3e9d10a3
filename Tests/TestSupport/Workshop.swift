import Foundation

/// A repository with a backlog and an agent of the test's own; each target of tests adds how it is run.
package struct Workshop: Sendable {
  package let repository: TestRepository
  /// The environment of the programs; HOME lies in the temporary directory.
  package var environment: [String: String]

  /// - Parameters:
  ///   - features: the text of `features.yml`.
  ///   - agent: the body of the shell script that plays the agent; the prompt is in `$prompt`.
  ///   - configuration: further lines of `lanekeeper.yml`.
  package init(
    features: String, agent: String, gate: String = "make test", configuration: String = "",
    files: [String: String] = [:]
  ) throws {
    repository = try TestRepository()
    environment = repository.environment
    try repository.write("Makefile", "test:\n\t@sh check.sh\n")
    try repository.write("check.sh", "! grep -rl BUG . --include=*.txt\n")
    try repository.write("shared.txt", "shared\n")
    for (name, text) in files { try repository.write(name, text) }
    try repository.commit("base")
    try repository.write("features.yml", features)
    try repository.root.write("agent.sh", Self.prelude + agent)
    try repository.write(
      "lanekeeper.yml",
      """
      gate: \(gate.isEmpty ? "\"\"" : gate)
      agent: command
      agents: {command: {run: 'sh "\(repository.root.path)/agent.sh"'}}
      \(configuration)

      """)
  }

  /// Each attempt notes its begin and end.
  private static let prelude = """
    prompt=$(cat)
    id=$LANEKEEPER_FEATURE_ID
    trace="$LANEKEEPER_REPOSITORY/../trace"
    echo "begin $id $LANEKEEPER_ATTEMPT $LANEKEEPER_MODEL $LANEKEEPER_AGENT_ID" >> "$trace"
    trap 'echo "end $id $LANEKEEPER_ATTEMPT" >> "$trace"' EXIT

    """

  /// A backlog of so many features without ties.
  package static func independent(_ count: Int, touching: (Int) -> [String] = { _ in [] }) -> String
  {
    "features:\n"
      + (1...count).map { number in
        let paths = touching(number)
        let touches = paths.isEmpty ? "" : ", touches: [\(paths.joined(separator: ", "))]"
        return "  - {id: \(number), title: Feature \(number)\(touches)}\n"
      }.joined()
  }

  /// The ids in the `Feature:` trailers of the target's first-parent line, in the order of landing.
  package func landed(on target: String = "main") throws -> [String] {
    try repository.git(
      "log", "--first-parent", "--reverse", "--format=%(trailers:key=Feature,valueonly)", target
    ).split(separator: "\n").map(String.init)
  }

  /// The lines that the attempts wrote: `begin <id> <attempt> <model> <agent>` and `end <id> <attempt>`.
  package func trace() throws -> [[String]] {
    guard repository.root.exists("trace") else { return [] }
    return try repository.root.read("trace").split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
  }

  /// The command lines of processes that stand in the temporary directory.
  package func processes(besides isLeftOut: (Int32) -> Bool = { _ in false }) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
      guard let pid = Int32(name), !isLeftOut(pid),
        let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(name)/cwd"),
        place.hasPrefix(repository.root.path + "/")
      else { return nil }
      let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") ?? Data()
      return "\(name) \(String(decoding: line, as: UTF8.self))"
    }
  }
}
