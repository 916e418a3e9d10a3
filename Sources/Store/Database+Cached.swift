import GRDB

// GRDB compiles a statement anew for each call unless it is asked for one that it keeps. What runs for
// every landing, claim and change of state is compiled once for each connection.

extension Database {
  /// Runs a statement that is compiled once.
  func run(_ sql: String, _ arguments: StatementArguments = []) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }
}

extension FetchableRecord {
  /// Fetches the first row by a statement that is compiled once.
  static func first(
    _ db: Database, _ sql: String, _ arguments: StatementArguments = []
  ) throws -> Self? {
    try fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
  }
}
