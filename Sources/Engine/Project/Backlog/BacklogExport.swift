import Backlog
import Foundation
import Model
import Store

/// Writes the backlog with its states for other programs.
package enum BacklogExport {
  /// Returns each feature of the backlog with how far it is here.
  package static func features(
    _ project: Project, store: Store?
  ) throws -> [ExportedFeature] {
    let states = Dictionary(
      (try store?.features() ?? []).map { ($0.id, $0.state) },
      uniquingKeysWith: { first, _ in first })
    return try project.backlog().features.map {
      ExportedFeature($0, status: states[$0.id].map(status) ?? .open)
    }
  }

  /// Returns a state in the terms that all backlog formats share.
  package static func status(_ state: FeatureState) -> WorkStatus {
    switch state {
    case .pending, .ready, .waiting, .changesRequested, .gateFailed, .undone: .open
    case .running: .inProgress
    case .completed, .inReview, .approved, .queued, .landing: .review
    case .landed: .done
    case .failed, .blocked: .blocked
    case .abandoned: .cancelled
    }
  }

  /// Makes a database of AutoCoder, or updates one.
  ///
  /// - Returns: the ids that the database does not hold, when one is updated.
  package static func autoCoder(
    _ features: [ExportedFeature], path: String, version: AutoCoderDatabase.Version, update: Bool
  ) throws -> [String] {
    let strange = features.filter { Int64($0.feature.id) == nil }
    if !update, let first = strange.first {
      throw Failure(
        "AutoCoder numbers its features, and '\(first.feature.id)' is no number"
          + (strange.count > 1 ? " (nor are \(strange.count - 1) more)" : "")
          + "; export to task-master or beads instead", status: 65)
    }
    let numbered = features.compactMap { item in Int64(item.feature.id).map { ($0, item) } }
    do {
      if update {
        let missing = try AutoCoderDatabase(path: path).update(
          numbered.map { id, item in
            (
              id, item.status == .done, item.status == .inProgress || item.status == .review,
              word(item.status)
            )
          })
        return missing.map(String.init) + strange.map(\.feature.id)
      }
      let ranks = Dictionary(
        numbered.enumerated().sorted {
          (-$0.element.1.feature.priority, $0.offset) < (-$1.element.1.feature.priority, $1.offset)
        }.enumerated().map { ($1.element.0, $0 + 1) }, uniquingKeysWith: { first, _ in first })
      let rows = numbered.filter { $0.1.status != .cancelled }.map { id, item in
        AutoCoderRow(
          id: id,
          priority: version == .one ? Int64(ranks[id] ?? 999) : Int64(item.feature.priority),
          category: item.feature.category, name: item.feature.title,
          description: item.feature.description, steps: item.feature.steps,
          passes: item.status == .done,
          inProgress: item.status == .inProgress || item.status == .review,
          status: word(item.status),
          dependencies: item.feature.dependencies.compactMap { Int64($0.id) })
      }
      try AutoCoderDatabase.create(path: path, version: version, rows)
      return []
    } catch {
      throw Failure(error.description, status: 65)
    }
  }

  private static func word(_ status: WorkStatus) -> String {
    switch status {
    case .open, .cancelled: "PENDING"
    case .inProgress, .review: "IN_PROGRESS"
    case .blocked: "BLOCKED"
    case .done: "DONE"
    }
  }
}
