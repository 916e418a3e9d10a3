/// What `pre-commit` found in order, for the `reference-transaction` that follows it: the commit that it
/// judged, and the state of the lock table that it saw.
///
/// It is kept beside the lane's index. It counts for one commit only, since the branch moves on, and only
/// as long as nothing was written to the lock table.
package struct Judgement: Sendable, Equatable {
  /// The lane's top directory.
  package var lane: String
  /// The branch that the commit is for.
  package var branch: String
  /// Where the branch stood, in hex.
  package var parent: String
  /// The commit's tree, in hex.
  package var tree: String
  /// The reference that landings move, and where it stood, in hex.
  package var target: String
  package var tip: String
  /// The git process that asked.
  package var starter: String
  package var stamp: [UInt8]

  private static let head = "lanekeeper judgement 1"

  package init(
    lane: String, branch: String, parent: String, tree: String, target: String, tip: String,
    starter: String, stamp: [UInt8]
  ) {
    self.lane = lane
    self.branch = branch
    self.parent = parent
    self.tree = tree
    self.target = target
    self.tip = tip
    self.starter = starter
    self.stamp = stamp
  }

  /// Reads what ``file`` wrote; `nil` where it is anything else.
  package init?(_ file: [UInt8]) {
    let fields = file.split(separator: 0, omittingEmptySubsequences: false).map {
      String(validating: $0, as: UTF8.self)
    }
    guard fields.count == 10, fields[0] == Self.head, fields[9] == "",
      let lane = fields[1], let branch = fields[2], let parent = fields[3], let tree = fields[4],
      let target = fields[5], let tip = fields[6], let starter = fields[7],
      let stamp = fields[8].flatMap(Hex.anyBytes),
      Hex.isObjectID(parent), Hex.isObjectID(tree), Hex.isObjectID(tip), !stamp.isEmpty
    else { return nil }
    self.init(
      lane: lane, branch: branch, parent: parent, tree: tree, target: target, tip: tip,
      starter: starter, stamp: stamp)
  }

  /// Nine fields, each ended by NUL.
  package var file: [UInt8] {
    [Self.head, lane, branch, parent, tree, target, tip, starter, Hex.text(stamp)]
      .flatMap { Array($0.utf8) + [0] }
  }
}
