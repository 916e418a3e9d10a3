import Foundation
import GRDB
import Model

/// The stored report of an attempt, read from the agent's output.
package struct AgentReportRecord: Sendable, Equatable {
  package var feature: String
  package var number: Int
  /// The name of the agent's definition.
  package var agent: String
  package var session: String?
  package var model: String?
  package var inputTokens = 0
  package var outputTokens = 0
  package var cachedTokens = 0
  package var costUSD: Double?
  package var edits: [String] = []
  /// The limit that ended it.
  package var limit: String?
  /// Fingerprint of the error; equal for two attempts that met the same one, `nil` for none.
  package var errorKey: String?
  /// Fingerprint of the committed work; equal for two attempts that left the same tree.
  package var workKey: String?
  /// How its program ended, as `it ended with 0`.
  package var ending: String?
  /// Whether its program ended with 0.
  package var endedWell = false
  /// Whether it ended well and was refused nothing, so that it took its work for done.
  package var isDone = false
  /// The agent's last message.
  package var lastWords: String?

  package init(feature: String, number: Int, agent: String) {
    self.feature = feature
    self.number = number
    self.agent = agent
  }
}

extension AgentReportRecord: FetchableRecord {
  package init(row: Row) throws {
    self.init(feature: row["feature"], number: row["number"], agent: row["agent"])
    session = row["session"]
    model = row["model"]
    inputTokens = row["input_tokens"]
    outputTokens = row["output_tokens"]
    cachedTokens = row["cached_tokens"]
    costUSD = row["cost_usd"]
    edits = JSON.strings(in: row["edits"])
    limit = row["limit_kind"]
    errorKey = row["error_key"]
    workKey = row["work_key"]
    ending = row["ending"]
    endedWell = row["ended_well"]
    isDone = row["is_done"]
    lastWords = row["last_words"]
  }
}

/// An agent that is not started for a while.
package struct AgentPause: Sendable, Equatable, FetchableRecord {
  package var agent: String
  package var kind: String
  /// Milliseconds since 1970; `nil`: until a person has done something.
  package var until: Int64?
  /// How many pauses came one after the other.
  package var count: Int
  package var detail: String

  package init(row: Row) throws {
    agent = row["agent"]
    kind = row["kind"]
    until = row["until"]
    count = row["count"]
    detail = row["detail"]
  }
}

extension Store {
  static let agentTables = [
    """
    CREATE TABLE agent_reports(feature TEXT NOT NULL, number INTEGER NOT NULL, agent TEXT NOT NULL,
      session TEXT, model TEXT, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
      cached_tokens INTEGER NOT NULL, cost_usd REAL, edits TEXT NOT NULL, limit_kind TEXT,
      error_key TEXT, work_key TEXT, PRIMARY KEY(feature, number)) WITHOUT ROWID
    """,
    """
    CREATE TABLE agent_pauses(agent TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, until INTEGER,
      count INTEGER NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID
    """,
    """
    CREATE TABLE cost_reservations(feature TEXT PRIMARY KEY NOT NULL, participant TEXT NOT NULL,
      usd REAL NOT NULL) WITHOUT ROWID
    """,
  ]

  static let reportEndings = [
    "ALTER TABLE agent_reports ADD COLUMN ending TEXT",
    "ALTER TABLE agent_reports ADD COLUMN is_done INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE agent_reports ADD COLUMN last_words TEXT",
  ]

  /// Appends several events of one attempt in one transaction.
  package func recordAll(
    _ events: [(name: EventName, facts: [String: JSON])], feature: String, agent: String
  ) throws {
    try write { db in
      for event in events {
        try append(db, event.name, feature: feature, agent: agent, event.facts)
      }
    }
  }

  /// Asks for the end of one attempt.
  package func askStop(_ feature: String, _ number: Int) throws {
    try write { db in
      try Self.setValue(db, "stop_attempt:\(feature)", String(number))
      try append(db, .stopAsked, feature: feature, ["attempt": .integer(Int64(number))])
    }
  }

  /// Returns whether a person has asked for the end of an attempt.
  package func isStopAsked(_ feature: String, _ number: Int) throws -> Bool {
    try value("stop_attempt:\(feature)") == String(number)
  }

  /// Notes whose attempt it is, so that it is known after a crash too.
  package func beginReport(_ feature: String, _ number: Int, agent: String) throws {
    try saveReport(AgentReportRecord(feature: feature, number: number, agent: agent))
  }

  /// Keeps what the output told, and the attempt's cost.
  package func saveReport(_ report: AgentReportRecord) throws {
    try write { db in
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO agent_reports(feature, number, agent, session, model, input_tokens,
            output_tokens, cached_tokens, cost_usd, edits, limit_kind, error_key, work_key,
            ending, ended_well, is_done, last_words)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          report.feature, report.number, report.agent, report.session, report.model,
          report.inputTokens, report.outputTokens, report.cachedTokens, report.costUSD,
          JSON.texts(report.edits).text, report.limit, report.errorKey, report.workKey,
          report.ending, report.endedWell, report.isDone, report.lastWords,
        ])
      if let cost = report.costUSD {
        try db.execute(
          sql: "UPDATE attempts SET cost_usd = ? WHERE feature = ? AND number = ?",
          arguments: [cost, report.feature, report.number])
      }
    }
  }

  package func agentReport(_ feature: String, _ number: Int) throws -> AgentReportRecord? {
    try read {
      try AgentReportRecord.fetchOne(
        $0, sql: "SELECT * FROM agent_reports WHERE feature = ? AND number = ?",
        arguments: [feature, number])
    }
  }

  /// Returns what the last attempts on a feature told that count, newest first.
  package func lastReports(of feature: String, count: Int) throws -> [AgentReportRecord] {
    try read {
      try AgentReportRecord.fetchAll(
        $0,
        sql: """
          SELECT r.* FROM agent_reports r
          JOIN attempts a ON a.feature = r.feature AND a.number = r.number
          WHERE r.feature = ? AND a.state IN ('failed', 'completed')
            AND r.number > CAST(COALESCE((SELECT value FROM meta
              WHERE key = 'retried:' || r.feature), '0') AS INTEGER)
          ORDER BY r.number DESC LIMIT ?
          """, arguments: [feature, count])
    }
  }

  // MARK: pauses

  /// Lets an agent rest.
  ///
  /// - Parameters:
  ///   - until: its end, where that is known.
  ///   - backOff: milliseconds of the pause where it is not, by how many there were before.
  /// - Returns: its end; `nil` where a person has to act.
  @discardableResult
  package func pause(
    agent: String, kind: String, until: Int64?, detail: String, backOff: ((Int) -> Int64)?
  ) throws -> Int64? {
    try write { db in
      let count =
        try Int.fetchOne(
          db, sql: "SELECT count FROM agent_pauses WHERE agent = ?", arguments: [agent]) ?? 0
      let end = until ?? backOff.map { now + $0(count) }
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO agent_pauses(agent, kind, until, count, detail)
          VALUES (?, ?, ?, ?, ?)
          """, arguments: [agent, kind, end, count + 1, detail])
      var facts: [String: JSON] = ["limit": .string(kind), "detail": .string(detail)]
      if let end { facts["until_ms"] = .integer(end) }
      facts["program"] = .string(agent)
      try append(db, .agentPaused, facts)
      return end
    }
  }

  /// Forgets an agent's pauses, after it has worked.
  package func endPauses(agent: String) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM agent_pauses WHERE agent = ?", arguments: [agent])
    }
  }

  /// Forgets the pauses that wait for a person, who has begun something anew.
  package func endOpenPauses() throws {
    try write { db in try db.execute(sql: "DELETE FROM agent_pauses WHERE until IS NULL") }
  }

  /// Returns the pauses that have not run out.
  package func pauses() throws -> [AgentPause] {
    try read {
      try AgentPause.fetchAll(
        $0, sql: "SELECT * FROM agent_pauses WHERE until IS NULL OR until > ?", arguments: [now])
    }
  }

  /// Lets a ready feature wait for a limit.
  ///
  /// - Parameter until: milliseconds since 1970; `nil`: until a person has acted.
  package func waitForLimit(_ feature: String, until: Int64?, detail: String) throws {
    try transition(
      feature, from: [.ready], to: .waiting, wait: .limit(until: until), detail: detail)
  }

  /// Takes features up again whose limit has run out, or all where `all` is set.
  package func wakeLimited(all: Bool = false) throws {
    try write { db in
      let ids = try String.fetchAll(
        db,
        sql: """
          SELECT id FROM features
          WHERE state = 'waiting' AND wait_kind IN ('limit', 'person') AND (? OR wait_until <= ?)
          """, arguments: [all, now])
      for id in ids { try transition(db, id, to: .ready, detail: "the limit has run out") }
      if !ids.isEmpty { try settleReadiness(db) }
    }
  }

  /// Takes features up again that waited for a new budget.
  package func wakeBudget() throws {
    try write { db in
      let ids = try String.fetchAll(
        db, sql: "SELECT id FROM features WHERE state = 'waiting' AND wait_kind = 'budget'")
      for id in ids { try transition(db, id, to: .ready, detail: "the budget is a new one") }
      if !ids.isEmpty { try settleReadiness(db) }
    }
  }

  // MARK: budgets

  /// Which attempts count in `limits.max_cost_usd`. By mark and not by time, since the clock may be set.
  static let budgetColumn = [
    "ALTER TABLE attempts ADD COLUMN in_budget INTEGER NOT NULL DEFAULT 1",
    """
    UPDATE attempts SET in_budget = 0 WHERE started_at <
      coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'budget_since'), 0)
    """,
  ]

  /// Begins a new budget: what attempts have cost until now counts no more.
  package func beginBudget() throws {
    try write { try $0.execute(sql: "UPDATE attempts SET in_budget = 0 WHERE in_budget = 1") }
  }

  /// Sets an expected cost aside before an attempt starts.
  ///
  /// - Parameters:
  ///   - maximum: for all attempts since ``beginBudget()``; `nil` for no bound.
  ///   - featureMaximum: for all attempts on the feature.
  /// - Returns: what the attempt may cost, or which of the two bounds leaves nothing.
  package func reserveCost(
    _ feature: String, participant: String, expected: Double, maximum: Double?,
    featureMaximum: Double?
  ) throws -> CostAnswer {
    guard maximum != nil || featureMaximum != nil else { return .granted(nil) }
    return try write { db in
      func sum(_ sql: String, _ arguments: StatementArguments) throws -> Double {
        try Double.fetchOne(db, sql: sql, arguments: arguments) ?? 0
      }
      var allowance = Double.infinity
      if let featureMaximum {
        let spent = try sum("SELECT SUM(cost_usd) FROM attempts WHERE feature = ?", [feature])
        guard spent + expected <= featureMaximum, spent < featureMaximum else {
          return .featureExceeded(spent)
        }
        allowance = featureMaximum - spent
      }
      if let maximum {
        let spent = try sum("SELECT SUM(cost_usd) FROM attempts WHERE in_budget = 1", [])
        let reserved = try sum(
          """
          SELECT SUM(usd) FROM cost_reservations r JOIN participants p ON p.id = r.participant
          WHERE p.ended_at IS NULL AND r.feature <> ?
          """, [feature])
        guard spent + reserved + expected <= maximum, spent + reserved < maximum else {
          return .runExceeded(spent)
        }
        allowance = min(allowance, maximum - spent - reserved)
      }
      try db.execute(
        sql: "INSERT OR REPLACE INTO cost_reservations(feature, participant, usd) VALUES (?, ?, ?)",
        arguments: [feature, participant, expected])
      return .granted(allowance)
    }
  }

  package func releaseCost(_ feature: String) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM cost_reservations WHERE feature = ?", arguments: [feature])
    }
  }

  /// Returns what attempts of an agent on a tier have cost, on average of the last twenty.
  package func usualCost(agent: String, tier: Tier) throws -> Double? {
    try read {
      try Double.fetchOne(
        $0,
        sql: """
          SELECT AVG(cost_usd) FROM (SELECT a.cost_usd FROM attempts a
            JOIN agent_reports r ON r.feature = a.feature AND r.number = a.number
            WHERE r.agent = ? AND a.tier = ? AND a.cost_usd > 0
            ORDER BY a.started_at DESC LIMIT 20)
          """, arguments: [agent, tier.rawValue])
    }
  }
}

/// Whether there is money for an attempt.
package enum CostAnswer: Sendable, Equatable {
  /// The attempt may cost so much; `nil` for no bound.
  case granted(Double?)
  /// So much was spent on the feature.
  case featureExceeded(Double)
  /// So much was spent by the run.
  case runExceeded(Double)
}

extension AgentPause {
  /// The step that a person has to take; `nil` where the pause ends by itself.
  package var advice: String? {
    until == nil ? "log in to \(agent), then `lanekeeper run`" : nil
  }
}
