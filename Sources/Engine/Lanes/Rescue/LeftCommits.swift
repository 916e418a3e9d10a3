import Foundation
import Git

/// Commits on which a lane has stood and that nothing names any more: amended, reset away, or made on a
/// detached HEAD that was left again.
package enum LeftCommits {
  /// The number of bytes read from a log's end.
  private static let mostBytes = 1 << 20
  /// The maximum number of commits to look at, the last ones first.
  private static let mostCommits = 1000

  /// Lets one reference keep them all, through a commit that has them as its parents.
  ///
  /// - Parameters:
  ///   - branch: the lane's branch.
  /// - Returns: the reference; `nil` where there are none.
  package static func keep(
    _ repository: Repository, branch: String, reference: String, message: String,
    identity: Signature
  ) throws -> String? {
    let logs = [
      repository.gitDirectory + "/logs/HEAD", repository.commonDirectory + "/logs/" + branch,
    ]
    let tip = try repository.reference(branch)
    var seen: Set<ObjectID> = []
    var candidates: [ObjectID] = []
    for log in logs {
      for id in places(log) where seen.insert(id).inserted {
        guard candidates.count < mostCommits, (try? repository.commit(id)) != nil else { continue }
        if let tip, try tip == id || repository.isAncestor(id, of: tip) { continue }
        candidates.append(id)
      }
    }
    guard !candidates.isEmpty else { return nil }
    func list(_ others: [String]) throws -> GitProgram.Result {
      try GitProgram.run(
        ["rev-list", "--parents", "--ignore-missing", "--stdin", "--not"] + others,
        directory: repository.commonDirectory, environment: repository.environment,
        input: candidates.flatMap { Array(($0.hex + "\n").utf8) })
    }
    var listed = try list(["--all"])
    // A reference that can't be read ends this; then it is better to keep too much.
    if listed.status != 0 { listed = try list(tip.map { [$0.hex] } ?? []) }
    guard listed.status == 0 else {
      throw GitProgramError(
        arguments: ["rev-list"], status: listed.status, message: listed.error)
    }
    var found: Set<ObjectID> = []
    var parents: Set<ObjectID> = []
    for line in listed.text.split(separator: "\n") {
      let ids = line.split(separator: " ").compactMap { ObjectID(hex: String($0)) }
      guard let first = ids.first else { continue }
      found.insert(first)
      parents.formUnion(ids.dropFirst())
    }
    let heads = candidates.filter { found.contains($0) && !parents.contains($0) }
    guard let newest = heads.first else { return nil }
    let commit =
      heads.count == 1
      ? newest
      : try repository.createCommit(
        tree: try repository.commit(newest).tree, parents: heads, message: message,
        author: identity, committer: identity)
    return try Rescue.keep(commit, as: reference, message: message, in: repository)
  }

  /// Lets a lane's log begin with the attempt that starts now: what it has from before was looked at when that ended.
  package static func begin(_ repository: Repository) {
    unlink(repository.gitDirectory + "/logs/HEAD")
  }

  /// Where a reference came to stand, as its log tells, the last place first. A line is
  /// `old new name <mail> time zone TAB words`.
  private static func places(_ log: String) -> [ObjectID] {
    guard let text = SmallFile.end(of: log, most: mostBytes) else { return [] }
    return text.split(separator: "\n").reversed().compactMap { line in
      let words = line.split(separator: " ", maxSplits: 2)
      return words.count == 3 ? ObjectID(hex: String(words[1])) : nil
    }.filter { $0 != .zero }
  }
}

/// Files that an agent may have written, read without believing what they are or how large.
enum SmallFile {
  /// The last bytes of a regular file, as text; `nil` where it is none.
  static func end(of path: String, most: Int) -> String? {
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var facts = stat()
    guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
    let start = max(0, Int(facts.st_size) - most)
    var bytes = [UInt8](repeating: 0, count: min(Int(facts.st_size), most))
    let count = pread(file, &bytes, bytes.count, start)
    guard count >= 0 else { return nil }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
