import Foundation
import GRDB
import Model

/// Further queries of the audit of promises.
extension Store {
  /// Returns the landings that were brought to their end, in their order.
  package func endedLandings() throws -> [LandingRecord] {
    try read {
      try LandingRecord.fetchAll($0, sql: "SELECT * FROM landings WHERE phase = 'done' ORDER BY id")
    }
  }

  /// Returns the landings on which a gate was asked to pass.
  package func gatedLandings() throws -> Set<Int64> {
    try read {
      try Set(Int64.fetchAll($0, sql: "SELECT id FROM landings WHERE outcome = 'passed'"))
    }
  }

  /// Returns the trees, in hex, for which a gate has passed at some time.
  package func greenTrees() throws -> Set<String> {
    try read { db in
      try String.fetchSet(
        db,
        sql: """
          SELECT json_extract(data, '$.tree') FROM events
          WHERE type = \(EventName.gateEnded.sql) AND json_extract(data, '$.passed')
          """)
    }
  }

  /// Returns the landings that were stopped since the branch conflicted with the target.
  package func landingConflicts() throws -> [(feature: String, detail: String)] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT feature, detail FROM landings
          WHERE phase = 'stopped' AND conflict ORDER BY id
          """
      ).map { (feature: $0["feature"], detail: $0["detail"]) }
    }
  }

  /// Returns what SQLite finds wrong with the state file.
  package func integrityProblems() throws -> [String] {
    try read { db in
      try String.fetchAll(db, sql: "PRAGMA integrity_check(5)").filter { $0 != "ok" }
        .map { "state file: \($0)" }
    }
  }
}
