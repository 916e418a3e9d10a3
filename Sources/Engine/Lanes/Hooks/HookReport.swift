import Foundation

/// The state of a repository's hooks.
package struct HookReport: Sendable {
  /// Lanes get the hooks from the repository's own configuration.
  package var isInstalled: Bool
  /// A person's commits are looked at, too.
  package var isInstalledForPersons: Bool
  /// The repository was moved since; the next run, or `hooks install`, puts that right.
  package var isMoved: Bool
  /// The hooks that have to be ours, over which another program has written.
  package var overwritten: [String]
  /// Files of other programs that were written over ours and run after them; absolute paths.
  package var displaced: [String]
  /// Older such files, which are kept and do not run; absolute paths.
  package var replaced: [String]
  package var directory: String
  /// The hooks that have a file of ours there.
  package var names: [String]
  /// The directory of the repository's own hooks, which run after ours.
  package var userDirectory: String
  /// The hook managers that have installed themselves there.
  package var managers: [String]
  /// Lanes in which another setting wins; a sentence each.
  package var shadowed: [String]

  /// Each hook that has to be ours is.
  package var isIntact: Bool { overwritten.isEmpty }
}

/// Recognises hook managers by what they install.
enum HookManager {
  static func found(in directory: String) -> [String] {
    var result: Set<String> = []
    if directory.hasSuffix("/.husky/_") || directory.hasSuffix("/.husky") { result.insert("husky") }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
      guard !name.hasSuffix(".sample"),
        let data = FileManager.default.contents(atPath: directory + "/" + name)
      else { continue }
      let text = String(decoding: data.prefix(8192), as: UTF8.self)
      if text.contains("lefthook") { result.insert("lefthook") }
      if text.contains("prek") { result.insert("prek") }
      if text.contains("pre_commit") || text.contains("pre-commit.com") {
        result.insert("pre-commit")
      }
    }
    return result.sorted()
  }
}
