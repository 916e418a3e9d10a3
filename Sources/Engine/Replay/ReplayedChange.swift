import Git

/// One step of a history's first-parent line: a merged branch, or the commits between two merges.
package struct ReplayedChange: Codable, Sendable, Equatable {
  /// Its number in the replay, counted from 1 in the order of history.
  package var number: Int
  package var title: String
  package var isMerge: Bool
  /// The commits to make again, oldest first, merges left out; empty where there are too many.
  package var commits: [ObjectID]
  /// The commits before and after it on the line.
  package var before: ObjectID
  package var after: ObjectID
  /// How many of the line's steps the branch had below it when it began.
  package var base: Int
  /// The paths that differ between `before` and `after`.
  package var paths: [[UInt8]]

  package var id: String { String(number) }
  /// Something else landed while it was open.
  package var wasConcurrent: Bool { base < number - 1 }
}

/// In which order a history is replayed.
package enum ReplayOrder: String, CaseIterable, Sendable, Codable {
  /// One after the other, as it was: the final tree must equal upstream's.
  case history
  /// Each once all has landed that its branch had below it when it began.
  case concurrent
  /// Merged branches only, all from the oldest base, in an order that the seed decides.
  case shuffled
}

/// When the agents of a replay claim the paths that they change.
package enum ReplayClaims: String, CaseIterable, Sendable, Codable {
  /// With the feature, before its agent starts.
  case touches
  /// By `lanekeeper claim`, before the first edit.
  case edit
  /// By each commit.
  case commit
}
