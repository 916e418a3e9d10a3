/// The words in which a refusal is told, the same from the hook, the command line and the tools.
package enum RefusalText {
  /// The most paths that stand in one line.
  private static let mostPaths = 8

  /// Returns one line for each reason and holder, with the paths, and then the ways out in their order.
  ///
  /// - Parameters:
  ///   - conflicts: what stands in the way; not empty.
  ///   - target: the branch that the lane's branch is to land on.
  ///   - titleOf: gives the title of a feature.
  ///   - stateOf: gives the state of a feature, in the store's word.
  ///   - isAll: whether nothing else was asked for.
  package static func lines(
    _ conflicts: [ClaimConflict], target: String = "the target", isAll: Bool = false,
    titleOf: (String) -> String?, stateOf: (String) -> String? = { _ in nil }
  ) -> [String] {
    var lines = grouped(conflicts, target: target, titleOf: titleOf, stateOf: stateOf).map {
      "  " + $0
    }
    let advice = advice(conflicts, target: target, isAll: isAll)
    if advice.count == 1 {
      lines.append("What you can do: \(advice[0])")
    } else {
      lines.append("What you can do, in this order:")
      lines += advice.enumerated().map { "  \($0 + 1). \($1)" }
    }
    return lines
  }

  /// Returns one line for each reason and holder: its paths, cut after some, and why they were refused.
  package static func grouped(
    _ conflicts: [ClaimConflict], target: String = "the target", titleOf: (String) -> String?,
    stateOf: (String) -> String? = { _ in nil }
  ) -> [String] {
    var order: [String] = []
    var paths: [String: [String]] = [:]
    for conflict in conflicts {
      let reason = reason(conflict, target: target, titleOf, stateOf: stateOf)
      if paths[reason] == nil { order.append(reason) }
      paths[reason, default: []].append(conflict.path.description)
    }
    return order.map { "\(list(paths[$0]!)): \($0)" }
  }

  /// Returns texts in one line, cut after some.
  package static func list(_ texts: [String]) -> String {
    guard texts.count > mostPaths + 1 else { return texts.joined(separator: ", ") }
    return texts.prefix(mostPaths).joined(separator: ", ")
      + " and \(texts.count - mostPaths) more"
  }

  /// Returns the ways out, the first to try first.
  ///
  /// - Parameter isAll: whether nothing else was asked for, so that there is no rest to commit.
  package static func advice(
    _ conflicts: [ClaimConflict], target: String = "the target", isAll: Bool = false
  ) -> [String] {
    let reasons = Set(conflicts.map(\.reason))
    var advice: [String] = []
    if reasons.contains(.staleBase) {
      advice.append(
        "run `lanekeeper sync` here, which brings \(target) in, then commit again.")
    }
    if reasons.contains(.frozen) {
      advice.append(
        "undo your change to what is frozen; `claims.paths` in lanekeeper.yml says what is.")
    }
    let isHeld = reasons.contains(.held)
    guard isHeld || reasons.contains(.deadlock) else { return advice }
    let end =
      "End here with exit status 0, without waiting: your work is kept, and the feature goes on by "
      + "itself, with these files claimed for it, when its turn has come."
    if isAll, reasons.isSubset(of: [.held, .deadlock]) {
      return ["finish and test your change. There is nothing that can be committed now. " + end]
    }
    advice.append(
      "leave the held files out (`git restore --staged FILE`; your changes stay in them), commit the "
        + "rest and do other work first.")
    if isHeld {
      advice.append(
        "then try to commit them once more: by then they may be free (`lanekeeper claims` and "
          + "`lanekeeper explain ID` show it).")
    }
    advice.append("only held files are left? " + end)
    return advice
  }

  /// Returns why one path was refused, as part of a sentence.
  package static func reason(
    _ conflict: ClaimConflict, target: String = "the target", _ titleOf: (String) -> String?,
    stateOf: (String) -> String? = { _ in nil }
  ) -> String {
    switch conflict.reason {
    case .held, .deadlock:
      guard let holder = conflict.holder else { return "held by another" }
      var text = "held by \(name(holder.owner, titleOf))"
      if let agent = holder.agent { text += " (\(agent))" }
      if holder.path != conflict.path { text += " through its claim on \(holder.path)" }
      if conflict.reason == .deadlock { text += ", which waits for you" }
      if holder.owner.kind == .feature, let stage = stateOf(holder.owner.id).flatMap(stage) {
        text += "; \(stage)"
      }
      return text
    case .staleBase: return "changed on \(target) since this branch left it (stale base)"
    case .frozen: return "frozen: no lane may change it"
    }
  }

  /// Returns a short name of an owner: `feature #3 "Search"`.
  package static func name(
    _ owner: ClaimOwner, _ titleOf: (String) -> String? = { _ in nil }
  ) -> String {
    switch owner.kind {
    case .feature:
      "feature #\(owner.id)" + (titleOf(owner.id).map { " \"\(ShortTitle.of($0))\"" } ?? "")
    case .person: "a person (\(owner.id))"
    case .session: "the session \(owner.id)"
    }
  }

  /// Returns how far a feature that holds something is, by its state in the store's word; `nil` where that
  /// tells nothing.
  package static func stage(_ state: String) -> String? {
    switch state {
    case "running": "its agent is at work"
    case "completed", "queued": "it is built and waits for the gate"
    case "landing": "it is at the gate"
    case "in_review": "it is built and waits for a review"
    case "approved": "it is approved and waits for the gate"
    case "changes_requested", "gate_failed", "ready": "it goes back to an agent"
    case "waiting": "it waits, too"
    case "pending": "it has not begun"
    default: nil
    }
  }
}

extension ClaimOwner: CustomStringConvertible {
  /// The name for people, without a title.
  package var description: String { RefusalText.name(self) }
}
