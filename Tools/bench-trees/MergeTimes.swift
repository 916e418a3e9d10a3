import CLibgit2
import Foundation
import Git

/// Times merges of `main` with the branches `side-1` to `side-N` in memory, each with its tree written.
struct MergeTimes {
  let repository: String
  let count: Int

  struct Result: Encodable {
    /// Seconds, merge by merge.
    var times: [Double] = []
    /// The merged trees.
    var trees: [String] = []
  }

  /// - Parameter way: `ours`, each merge stored at once; `chain`, all stored at the end, as a landing of several does;
  ///   `libgit2`.
  func measure(_ way: String) throws -> Result {
    let main = try Repository(
      opening: repository, environment: ProcessInfo.processInfo.environment)
    var result = Result()
    let reader = try Repository(opening: repository, environment: main.environment)
    if way == "chain" { try main.keepObjectsInMemory(visibleTo: reader) }
    var handle: OpaquePointer?
    try check(git_repository_open(&handle, repository))
    defer { git_repository_free(handle) }
    guard let tip = try main.reference("refs/heads/main") else { return result }
    for number in 1...count {
      guard let side = try main.reference("refs/heads/side-\(number)") else { break }
      var tree = ""
      result.times.append(
        try seconds {
          tree =
            way == "libgit2"
            ? try libgit2(handle!, tip.hex, side.hex) : try ours(main, tip, side)
        })
      result.trees.append(tree)
    }
    let stored = try seconds { try main.storeObjects() } / Double(max(result.times.count, 1))
    result.times = result.times.map { $0 + stored }
    return result
  }

  private func ours(_ main: Repository, _ tip: ObjectID, _ side: ObjectID) throws -> String {
    guard case .clean(let tree) = try main.merge(ours: tip, theirs: side) else { return "conflict" }
    return tree.hex
  }

  private func libgit2(_ handle: OpaquePointer, _ tip: String, _ side: String) throws -> String {
    var (one, two, tree) = (git_oid(), git_oid(), git_oid())
    try check(git_oid_fromstr(&one, tip))
    try check(git_oid_fromstr(&two, side))
    var (ours, theirs, index): (OpaquePointer?, OpaquePointer?, OpaquePointer?) = (nil, nil, nil)
    try check(git_commit_lookup(&ours, handle, &one))
    defer { git_commit_free(ours) }
    try check(git_commit_lookup(&theirs, handle, &two))
    defer { git_commit_free(theirs) }
    try check(git_merge_commits(&index, handle, ours, theirs, nil))
    defer { git_index_free(index) }
    try check(git_index_write_tree_to(&tree, index, handle))
    return ObjectID(bytes: withUnsafeBytes(of: tree.id) { Array($0) }).hex
  }

  private func check(_ code: Int32) throws {
    guard code < 0 else { return }
    let message = git_error_last().map { String(cString: $0.pointee.message) } ?? "code \(code)"
    throw GitProgramError(arguments: ["libgit2"], status: code, message: message)
  }
}
