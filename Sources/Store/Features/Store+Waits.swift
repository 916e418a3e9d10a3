import Foundation
import GRDB

/// Something that a process has been waiting for, for longer than one would expect.
package struct RunWait: Codable, Sendable, Equatable {
  /// Tells it from others of the process.
  package var id: Int
  /// Who is waited for, for people.
  package var words: String
  /// The feature that waits with it; `nil` where all of the run does, or where that is not known.
  package var feature: String?
  /// Since when, in milliseconds since 1970.
  package var since: Int64

  package init(id: Int, words: String, feature: String?, since: Int64) {
    self.id = id
    self.words = words
    self.feature = feature
    self.since = since
  }
}

extension Store {
  private static let waitsPrefix = "run_waits:"

  /// Writes down what a process waits for; nothing where it waits for nothing any more.
  ///
  /// - Parameter participant: the name of the lock that tells whether the process lives.
  package func setRunWaits(_ waits: [RunWait], of participant: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = waits.isEmpty ? nil : String(decoding: try encoder.encode(waits), as: UTF8.self)
    guard try value(Self.waitsPrefix + participant) != text else { return }
    try write { db in
      try Self.setValue(db, Self.waitsPrefix + participant, text)
      try append(
        db, .runWaits,
        ["participant": .string(participant), "waits": .texts(waits.map(\.words))])
    }
  }

  static func forgetRunWaits(_ db: Database, of participant: String) throws {
    try setValue(db, waitsPrefix + participant, nil)
  }

  /// Returns what processes have written down that they wait for, oldest first; what one wrote that was killed is
  /// among it.
  ///
  /// - Parameter isAlive: tells of a participant whether it lives; only what those wrote is returned.
  package func runWaits(isAlive: (String) -> Bool) throws -> [RunWait] {
    let rows = try read { db in
      try Row.fetchAll(
        db, sql: "SELECT key, value FROM meta WHERE key >= ? AND key < ?",
        arguments: [Self.waitsPrefix, "run_waits;"])
    }
    return rows.filter { isAlive(String(($0["key"] as String).dropFirst(Self.waitsPrefix.count))) }
      .flatMap { row in
        (try? JSONDecoder().decode([RunWait].self, from: Data((row["value"] as String).utf8))) ?? []
      }.sorted { ($0.since, $0.id) < ($1.since, $1.id) }
  }
}
