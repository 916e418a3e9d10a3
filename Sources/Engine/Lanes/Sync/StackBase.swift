import Git
import Store

/// The base of a feature's branch: the target, or the branch of a feature that has not landed.
package struct StackBase: Sendable {
  /// The reference that the branch is judged against and that `sync` brings in.
  package let reference: String
  /// The tip of a branch below whose commits are not to land with this one's: it has landed under another
  /// commit (squash, rebase), or the feature does not need it any more.
  private var below: ObjectID?
  /// The feature that it stood on and does not need any more.
  package private(set) var dropped: String?
  /// The commit at which the branch was moved off that one.
  private var moved: (tip: ObjectID, onto: ObjectID)?

  package static func find(_ feature: String, target: String, _ store: Store) throws -> StackBase {
    guard let stack = try store.stack(of: feature) else { return StackBase(reference: target) }
    var place = StackBase(reference: stack.state == .standing ? stack.branch : target)
    switch stack.state {
    case .standing: break
    case .landed:
      place.below = try store.lastLanding(of: stack.onto).flatMap { ObjectID(hex: $0.laneTip) }
    case .dropped:
      place.below = try store.feature(stack.onto)?.tip.flatMap { ObjectID(hex: $0) }
      place.dropped = stack.onto
      if let tip = stack.movedTip.flatMap({ ObjectID(hex: $0) }),
        let onto = stack.movedOnto.flatMap({ ObjectID(hex: $0) })
      {
        place.moved = (tip, onto)
      }
    }
    return place
  }

  private init(reference: String) { self.reference = reference }

  /// Returns the commit from which the branch's own work counts, where the merge base does not tell;
  /// `nil` where it does: the place has the branch below, or the branch had the place brought in since.
  package func base(
    _ tip: ObjectID, onto place: ObjectID, _ repository: Repository
  ) throws -> ObjectID? {
    guard let below, try !repository.isAncestor(below, of: place) else { return nil }
    let base =
      try wasMoved(tip, repository) ? moved?.onto : repository.mergeBase(below, tip)
    guard let base, let common = try repository.mergeBase(place, tip),
      try repository.isAncestor(common, of: base)
    else { return nil }
    return base
  }

  private func wasMoved(_ tip: ObjectID, _ repository: Repository) throws -> Bool {
    guard let moved, moved.tip != tip else { return false }
    return try repository.isAncestor(moved.tip, of: tip)
  }

  /// Returns whether the branch still holds the work of a feature that is no longer a dependency.
  package func holdsDropped(
    _ tip: ObjectID, onto place: ObjectID, _ repository: Repository
  ) throws -> Bool {
    guard dropped != nil, let below, try !wasMoved(tip, repository),
      let base = try repository.mergeBase(below, tip)
    else { return false }
    return try !repository.isAncestor(base, of: place)
  }

  /// Returns what the branch changed by itself.
  package func changes(
    _ tip: ObjectID, onto place: ObjectID, _ repository: Repository
  ) throws -> [TreeChange] {
    guard let base = try base(tip, onto: place, repository) else {
      return try repository.branchChanges(tip: tip, target: place).changes
    }
    return try repository.changes(
      from: try repository.commit(base).tree, to: try repository.commit(tip).tree)
  }
}
