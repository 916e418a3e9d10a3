import Foundation
import Git
import Model
import Processes

/// Merges commits as `claims.paths` says: what several features may change at a time is put together
/// by its strategy, everything else by git.
///
/// - `union` keeps the lines of both sides.
/// - `regenerate: <command>` runs the command in a copy of the merged tree, wherever both sides have
///   changed the file; such a file is never merged as text.
package struct PolicyMerge {
  private let repository: Repository
  private let policies: PathPolicies
  private let commands: MergeCommands

  package init(repository: Repository, policies: PathPolicies, commands: MergeCommands) {
    self.repository = repository
    self.policies = policies
    self.commands = commands
  }

  /// Merges two commits without touching a reference, an index or a file of a checkout.
  ///
  /// - Parameter bases: their merge bases, where they are known.
  package func merge(
    ours: ObjectID, theirs: ObjectID, bases: [ObjectID]? = nil
  ) throws -> TreeMerge {
    guard policies.hasShared else {
      return try repository.merge(ours: ours, theirs: theirs, bases: bases)
    }
    let detail = try mergeInDetail(ours: ours, theirs: theirs)
    return detail.isClean
      ? .clean(detail.tree) : .conflicts(detail.paths, message: detail.message)
  }

  /// The same, with all that is needed to leave the conflicts to somebody.
  ///
  /// - Parameter names: what the sides are called in conflict markers; revisions of the two commits.
  package func mergeInDetail(
    ours: ObjectID, theirs: ObjectID, names: (ours: String, theirs: String)? = nil
  ) throws -> MergeDetail {
    let bases = try repository.mergeBases(ours, theirs)
    let (one, two) = (try repository.commit(ours).tree, try repository.commit(theirs).tree)
    func whole() throws -> MergeDetail {
      try repository.mergeInDetail(
        ours: names?.ours ?? ours.hex, theirs: names?.theirs ?? theirs.hex)
    }
    guard let first = bases.first else { return try whole() }
    let base = try repository.commit(first).tree
    let quick = try repository.mergeTrees(base: base, ours: one, theirs: two)
    if let tree = quick.tree, bases.count == 1 { return MergeDetail(tree: tree) }
    let shared = try shares(quick.bothTouched, base, one, two)
    if shared.isEmpty { return try whole() }
    guard bases.count == 1 else {
      // Several bases are git's matter; what it can't merge of the shared files is put in its place.
      let detail = try whole()
      let done = Set(shared.map(\.path))
      return try regenerated(
        MergeDetail(
          tree: try repository.writeTree(changing: detail.tree, shared.map { ($0.path, $0.entry) }),
          stages: detail.stages.filter { !done.contains($0.path) }, message: detail.message), shared
      )
    }
    return try merge(base, one, two, shared)
  }

  /// Merges three trees, as for uncommitted work that moves to another commit.
  package func mergeTreesInDetail(
    base: ObjectID, ours: ObjectID, theirs: ObjectID
  ) throws -> MergeDetail {
    let quick = try repository.mergeTrees(base: base, ours: ours, theirs: theirs)
    if let tree = quick.tree { return MergeDetail(tree: tree) }
    let shared = try shares(quick.bothTouched, base, ours, theirs)
    return shared.isEmpty
      ? try repository.mergeTreesInDetail(base: base, ours: ours, theirs: theirs)
      : try merge(base, ours, theirs, shared)
  }

  /// A file that its strategy has merged.
  private struct Share {
    var path: [UInt8]
    /// The content before a command regenerates it.
    var entry: TreeEntry?
    var command: String?
  }

  private func merge(
    _ base: ObjectID, _ ours: ObjectID, _ theirs: ObjectID, _ shared: [Share]
  ) throws -> MergeDetail {
    // With the same entry on all three sides nobody has changed these files.
    let entries = shared.map { ($0.path, $0.entry) }
    return try regenerated(
      try repository.mergeTreesInDetail(
        base: try repository.writeTree(changing: base, entries),
        ours: try repository.writeTree(changing: ours, entries),
        theirs: try repository.writeTree(changing: theirs, entries)), shared)
  }

  /// Merges the files among `paths` that have a strategy.
  private func shares(
    _ paths: [[UInt8]], _ base: ObjectID, _ ours: ObjectID, _ theirs: ObjectID
  ) throws -> [Share] {
    try paths.compactMap { path in
      guard
        case .shared(let strategy) = policies.policy(
          for: ClaimPath(file: path, naming: policies.naming))
      else { return nil }
      let one = try repository.entry(at: path, inTree: ours)
      let two = try repository.entry(at: path, inTree: theirs)
      let old = try repository.entry(at: path, inTree: base)
      guard [one, two, old].allSatisfy({ $0.map(Self.isFile) ?? true }) else { return nil }
      let prefix = "regenerate:"
      if strategy.hasPrefix(prefix) {
        let command = strategy.dropFirst(prefix.count).trimmingCharacters(in: .whitespaces)
        return Share(path: path, entry: one ?? two, command: command)
      }
      // A file that one side has deleted has no lines to keep: that is for somebody to decide.
      guard let one, let two else { return nil }
      if one == two { return Share(path: path, entry: one) }
      let merged = try Repository.mergeContents(
        base: try old.map { try repository.blob($0.id) }, ours: try repository.blob(one.id),
        theirs: try repository.blob(two.id), union: true)
      return Share(
        path: path,
        entry: TreeEntry(
          mode: one.mode == old?.mode ? two.mode : one.mode,
          id: try repository.writeBlob(merged.content)))
    }
  }

  private static func isFile(_ entry: TreeEntry) -> Bool { entry.mode & 0o170000 == 0o100000 }

  /// Lets the commands make their files anew on a clean merge.
  private func regenerated(_ detail: MergeDetail, _ shared: [Share]) throws -> MergeDetail {
    let files = shared.filter { $0.command != nil }
    guard !files.isEmpty else { return detail }
    var detail = detail
    guard detail.isClean else {
      detail.message = ([detail.message] + files.map(toDo)).joined(separator: "\n")
      return detail
    }
    let layout = try TreeLayout(repository: repository, tree: detail.tree, commands: commands)
    defer { layout.remove() }
    var failed: [String: String] = [:]
    for command in Set(files.compactMap(\.command)).sorted() {
      failed[command] = try layout.run(command)
    }
    var changes: [([UInt8], TreeEntry?)] = []
    for file in files {
      if let command = file.command, let failure = failed[command] {
        detail.message += "\(PathText.quoted(file.path)): \(failure)\n"
        if let entry = file.entry {
          detail.stages.append(
            MergeDetail.Stage(path: file.path, mode: entry.mode, id: entry.id, number: 2))
        }
      } else {
        changes.append((file.path, try layout.entry(file.path, mode: file.entry?.mode)))
      }
    }
    if !changes.isEmpty {
      detail.tree = try repository.writeTree(changing: detail.tree, changes)
    }
    return detail
  }

  private func toDo(_ file: Share) -> String {
    "\(PathText.quoted(file.path)): both sides changed it; run `\(file.command ?? "")` once the "
      + "conflicts are resolved, and add it"
  }
}
