/// The words in which a refusal is told, the same from the hook, the command line and the tools.
package enum RefusalText {
  /// Returns one line for each path and then the ways out.
  ///
  /// - Parameters:
  ///   - conflicts: what stands in the way; not empty.
  ///   - titleOf: gives the title of a feature.
  package static func lines(_ conflicts: [ClaimConflict], titleOf: (String) -> String?) -> [String]
  {
    var lines = conflicts.map { "  \($0.path): \(reason($0, titleOf))" }
    let reasons = Set(conflicts.map(\.reason))
    if reasons.contains(.held) || reasons.contains(.deadlock) {
      lines.append(
        "What you can do: leave these files out of the commit and do other work first; or end here:"
      )
      lines.append(
        "the work is kept, and the feature goes on by itself after the holder has landed.")
    }
    if reasons.contains(.staleBase) {
      lines.append("Run `lanekeeper sync` here to bring the target in, then commit again.")
    }
    if reasons.contains(.frozen) {
      lines.append("Undo the change to the frozen path; `claims.paths` in lanekeeper.yml decides.")
    }
    return lines
  }

  /// Returns why one path was refused, as part of a sentence.
  package static func reason(_ conflict: ClaimConflict, _ titleOf: (String) -> String?) -> String {
    switch conflict.reason {
    case .held, .deadlock:
      guard let holder = conflict.holder else { return "held by another" }
      var text = "held by \(name(holder.owner, titleOf))"
      if let agent = holder.agent { text += " (\(agent))" }
      if holder.path != conflict.path { text += " through its claim on \(holder.path)" }
      if conflict.reason == .deadlock { text += ", which waits for you" }
      return text
    case .staleBase: return "changed on the target since this branch left it (stale base)"
    case .frozen: return "frozen: no lane may change it"
    }
  }

  /// Returns a short name of an owner: `feature #3 "Search"`.
  package static func name(_ owner: ClaimOwner, _ titleOf: (String) -> String?) -> String {
    switch owner.kind {
    case .feature: "feature #\(owner.id)" + (titleOf(owner.id).map { " \"\(line($0))\"" } ?? "")
    case .person: "a person (\(owner.id))"
    case .session: "the session \(owner.id)"
    }
  }

  /// A title in one line.
  private static func line(_ title: String) -> String {
    title.contains(where: \.isNewline)
      ? title.split(whereSeparator: \.isNewline).joined(separator: " ") : title
  }
}
