import GRDB

/// The gate's result on a tree.
package struct GateResult: Sendable, Equatable {
  package var passed: Bool
  /// `exited 0`, `exited 2`, `took longer than …` and so on.
  package var status: String
  package var seconds: Double
  /// The path of the gate's log.
  package var log: String
  /// Whether nothing was in the worktree but the tree itself, no cache of an earlier run.
  package var isCold: Bool
  /// How often it was red.
  package var reds: Int
  /// Whether it was red first and passed when it was asked again.
  package var isFlaky: Bool

  package init(
    passed: Bool, status: String, seconds: Double, log: String, isCold: Bool = false,
    reds: Int = 0, isFlaky: Bool = false
  ) {
    self.passed = passed
    self.status = status
    self.seconds = seconds
    self.log = log
    self.isCold = isCold
    self.reds = reds
    self.isFlaky = isFlaky
  }
}

extension GateResult {
  init(row: Row) {
    self.init(
      passed: row["passed"], status: row["status"], seconds: row["seconds"], log: row["log"],
      isCold: row["cold"], reds: row["reds"], isFlaky: row["flaky"])
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
      ).map(GateResult.init(row:))
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
            log, at, cold, reds, flaky) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          tree, command, environment, result.passed, result.status, result.seconds, result.log, now,
          result.isCold, result.reds, result.isFlaky,
        ])
      try append(
        db, .gateEnded,
        [
          "tree": .string(tree), "passed": .bool(result.passed),
          "status": .string(result.status), "seconds": .number(result.seconds),
          "cold": .bool(result.isCold), "flaky": .bool(result.isFlaky),
          "log": .string(result.log),
        ])
    }
  }

  /// Forgets what the gate said of trees, so that it is asked again.
  package func forgetGateResults(trees: [String]) throws {
    try write { db in
      for tree in trees {
        try db.execute(sql: "DELETE FROM gate_results WHERE tree = ?", arguments: [tree])
      }
    }
  }
}
