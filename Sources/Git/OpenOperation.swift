import Foundation

/// Something that a person has begun in a checkout and that will move a branch, or put it back.
package struct OpenOperation: Equatable, Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case merge, rebase, am, cherryPick, revert, bisect
  }

  package var kind: Kind
  /// The checkout.
  package var directory: String

  package init(kind: Kind, directory: String) {
    self.kind = kind
    self.directory = directory
  }

  /// The words for a person.
  ///
  /// - Parameter branch: its name without `refs/heads/`.
  package func text(branch: String) -> String {
    let (what, command) =
      switch kind {
      case .merge: ("a merge into \(branch)", "git merge --abort")
      case .rebase: ("a rebase of \(branch)", "git rebase --abort")
      case .am: ("`git am` on \(branch)", "git am --abort")
      case .cherryPick: ("a cherry-pick onto \(branch)", "git cherry-pick --abort")
      case .revert: ("a revert on \(branch)", "git revert --abort")
      case .bisect: ("a bisect of \(branch)", "git bisect reset")
      }
    return "\(what) is open in \(directory); finish it, or end it by `\(command)`"
  }
}

extension Repository {
  /// Finds what is open on a branch in any checkout, also where HEAD is detached meanwhile: git writes down which
  /// branch it will move.
  ///
  /// - Parameters:
  ///   - branch: `refs/heads/…`
  ///   - ignored: names of linked worktrees that are not looked at.
  package func openOperation(on branch: String, besides ignored: Set<String>) -> OpenOperation? {
    var places: [(git: String, checkout: String)] = []
    if let main = mainWorktreePath { places.append((commonDirectory, main)) }
    places += worktrees().filter { $0.valid && !ignored.contains($0.name) }
      .map { ($0.gitDirectory, $0.path) }
    for place in places {
      if let kind = Self.openOperation(in: place.git, on: branch) {
        return OpenOperation(kind: kind, directory: place.checkout)
      }
    }
    return nil
  }

  private static func openOperation(in git: String, on branch: String) -> OpenOperation.Kind? {
    func exists(_ name: String) -> Bool { access(git + "/" + name, F_OK) == 0 }
    func names(_ file: String) -> Bool { text(of: git + "/" + file) == branch }
    if names("rebase-merge/head-name") || names("rebase-apply/head-name") { return .rebase }
    // `git rebase --update-refs` moves what is on the way.
    let others = text(of: git + "/rebase-merge/update-refs") ?? ""
    if others.split(separator: "\n").contains(where: { $0 == branch }) { return .rebase }
    if exists("BISECT_LOG"), let start = text(of: git + "/BISECT_START"),
      start == short(branch) || start == branch
    {
      return .bisect
    }
    guard text(of: git + "/HEAD") == "ref: " + branch else { return nil }
    if exists("MERGE_HEAD") { return .merge }
    if exists("rebase-merge") { return .rebase }
    if exists("rebase-apply") { return exists("rebase-apply/applying") ? .am : .rebase }
    if exists("REVERT_HEAD") { return .revert }
    if exists("CHERRY_PICK_HEAD") || exists("sequencer") { return .cherryPick }
    return exists("BISECT_LOG") ? .bisect : nil
  }
}
