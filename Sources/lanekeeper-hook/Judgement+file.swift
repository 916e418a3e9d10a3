import GitFormats
import Glibc

extension Judgement {
  private static func path(_ place: GitPlace) -> String {
    place.gitDirectory + "/lanekeeper-judged"
  }

  /// Tells that the hook judges for an agent in a sandbox, which could write the file itself.
  private static var isForSandbox: Bool { Environment.value("LANEKEEPER_GUARD_LOCK") != nil }

  /// Keeps the judgement for the `reference-transaction` that follows; where that fails, it judges again.
  func write(_ place: GitPlace) {
    guard !Self.isForSandbox else { return }
    let descriptor = open(
      Self.path(place), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let bytes = file
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  /// Tells whether `pre-commit` has judged exactly this change, and nothing was written to the lock table
  /// since.
  static func stands(
    _ place: GitPlace, _ changes: [ReferenceChange], _ references: References
  ) -> Bool {
    guard !isForSandbox, changes.count == 1, let change = changes.first,
      let judged = Files.read(path(place), limit: 65_536).flatMap(Judgement.init),
      change.isNamed(judged.branch), references.value(judged.branch) == judged.parent,
      references.value(judged.target) == judged.tip,
      let commit = Changes(place).commit(change.new), commit.parents == [judged.parent],
      commit.tree == judged.tree, StateStamp(database: place.stateFile)?.bytes == judged.stamp
    else { return false }
    // pre-commit has looked at the ancestors of the same git process.
    return judged.starter == Ancestry.starter && !judged.starter.isEmpty
      || !Ancestry.isForeign(to: judged.lane, in: place)
  }
}
