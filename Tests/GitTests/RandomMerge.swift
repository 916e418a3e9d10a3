import Git
import TestSupport

/// Two commits to be merged, made from one random tree; now and then with two merge bases.
struct RandomMerge {
  let ours, theirs: ObjectID

  init(_ repository: Repository, _ random: inout SplitMix64) throws {
    func commit(_ tree: RandomTree, _ parents: [ObjectID]) throws -> ObjectID {
      try repository.createCommit(
        tree: tree.id, parents: parents, message: "x", author: .test, committer: .test)
    }
    let base = try RandomTrees.tree(repository, &random)
    let edits = 1 + random.below(4)
    let root = try commit(base, [])
    var one = try RandomTrees.edited(base, repository, &random, edits: edits)
    var two = try RandomTrees.edited(base, repository, &random, edits: edits)
    var parents = [[root], [root]]
    if random.oneIn(10) {
      let (left, right) = (try commit(one, [root]), try commit(two, [root]))
      parents = [[left, right], [right, left]]
      one = try RandomTrees.edited(one, repository, &random, edits: 2)
      two = try RandomTrees.edited(two, repository, &random, edits: 2)
    }
    ours = try commit(one, parents[0])
    theirs = try commit(two, parents[1])
  }
}
