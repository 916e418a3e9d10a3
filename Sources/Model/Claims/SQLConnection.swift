/// A value that is bound to a statement.
package enum SQLValue: Sendable {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])

  package static func text(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
  package static func integer(_ number: Int64?) -> SQLValue { number.map { .integer($0) } ?? .null }
  package static func bool(_ value: Bool) -> SQLValue { .integer(value ? 1 : 0) }
}

/// A row of an answer, valid until the next one. Columns count from 0.
package protocol SQLRow: SendableMetatype {
  func isNull(_ column: Int32) -> Bool
  func integer(_ column: Int32) -> Int64
  /// Returns the text of a column; `nil` where it is null.
  func text(_ column: Int32) -> String?
  /// Returns the bytes of a column; none where it is null.
  func blob(_ column: Int32) -> [UInt8]
}

/// A compiled statement.
package protocol SQLStatement {
  associatedtype Row: SQLRow
  associatedtype Failure: Error
  /// Runs the statement and hands each row to `body`.
  func run(_ values: [SQLValue], _ body: (Row) -> Void) throws(Failure)
}

/// A connection to the state file, in a transaction that its user has begun.
package protocol SQLConnection {
  associatedtype Statement: SQLStatement
  /// Returns a statement, which is compiled once for each connection.
  func statement(_ sql: String) throws(Statement.Failure) -> Statement
}

extension SQLConnection {
  package typealias Failure = Statement.Failure

  /// Runs a statement whose rows don't matter.
  package func run(_ sql: String, _ values: [SQLValue] = []) throws(Failure) {
    try statement(sql).run(values) { _ in }
  }

  /// Runs a statement and returns what `read` makes of its rows.
  package func rows<T>(
    _ sql: String, _ values: [SQLValue] = [], _ read: (Statement.Row) -> T
  ) throws(Failure) -> [T] {
    var result: [T] = []
    try statement(sql).run(values) { result.append(read($0)) }
    return result
  }

  /// Returns whether a statement has any row.
  package func hasRows(_ sql: String, _ values: [SQLValue] = []) throws(Failure) -> Bool {
    try !rows(sql, values) { _ in () }.isEmpty
  }

  /// Returns the text in the first column of the first row; `nil` where there is no row or it is null.
  package func text(_ sql: String, _ values: [SQLValue] = []) throws(Failure) -> String? {
    try rows(sql, values) { $0.text(0) }.first ?? nil
  }
}
