import Synchronization

/// The sessions of clients that began with `initialize`, by the id that they send in a header.
final class HTTPSessions: Sendable {
  struct Session: Sendable {
    var version: ProtocolVersion
    var usedAt: ContinuousClock.Instant
    var running: [RequestID: Task<Void, Never>] = [:]
  }

  private let sessions = Mutex<[String: Session]>([:])
  private let maximum: Int
  private let idle: Duration

  /// - Parameters:
  ///   - maximum: sessions; one more drops the least recently used.
  ///   - idle: the time without a call after which a session is dropped.
  init(maximum: Int = 1000, idle: Duration = .seconds(24 * 3600)) {
    self.maximum = maximum
    self.idle = idle
  }

  func open(_ version: ProtocolVersion) -> String {
    let id = RandomSecret.make()
    sessions.withLock { sessions in
      let now = ContinuousClock.now
      sessions = sessions.filter { now - $0.value.usedAt < idle }
      if sessions.count >= maximum,
        let oldest = sessions.min(by: { $0.value.usedAt < $1.value.usedAt })?.key
      {
        sessions[oldest] = nil
      }
      sessions[id] = Session(version: version, usedAt: now)
    }
    return id
  }

  /// Returns the revision of a session, and records its use; `nil` if the session is unknown.
  func use(_ id: String) -> ProtocolVersion? {
    sessions.withLock { sessions in
      let now = ContinuousClock.now
      guard let session = sessions[id], now - session.usedAt < idle else {
        sessions[id] = nil
        return nil
      }
      sessions[id]?.usedAt = now
      return session.version
    }
  }

  /// Drops a session and cancels its requests; false if it is unknown.
  func close(_ id: String) -> Bool {
    let session = sessions.withLock { $0.removeValue(forKey: id) }
    for task in session?.running.values.map({ $0 }) ?? [] { task.cancel() }
    return session != nil
  }

  func add(_ task: Task<Void, Never>, _ request: RequestID, in id: String) {
    sessions.withLock { $0[id]?.running[request] = task }
  }

  func remove(_ request: RequestID, in id: String) {
    sessions.withLock { _ = $0[id]?.running.removeValue(forKey: request) }
  }

  func cancel(_ request: RequestID, in id: String) {
    sessions.withLock { $0[id]?.running[request] }?.cancel()
  }
}
