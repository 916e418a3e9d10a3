import GRDB
import Model

/// A person's review of a branch.
package struct ReviewRecord: Sendable, Equatable {
  package enum Verdict: String, Sendable {
    case approved
    case changesRequested = "changes_requested"

    var event: EventName {
      switch self {
      case .approved: .reviewApproved
      case .changesRequested: .reviewChangesRequested
      }
    }
  }
  package var id: Int64
  package var feature: String
  /// The feature's last attempt at that time.
  package var attempt: Int
  package var verdict: Verdict
  /// The branch's tip that was looked at, in hex.
  package var tip: String
  /// Its merge base with the target then, in hex.
  package var base: String
  /// Fingerprint of the branch's changes; equal for as long as it changes the same.
  package var digest: String
  /// `Name <address>`.
  package var person: String
  /// Of the branch as a whole; empty for none.
  package var text: String
  package var comments: [ReviewComment]
  /// Milliseconds since 1970.
  package var at: Int64

  package init(
    id: Int64, feature: String, attempt: Int, verdict: Verdict, tip: String, base: String,
    digest: String, person: String, text: String, comments: [ReviewComment], at: Int64
  ) {
    self.id = id
    self.feature = feature
    self.attempt = attempt
    self.verdict = verdict
    self.tip = tip
    self.base = base
    self.digest = digest
    self.person = person
    self.text = text
    self.comments = comments
    self.at = at
  }
}

/// A comment at a place in a file.
package struct ReviewComment: Sendable, Equatable {
  package var path: String
  /// From 1; 0 for the file as a whole.
  package var line: Int
  package var text: String

  package init(path: String, line: Int, text: String) {
    self.path = path
    self.line = line
    self.text = text
  }
}

/// The state of a branch that a person has looked at.
package struct ReviewedState: Sendable, Equatable {
  package var tip: String
  package var base: String
  package var digest: String

  package init(tip: String, base: String, digest: String) {
    self.tip = tip
    self.base = base
    self.digest = digest
  }
}

extension Store {
  /// `withdrawn` is set once a verdict counts no more, whatever the branch holds.
  static let reviewTables = [
    """
    CREATE TABLE reviews(id INTEGER PRIMARY KEY AUTOINCREMENT, feature TEXT NOT NULL,
      attempt INTEGER NOT NULL, verdict TEXT NOT NULL, tip TEXT NOT NULL, base TEXT NOT NULL,
      digest TEXT NOT NULL, person TEXT NOT NULL, text TEXT NOT NULL, comments TEXT NOT NULL,
      withdrawn INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL)
    """,
    "CREATE INDEX reviews_by_feature ON reviews(feature)",
    """
    CREATE TABLE review_looks(feature TEXT NOT NULL, person TEXT NOT NULL, tip TEXT NOT NULL,
      base TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL,
      PRIMARY KEY(feature, person)) WITHOUT ROWID
    """,
    // Where a branch stood when an attempt began: what is new there since the attempt before is a
    // person's.
    """
    CREATE TABLE attempt_starts(feature TEXT NOT NULL, number INTEGER NOT NULL, tip TEXT NOT NULL,
      PRIMARY KEY(feature, number)) WITHOUT ROWID
    """,
  ]

  /// Returns the verdicts on a feature, oldest first.
  package func reviews(of feature: String) throws -> [ReviewRecord] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM reviews WHERE feature = ? ORDER BY id", arguments: [feature]
      ).map(ReviewRecord.init)
    }
  }

  /// Returns the approvals that nothing has withdrawn, oldest first.
  package func approvals(of feature: String) throws -> [ReviewRecord] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT * FROM reviews WHERE feature = ? AND verdict = 'approved' AND withdrawn = 0
          ORDER BY id
          """, arguments: [feature]
      ).map(ReviewRecord.init)
    }
  }

  /// Returns the request for changes that the next attempt has to meet; `nil` where there is none.
  package func openRequest(of feature: String) throws -> ReviewRecord? {
    try read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT * FROM reviews r WHERE feature = ? AND verdict = 'changes_requested'
            AND withdrawn = 0 AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.feature = r.feature
              AND a.number > r.attempt AND a.state = 'completed')
          ORDER BY id DESC LIMIT 1
          """, arguments: [feature]
      ).map(ReviewRecord.init)
    }
  }

  /// Writes an approval down; with `isEnough` the feature goes into the landing queue.
  package func approve(
    _ feature: String, state: ReviewedState, person: String, isEnough: Bool
  ) throws {
    try write(.powerCut) { db in
      let record = try expectInReview(db, feature)
      try db.execute(
        sql: """
          UPDATE reviews SET withdrawn = 1 WHERE feature = ? AND person = ?
            AND verdict = 'approved'
          """, arguments: [feature, person])
      try insert(db, record, .approved, state, person, text: "", comments: [])
      guard isEnough else { return }
      try transition(db, feature, from: [.inReview], to: .approved, detail: "by \(person)")
      try transition(db, feature, from: [.approved], to: .queued)
    }
  }

  /// Sends a feature back to its agent; approvals count no more.
  package func requestChanges(
    _ feature: String, state: ReviewedState, person: String, text: String,
    comments: [ReviewComment], rework: String
  ) throws {
    try write(.powerCut) { db in
      let record = try expectInReview(db, feature)
      try db.execute(
        sql: "UPDATE reviews SET withdrawn = 1 WHERE feature = ? AND verdict = 'approved'",
        arguments: [feature])
      try insert(db, record, .changesRequested, state, person, text: text, comments: comments)
      try transition(
        db, feature, from: [.inReview], to: .changesRequested, rework: rework,
        detail: "by \(person)")
      try transition(db, feature, from: [.changesRequested], to: .ready)
      try settle(db, feature)
    }
  }

  private func expectInReview(_ db: Database, _ feature: String) throws -> FeatureRecord {
    guard let record = try Self.feature(feature, db) else {
      throw StoreError.unknownFeature(feature)
    }
    guard record.state == .inReview else {
      throw StoreError.stateChanged(feature: feature, expected: [.inReview], found: record.state)
    }
    return record
  }

  private func insert(
    _ db: Database, _ feature: FeatureRecord, _ verdict: ReviewRecord.Verdict,
    _ state: ReviewedState, _ person: String, text: String, comments: [ReviewComment]
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO reviews(feature, attempt, verdict, tip, base, digest, person, text, comments, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        feature.id, feature.attempts, verdict.rawValue, state.tip, state.base, state.digest, person,
        text, JSON.texts(comments.flatMap { [$0.path, String($0.line), $0.text] }).text, now,
      ])
    if verdict == .approved {
      try look(db, feature.id, state, person)
    } else {
      // What they looked at is done with; the next version stands for itself.
      try db.execute(
        sql: "DELETE FROM review_looks WHERE feature = ? AND person = ?",
        arguments: [feature.id, person])
    }
    try append(
      db, verdict.event, feature: feature.id,
      ["person": .string(person), "tip": .string(state.tip)])
  }

  /// Takes a feature whose approval holds no more out of the landing queue.
  package func sendToReview(_ feature: String, detail: String) throws {
    try write { try transition($0, feature, from: [.queued], to: .inReview, detail: detail) }
  }

  /// Notes what a person was shown of a branch.
  package func noteLook(_ feature: String, _ state: ReviewedState, person: String) throws {
    try write { try look($0, feature, state, person) }
  }

  private func look(
    _ db: Database, _ feature: String, _ state: ReviewedState, _ person: String
  ) throws {
    try db.execute(
      sql: "INSERT OR REPLACE INTO review_looks VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [feature, person, state.tip, state.base, state.digest, now])
  }

  /// Returns what a person was shown last; `nil` where that was nothing.
  package func lastLook(_ feature: String, person: String) throws -> ReviewedState? {
    try read { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM review_looks WHERE feature = ? AND person = ?",
        arguments: [feature, person]
      ).map { ReviewedState(tip: $0["tip"], base: $0["base"], digest: $0["digest"]) }
    }
  }

  /// Notes where a feature's branch stands as an attempt begins.
  package func noteStart(_ feature: String, _ number: Int, tip: String) throws {
    try write {
      try $0.execute(
        sql: "INSERT OR REPLACE INTO attempt_starts VALUES (?, ?, ?)",
        arguments: [feature, number, tip])
    }
  }

  /// Returns where a feature's branch stood as its attempts began, by their numbers.
  package func attemptStarts(of feature: String) throws -> [Int: String] {
    try read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT number, tip FROM attempt_starts WHERE feature = ?", arguments: [feature])
      return Dictionary(
        rows.map { ($0["number"] as Int, $0["tip"] as String) }, uniquingKeysWith: { $1 })
    }
  }
}

extension ReviewRecord {
  init(_ row: Row) {
    let words = JSON.strings(in: row["comments"])
    self.init(
      id: row["id"], feature: row["feature"], attempt: row["attempt"],
      verdict: Verdict(rawValue: row["verdict"]) ?? .changesRequested, tip: row["tip"],
      base: row["base"], digest: row["digest"], person: row["person"], text: row["text"],
      comments: stride(from: 0, to: words.count - 2, by: 3).map {
        ReviewComment(path: words[$0], line: Int(words[$0 + 1]) ?? 0, text: words[$0 + 2])
      }, at: row["at"])
  }
}
