import Foundation
import Git
import Planning

/// Reads a repository's history for footprints.
package enum HistoryReading {
  /// Returns the changes that led to a commit, oldest first, merges left out.
  ///
  /// - Parameters:
  ///   - limit: at most so many, the newest.
  ///   - symbols: reads the names that each changed file defines after each change; for measuring.
  package static func changes(
    _ repository: Repository, tip: ObjectID, limit: Int, symbols: Bool = false
  ) throws -> [HistoryChange] {
    var result: [HistoryChange] = []
    for commit in try repository.commits(from: tip, limit: limit * 2)
    where commit.parents.count <= 1 {
      let old = try commit.parents.first.map { try repository.commit($0).tree }
      let files = try repository.changes(from: old, to: commit.tree).compactMap {
        change -> HistoryChange.File? in
        guard let path = String(validating: change.path, as: UTF8.self),
          change.new?.isSubmodule != true
        else { return nil }
        let found = symbols ? try change.new.map { try names($0, path, repository) } : nil
        return HistoryChange.File(
          path: path, isPresent: change.new != nil, isNew: change.old == nil, symbols: found)
      }
      result.append(HistoryChange(text: message(commit), files: files))
      if result.count == limit { break }
    }
    return result.reversed()
  }

  /// A message without its trailers, which name people, not work.
  private static func message(_ commit: Commit) -> String {
    commit.message.split(separator: "\n").filter { line in
      let key = line.prefix { $0.isLetter || $0 == "-" }
      return !(key.hasSuffix("-by") && line.dropFirst(key.count).first == ":")
    }.joined(separator: "\n")
  }

  private static func names(
    _ entry: TreeEntry, _ path: String, _ repository: Repository
  ) throws -> [String] {
    guard !entry.isTree, !entry.isSubmodule, !entry.isLink else { return [] }
    let content = try repository.blob(entry.id)
    return content.count > 400_000 ? [] : DefinedSymbols.of(content)
  }

  /// Makes the model of a repository as it stands at a commit: its last changes, and the names that its
  /// files define.
  package static func model(
    _ repository: Repository, tip: ObjectID, changes limit: Int = 1500, files most: Int = 3000
  ) throws -> FootprintModel {
    var model = FootprintModel(try changes(repository, tip: tip, limit: limit))
    let tree = try repository.commit(tip).tree
    var count = 0
    for change in try repository.changes(from: nil, to: tree) {
      guard let path = String(validating: change.path, as: UTF8.self), let entry = change.new,
        !entry.isSubmodule
      else { continue }
      count += 1
      model.add(path: path, symbols: count <= most ? try names(entry, path, repository) : nil)
    }
    return model
  }
}
