import GRDB
import Model

extension Store {
  /// Adds a process that works on features; the file lock of its name tells whether it lives.
  package func addParticipant(_ record: ParticipantRecord) throws {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO participants(id, kind, pid, state, parallel, preset, models, started_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          record.id, record.kind.rawValue, record.pid, record.state, record.parallel, record.preset,
          JSON.texts(record.models).text, now,
        ])
      try append(
        db, record.kind == .run ? .runStarted : .workStarted, facts(record))
    }
  }

  private func facts(_ record: ParticipantRecord) -> [String: JSON] {
    [
      "participant": .string(record.id), "pid": .integer(Int64(record.pid)),
      "parallel": .integer(Int64(record.parallel)), "preset": .string(record.preset ?? ""),
      "models": .texts(record.models),
    ]
  }

  /// Notes that a participant starts nothing more.
  package func noteStopping(_ id: String) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE participants SET state = 'stopping' WHERE id = ?", arguments: [id])
      try append(db, .runStopping, ["participant": .string(id)])
    }
  }

  /// Notes the end of a participant.
  package func endParticipant(_ id: String, state: String) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE participants SET state = ?, ended_at = ? WHERE id = ? AND ended_at IS NULL",
        arguments: [state, now, id])
      try Self.forgetRunWaits(db, of: id)
      guard db.changesCount > 0 else { return }
      try append(db, .runEnded, ["participant": .string(id), "state": .string(state)])
    }
  }

  /// Returns the participants that have not ended by their own word; whether they live, their
  /// locks tell.
  package func openParticipants() throws -> [ParticipantRecord] {
    try read {
      try ParticipantRecord.fetchAll(
        $0, sql: "SELECT * FROM participants WHERE ended_at IS NULL ORDER BY started_at")
    }
  }

  /// Returns a participant, whether or not it has ended.
  package func participant(_ id: String) throws -> ParticipantRecord? {
    try read {
      try ParticipantRecord.fetchOne(
        $0, sql: "SELECT * FROM participants WHERE id = ?", arguments: [id])
    }
  }

  /// Returns the participant that started last.
  package func lastParticipant() throws -> ParticipantRecord? {
    try read {
      try ParticipantRecord.fetchOne(
        $0, sql: "SELECT * FROM participants ORDER BY started_at DESC LIMIT 1")
    }
  }
}

/// A command of a person to the processes at work.
package enum ControlWord: String, Sendable {
  /// Nothing new starts until `resume`.
  case pause
  /// Nothing new starts, and the run ends when what is under way has landed.
  case drain
  case stop
  case stopNow = "stop-now"
}

extension Store {
  private static let controlKey = "control"
  private static let landingPauseKey = "landing.paused"

  /// Returns what a person has asked for last, until it is taken back.
  package func controlWord() throws -> ControlWord? {
    try value(Self.controlKey).flatMap(ControlWord.init)
  }

  /// Writes down what a person asks for; `nil` takes it back.
  package func setControlWord(_ word: ControlWord?) throws {
    try setValue(Self.controlKey, word?.rawValue)
  }

  /// Returns whether a person has paused the landing queue alone.
  package func isLandingPaused() throws -> Bool { try value(Self.landingPauseKey) != nil }

  /// Pauses the landing queue, or lets it go on.
  package func setLandingPaused(_ isPaused: Bool) throws {
    try setValue(Self.landingPauseKey, isPaused ? ControlWord.pause.rawValue : nil)
  }
}
