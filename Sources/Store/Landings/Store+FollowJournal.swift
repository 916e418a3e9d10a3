import Foundation
import GRDB

/// The state of one path in a checkout before and after a landing.
package struct FollowEntry: Sendable, Equatable {
  package var path: [UInt8]
  package var oldMode: UInt32?
  package var oldID: String?
  package var newMode: UInt32?
  package var newID: String?

  package init(
    path: [UInt8], oldMode: UInt32?, oldID: String?, newMode: UInt32?, newID: String?
  ) {
    self.path = path
    self.oldMode = oldMode
    self.oldID = oldID
    self.newMode = newMode
    self.newID = newID
  }
}

extension Store {
  /// Returns what the follow of a chain was about to write.
  package func journal(ofChain chain: Int64) throws -> [FollowEntry] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM follow_journal WHERE landing = ? ORDER BY path",
        arguments: [chain]
      ).map { row in
        FollowEntry(
          path: Array((row["path"] as Data?) ?? Data()), oldMode: row["old_mode"],
          oldID: row["old_id"], newMode: row["new_mode"], newID: row["new_id"])
      }
    }
  }
}
