import Git
import Store

/// Merges that stand on one another, are gated at their end and land together.
struct Chain: Sendable {
  /// One merge.
  struct Link: Sendable {
    var record: LandingRecord
    var feature: FeatureRecord
    var laneTip: ObjectID
    var commit: ObjectID
    var tree: ObjectID
  }

  /// The commit of the target's reference.
  var target: ObjectID
  var targetTree: ObjectID
  /// The base of the chain: the target, or its remote's tip beyond it.
  var base: ObjectID
  var baseTree: ObjectID
  /// In order; at least one.
  var links: [Link]

  /// The number by which journal, reference and locks know the chain.
  var id: Int64 { links[0].record.chain }

  /// Returns the commit and the tree of a prefix; 0 is the base.
  func prefix(_ length: Int) -> (commit: ObjectID, tree: ObjectID) {
    length == 0 ? (base, baseTree) : (links[length - 1].commit, links[length - 1].tree)
  }
}
