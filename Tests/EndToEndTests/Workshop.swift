import Foundation
import TestSupport

// EndToEndTests: the programs as they are built, on real repositories, with real processes.

extension Workshop {
  static let program = BuiltPrograms.path("lanekeeper")

  func run(_ arguments: [String], at directory: String? = nil) throws -> TestProgramResult {
    try TestProgram.run(
      [Self.program] + arguments, directory: directory ?? repository.path, environment: environment)
  }

  func run(_ arguments: String...) throws -> TestProgramResult { try run(arguments) }

  /// Runs a command that must end with 0 and returns its JSON.
  func json(_ arguments: String...) throws -> [String: Any] {
    let result = try run(arguments + ["--json"])
    guard result.status == 0 else {
      throw TestProgramFailure(command: arguments, result: result)
    }
    let value = try JSONSerialization.jsonObject(with: Data(result.output))
    return value as? [String: Any] ?? [:]
  }

  /// Starts the program and returns at once.
  func start(_ arguments: [String], output: String) throws -> RunningProgram {
    try RunningProgram(
      [Self.program] + arguments, directory: repository.path, environment: environment,
      output: repository.root.path(output))
  }

  /// What git and the program say is wrong after a run: nothing, where all is well.
  ///
  /// - Parameter spoiled: objects were spoiled, and only what references hold has to be whole.
  func leftovers(spoiled: Bool = false) throws -> [String] {
    var problems: [String] = []
    let check =
      try spoiled
      ? repository.git("rev-list", "--objects", "--all", "--verify-objects", "--quiet")
      : repository.git("fsck", "--no-dangling", "--no-progress")
    if !check.isEmpty { problems.append("fsck: \(check)") }
    let claims = try json("claims")["claims"] as? [Any] ?? []
    if !claims.isEmpty { problems.append("claims are left: \(claims)") }
    for path in try processes() { problems.append("a process is left: \(path)") }
    return problems
  }
}

/// Waits, for at most some minutes, until something is true.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<12_000 {
    if try condition() { return true }
    usleep(20_000)
  }
  return false
}
