import GRDB
import Model

/// A feature that stands in the landing queue.
package struct QueuedFeature: Sendable, Equatable {
  package var feature: FeatureRecord
  /// Since when it is built, in milliseconds since 1970.
  package var since: Int64
}

extension Store {
  /// Returns what stands in the landing queue, in no particular order.
  package func queue() throws -> [QueuedFeature] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT f.*, (SELECT MAX(a.ended_at) FROM attempts a WHERE a.feature = f.id) AS built_at
          FROM features f WHERE f.state = 'queued'
          """
      ).map { row in
        let feature = try FeatureRecord(row: row)
        return QueuedFeature(feature: feature, since: row["built_at"] ?? feature.changedAt)
      }
    }
  }

  private static let heldKey = "landing.held"

  /// Remembers what the last round of landing held off, with the reasons for people; the round before is forgotten.
  package func setHeldLandings(_ reasons: [String: String]) throws {
    let text = reasons.isEmpty ? nil : JSON.sorted(reasons.mapValues { .string($0) }).text
    if try value(Self.heldKey) != text { try setValue(Self.heldKey, text) }
  }

  /// Returns why features that stand in the queue are held off, for people, by feature.
  ///
  /// What holds the queue's head holds all behind it, too, and is noted for the head alone.
  package func heldLandings() throws -> [String: String] {
    let held = try value(Self.heldKey).flatMap { try? JSON(reading: $0) }?.members ?? []
    let reasons = held.compactMap { fact in fact.value.string.map { (fact.name, $0) } }
    return try Dictionary(reasons, uniquingKeysWith: { first, _ in first }).filter { id, _ in
      switch try feature(id)?.state {
      case .queued, .landing, .landed: true
      default: false
      }
    }
  }

  /// Returns the ids of the features that have landed, or of all others.
  package func landedFeatures() throws -> Set<String> {
    try read { try Set(String.fetchAll($0, sql: "SELECT id FROM features WHERE state = 'landed'")) }
  }

  /// Takes over new priorities; the queue and the schedule go by them at once.
  ///
  /// - Returns: the features whose priority changed.
  package func setPriorities(_ priorities: [String: Int]) throws -> [String] {
    try write { db in
      var changed: [String] = []
      for (id, priority) in priorities.sorted(by: { $0.key < $1.key }) {
        try db.execute(
          sql: "UPDATE features SET priority = ?1 WHERE id = ?2 AND priority <> ?1",
          arguments: [priority, id])
        guard db.changesCount > 0 else { continue }
        changed.append(id)
        try append(db, .priorityChanged, feature: id, ["priority": .integer(Int64(priority))])
      }
      return changed
    }
  }
}
