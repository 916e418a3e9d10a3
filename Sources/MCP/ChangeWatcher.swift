import Model
import Store

/// Finds changes in the event log.
struct ChangeWatcher: Sendable {
  private let store: Store
  private var seen: Int64
  private var list: [String]

  init(_ store: Store) throws {
    self.store = store
    seen = try store.lastEvent()
    list = try Self.list(store)
  }

  private static func list(_ store: Store) throws -> [String] {
    try store.features().filter { $0.inBacklog || !$0.state.isFinal }.map {
      "\($0.id)\n\($0.title)"
    }
  }

  /// Returns the changes since the last look.
  mutating func look() throws -> Change {
    var change = Change()
    // Taking over the backlog's file leaves no event.
    let fresh = try Self.list(store)
    if fresh != list {
      list = fresh
      change.isListChanged = true
      change.resources.insert(Resources.backlog)
    }
    guard try store.lastEvent() > seen else { return change }
    let events = try store.events(after: seen, limit: 1000)
    for event in events {
      seen = max(seen, event.seq)
      switch event.name?.facts.topic {
      case .claims: change.resources.insert(Resources.claims)
      case .feature, .stack, .attempt, .lane:
        guard let feature = event.feature else { continue }
        change.resources.insert(Resources.backlog)
        change.resources.insert(Resources.featurePrefix + feature)
      default: continue
      }
    }
    return change
  }
}
