import GRDB

/// What a gate said of a tree.
package struct GateResult: Sendable, Equatable {
  package var passed: Bool
  /// `exited 0`, `exited 2`, `timed out` and so on.
  package var status: String
  package var seconds: Double
  /// The path of the gate's log.
  package var log: String

  package init(passed: Bool, status: String, seconds: Double, log: String) {
    self.passed = passed
    self.status = status
    self.seconds = seconds
    self.log = log
  }
}

extension Store {
  /// Returns what the gate said of exactly this tree before, if it was asked.
  package func gateResult(tree: String, command: String, environment: String) throws -> GateResult?
  {
    try read { db in
      try Row.fetchOne(
        db,
        sql: "SELECT * FROM gate_results WHERE tree = ? AND command = ? AND environment = ?",
        arguments: [tree, command, environment]
      ).map { row in
        GateResult(
          passed: row["passed"], status: row["status"], seconds: row["seconds"], log: row["log"])
      }
    }
  }

  /// Remembers what the gate said of a tree.
  package func remember(
    _ result: GateResult, tree: String, command: String, environment: String
  ) throws {
    try write { db in
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO gate_results(tree, command, environment, passed, status, seconds,
            log, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          tree, command, environment, result.passed, result.status, result.seconds, result.log, now,
        ])
    }
  }
}
