import Foundation
import Git

/// Reads the steps to replay from a repository's first-parent line.
package struct ReplayHistory: Sendable {
  /// A branch with more commits is replayed as one commit.
  package static let mostCommits = 15

  /// The commit before the first step.
  package var start: ObjectID
  package var changes: [ReplayedChange]
  /// Steps that changed nothing and are left out.
  package var empty: Int

  /// - Parameters:
  ///   - tip: the line's end.
  ///   - last: at most so many merges, the newest; where there is none, so many commits.
  /// - Throws: ``Failure`` where there is nothing to replay.
  package init(_ repository: Repository, tip: ObjectID, last: Int) throws {
    var line = Array(try repository.commits(from: tip, firstParent: true).reversed())
    let merges = line.indices.filter { line[$0].parents.count == 2 && $0 > 0 }
    // Where nobody merges, each commit is a step.
    let isLinear = merges.isEmpty
    guard
      let first = isLinear
        ? Array(line.indices.dropFirst()).suffix(last).first
        : merges.suffix(last).first
    else { throw Failure("\(tip.short) is the only commit of its line, nothing to replay") }
    line = Array(line[(first - 1)...])
    start = line[0].id
    changes = []
    empty = 0
    var steps: [ObjectID] = [start]
    var direct: [Commit] = []
    func take(_ last: Commit, _ isMerge: Bool) throws {
      let before = steps.last!
      let paths = try repository.changes(
        from: try repository.commit(before).tree, to: last.tree
      ).map(\.path)
      steps.append(last.id)
      let made =
        isMerge ? try Self.commits(of: last, repository) : direct.filter { $0.parents.count == 1 }
      changes.append(
        ReplayedChange(
          number: changes.count + 1, title: Self.title(last, isMerge ? nil : direct),
          isMerge: isMerge, commits: made.count > Self.mostCommits ? [] : made.map(\.id),
          before: before, after: last.id, base: changes.count, paths: paths))
      direct = []
    }
    for commit in line.dropFirst() {
      if commit.parents.count == 2 {
        if let last = direct.last { try take(last, false) }
        try take(commit, true)
      } else {
        direct.append(commit)
        if isLinear { try take(commit, false) }
      }
    }
    if let last = direct.last { try take(last, false) }
    for index in changes.indices where changes[index].isMerge {
      changes[index].base = try Self.base(of: changes[index], steps, repository)
    }
    let all = changes
    changes = all.filter { !$0.paths.isEmpty }
    empty = all.count - changes.count
  }

  /// The branch's own commits, oldest first.
  private static func commits(of merge: Commit, _ repository: Repository) throws -> [Commit] {
    try repository.commits(
      from: merge.parents[1], excluding: [merge.parents[0]], limit: 10 * mostCommits
    ).filter { $0.parents.count == 1 }.reversed()
  }

  /// How many steps the branch of a merge held when it began; the steps' first is the start.
  private static func base(
    of change: ReplayedChange, _ steps: [ObjectID], _ repository: Repository
  ) throws -> Int {
    let tip = try repository.commit(change.after).parents[1]
    guard let base = try repository.mergeBase(change.before, tip) else { return 0 }
    // The first k steps are below it, for one k.
    var (low, high) = (0, change.number)
    while high - low > 1 {
      let middle = (low + high) / 2
      if try repository.isAncestor(steps[middle], of: base) { low = middle } else { high = middle }
    }
    return low
  }

  /// Returns the title of a step: the pull request's title that a forge puts into the merge's body,
  /// else the subject.
  private static func title(_ last: Commit, _ direct: [Commit]?) -> String {
    if let direct, direct.count > 1 {
      return "\(direct.count) commits, the first: \(subject(direct[0]))"
    }
    let lines = last.message.split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty }
    if direct == nil, lines.count > 1, lines[0].hasPrefix("Merge pull request") { return lines[1] }
    return subject(last)
  }

  private static func subject(_ commit: Commit) -> String {
    let subject = commit.message.split(separator: "\n").first.map(String.init) ?? ""
    let plain = subject.filter { !$0.isASCII || ($0 >= " " && $0 != "\u{7f}") }
      .trimmingCharacters(in: .whitespaces)
    return plain.isEmpty ? "without a subject, \(commit.id.short)" : String(plain.prefix(200))
  }
}
