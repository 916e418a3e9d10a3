import GRDB

/// The snapshot that reads of a task see, while one is held.
struct HeldSnapshot: @unchecked Sendable {
  @TaskLocal static var current: HeldSnapshot?
  let store: ObjectIdentifier
  let database: Database
}

extension Store {
  /// Lets several reads see the state at one moment, whatever is written meanwhile.
  ///
  /// - Parameter body: only reads.
  package func consistently<T>(_ body: () throws -> T) throws -> T {
    try read { db in
      try HeldSnapshot.$current.withValue(
        HeldSnapshot(store: ObjectIdentifier(self), database: db), operation: body)
    }
  }
}
