import Foundation
import Synchronization

extension Repository {
  /// Returns the tree that HEAD, index and files are, all three; `nil` where anything differs, is untracked
  /// (an empty directory, too) or is hidden from git, and where it can't be told quickly.
  ///
  /// A repository made inside the worktree counts as untracked. Nothing is written. Where the index does not tell it all
  /// (``WorktreeLook``), two programs look at the same time, one at what is tracked, one at what is not.
  package func pristineTree() throws -> ObjectID? {
    let index = gitDirectory + "/index"
    guard let summary = IndexSummary(path: index), !summary.hidesFiles, let tree = summary.tree,
      try indexIs(tree)
    else { return nil }
    if let directory = workingDirectory, try head().commit.map({ try commit($0).tree }) == tree,
      IndexFile(path: index).map({ WorktreeLook($0).isClean(directory) }) == true
    {
      return tree
    }
    try storeObjects()
    let looks = [
      statusArguments(untracked: "no"), ["-c", "core.fsmonitor=false", "clean", "-n", "-d", "-ff"],
    ]
    let directory = workingDirectory ?? gitDirectory
    let environment = environment
    let silent = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: looks.count) { number in
      let result = try? GitProgram.run(
        looks[number], directory: directory, environment: environment,
        adding: ["GIT_OPTIONAL_LOCKS": "0"])
      guard let result, result.status == 0, result.output.isEmpty else { return }
      silent.add(1, ordering: .relaxed)
    }
    return silent.load(ordering: .relaxed) == looks.count ? tree : nil
  }

  /// Returns whether the entries of the index are those of a tree. What the index remembers as its tree is believed by
  /// every git, and anybody can write it.
  func indexIs(_ tree: ObjectID) throws -> Bool {
    let path = gitDirectory + "/index"
    if let index = IndexFile(path: path), let plan = try? FillPlan(tree: tree, database: database())
    {
      return index.data.withUnsafeBytes { index.hasEntries(of: plan, $0) }
    }
    let copy = "\(path).look-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer { for end in ["", ".lock", ".plain"] { unlink(copy + end) } }
    guard copyIndex(to: copy) else { return false }
    let written = try GitProgram.run(
      ["write-tree"], directory: workingDirectory ?? gitDirectory, environment: environment,
      adding: ["GIT_INDEX_FILE": copy])
    return written.status == 0 && ObjectID(hex: written.text) == tree
  }

  /// Makes a pristine worktree a checkout of another tree: only what differs is looked at and written.
  ///
  /// - Returns: `false` where that did not work; then ``fill(_:)`` does it.
  func update(from old: ObjectID, to new: ObjectID) throws -> Bool {
    if old == new { return true }
    if try updatePlainly(from: old, to: new) { return true }
    let result = try git(
      Self.wholeLook + [
        "read-tree", "-m", "-u", "--no-recurse-submodules", old.hex, new.hex,
      ])
    return result.status == 0 && IndexSummary(path: gitDirectory + "/index")?.tree == new
  }
}
