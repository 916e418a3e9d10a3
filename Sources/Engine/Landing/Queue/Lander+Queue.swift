import Backlog
import Store

/// Something that may become a link of a chain.
enum Candidate: Sendable {
  case feature(FeatureRecord)
  /// A landed feature that a person wants reverted.
  case undo(FeatureRecord, UndoRequest)
}

extension Lander {
  /// Reads the queue: reversals first, since a person waits for them, then features in order.
  func candidates(undosOnly: Bool) throws -> [Candidate] {
    var result: [Candidate] = []
    for request in try store.undoRequests() {
      if let feature = try store.feature(request.feature), feature.state == .landed {
        result.append(.undo(feature, request))
      } else {
        try store.dropUndo(request.feature, detail: "it is not landed any more")
      }
    }
    if undosOnly { return result }
    let queued = try store.queue()
    guard !queued.isEmpty else { return result }
    let order = try Self.order(queued, store).order
    let byID = Dictionary(
      queued.map { ($0.feature.id, $0.feature) }, uniquingKeysWith: { first, _ in first })
    return result + order.compactMap { byID[$0].map(Candidate.feature) }
  }

  private static func order(_ queued: [QueuedFeature], _ store: Store) throws -> LandingQueue {
    let landed = try store.landedFeatures()
    return LandingQueue(
      queued.map {
        LandingQueue.Entry(id: $0.feature.id, priority: $0.feature.priority, since: $0.since)
      }, dependencies: try store.dependencies().mapValues { $0.map(\.id) },
      isOpen: { !landed.contains($0) })
  }

  /// Returns the landing queue in its order; what waits for something outside it comes last.
  package static func queue(_ store: Store) throws -> [String] {
    let order = try order(try store.queue(), store)
    return order.order + order.waiting.map(\.id)
  }

  /// Returns what stands in the queue and can't land as things are, by what it needs that stands outside.
  package static func waiting(_ store: Store) throws -> [String: String] {
    let queued = try store.queue()
    guard !queued.isEmpty else { return [:] }
    return Dictionary(
      try order(queued, store).waiting.map { ($0.id, $0.for) },
      uniquingKeysWith: { first, _ in first
      })
  }

  /// Returns the maximum number of merges in the next chain.
  func window() throws -> Int {
    guard hasGate else { return 250 }
    switch settings.landing.window {
    case .size(let size): return size
    case .auto:
      return WindowSize.auto(
        outcomes: try store.gateOutcomes(), confirmations: settings.gate.retries)
    }
  }
}
