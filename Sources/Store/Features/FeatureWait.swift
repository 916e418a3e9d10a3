import GRDB
import Model

/// The event that a feature waits for.
package enum FeatureWait: Sendable, Equatable {
  /// Nothing: it is at the end of its life, or has left the backlog.
  case over
  /// A free agent.
  case agent
  /// The end of its attempt or its landing.
  case work
  /// These have to land first; each with its state.
  case dependencies([String: FeatureState])
  /// Its turn to land.
  case landing
  /// A person's verdict.
  case verdict
  /// Something held by another, a limit's reset, or a new budget.
  case outside(Wait)
  /// Nobody has it in hand, though its state says so.
  case lost

  /// Tells what a feature waits for, by what is known of it and of those around it.
  ///
  /// - Parameters:
  ///   - needs: what it depends on.
  ///   - isInHand: tells that an attempt on it, or a landing of it, is under way.
  package init(_ feature: FeatureRecord, needs: [FeatureRecord], isInHand: Bool) {
    let open = Dictionary(
      needs.filter { $0.state != .landed }.map { ($0.id, $0.state) },
      uniquingKeysWith: { first, _ in first })
    switch feature.state {
    case .landed, .failed, .abandoned, .undone: self = .over
    case .pending where !feature.inBacklog, .ready where !feature.inBacklog,
      .blocked where !feature.inBacklog:
      self = .over
    case .pending where isInHand && open.isEmpty: self = .work
    case .blocked, .pending: self = open.isEmpty ? .lost : .dependencies(open)
    case .ready: self = .agent
    case .running, .landing: self = isInHand ? .work : .lost
    case .inReview: self = .verdict
    case .approved: self = .landing
    case .queued: self = open.isEmpty ? .landing : .dependencies(open)
    case .waiting:
      self = feature.wait.map { .outside($0) } ?? .lost
    case .completed, .changesRequested, .gateFailed: self = .lost
    }
  }

  /// The wait for display, as the rest of a sentence; `nil` where its state says it all.
  package var words: String? {
    switch self {
    case .dependencies(let open):
      "after "
        + open.sorted { $0.key < $1.key }.map { "#\($0.key), which is \($0.value.rawValue)" }
        .joined(separator: ", and ")
    case .lost: "nobody has it in hand"
    case .over, .agent, .work, .landing, .verdict, .outside: nil
    }
  }
}

extension Store {
  /// Returns what each feature waits for.
  package func featureWaits() throws -> [String: FeatureWait] {
    try read { db in
      let features = try FeatureRecord.fetchAll(db, sql: "SELECT * FROM features")
      let byID = Dictionary(features.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
      var needs: [String: [FeatureRecord]] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT feature, depends_on FROM dependencies") {
        guard let other = byID[row["depends_on"]] else { continue }
        needs[row["feature"], default: []].append(other)
      }
      let inHand = try Set(
        String.fetchAll(
          db,
          sql: """
            SELECT feature FROM attempts WHERE state = 'running'
            UNION SELECT feature FROM landings WHERE ended_at IS NULL
            """))
      return byID.mapValues {
        FeatureWait($0, needs: needs[$0.id] ?? [], isInHand: inHand.contains($0.id))
      }
    }
  }
}
