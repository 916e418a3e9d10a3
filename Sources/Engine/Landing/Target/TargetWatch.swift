import Foundation
import Git
import Processes
import Store

/// Looks whether the target is where Lanekeeper and persons have left it.
///
/// An agent that switches the hooks off (`-c core.hooksPath=`, a ref file written by hand) can move the
/// target by itself, past claims and gate. Nothing prevents that without a sandbox, so it is noticed
/// here, before the next claim or landing: a move that no landing and no person explains is held until a
/// person has decided.
package struct TargetWatch: Sendable {
  private let target: String
  private let store: Store
  private let commonDirectory: String
  private let environment: [String: String]

  /// - Parameters:
  ///   - target: `refs/heads/…`
  ///   - commonDirectory: the git directory that all worktrees share.
  package init(
    target: String, store: Store, commonDirectory: String, environment: [String: String]
  ) {
    self.target = target
    self.store = store
    self.commonDirectory = commonDirectory
    self.environment = environment
  }

  /// Looks, writes down what is found, and returns what holds landings up.
  @discardableResult
  package func look() throws -> TargetHold? {
    let repository = try Repository(opening: commonDirectory, environment: environment)
    guard let tip = try repository.reference(target) else {
      let hold = try store.targetHold()
      if hold == nil, let known = try store.knownTarget(), try isRenamed(repository, at: known.tip)
      {
        try noteTime(known)
      }
      return hold
    }
    guard let known = try store.knownTarget() else {
      try store.setKnownTarget(tip.hex)
      return nil
    }
    if var hold = try store.targetHold() {
      if try tip.hex == hold.known || isExplained(tip.hex, since: hold.known) {
        try store.setKnownTarget(
          tip.hex, event: (.targetRestored, ["tip": .string(tip.hex)]), clearsHold: true)
        return nil
      }
      if hold.found != tip.hex {
        hold.found = tip.hex
        try store.holdTarget(hold, isNew: false)
      }
      return hold
    }
    if tip.hex == known.tip {
      try noteTime(known)
      return nil
    }
    if try isExplained(tip.hex, since: known.tip) {
      try store.setKnownTarget(tip.hex)
      return nil
    }
    guard let hold = try suspicion(repository, tip, known) else {
      try store.setKnownTarget(
        tip.hex,
        event: (.targetMoved, ["from": .string(known.tip), "to": .string(tip.hex)]))
      return nil
    }
    try store.holdTarget(hold, isNew: true)
    return hold
  }

  /// Takes the target as it is, by a person's word.
  ///
  /// - Returns: what was held; `nil` where nothing was.
  package func accept() throws -> TargetHold? {
    guard let hold = try look() else { return nil }
    try store.setKnownTarget(
      hold.found,
      event: (
        .targetAccepted, ["from": .string(hold.known), "to": .string(hold.found)]
      ), clearsHold: true)
    return hold
  }

  /// The words for a person: what happened, and the two ways on.
  package static func text(_ hold: TargetHold, target: String) -> String {
    let suspects = hold.suspects.map { "lane \($0.lane) (feature #\($0.feature), \($0.agent))" }
      .joined(separator: " and ")
    let (known, found) = (hold.known.prefix(10), hold.found.prefix(10))
    let who =
      hold.isCertain
      ? "by \(suspects), past the hooks" : "past the hooks while \(suspects) was at work"
    return
      "\(target) was moved from \(known) to \(found) \(who): \(hold.evidence). Nothing lands on it "
      + "until you decide: look at `git log \(known)..\(found)`; then keep it by `lanekeeper land "
      + "--accept-target`, or take it back by `git reset --keep \(known)` on \(target)"
  }

  /// Notes that the target stands where it stood: attempts that have ended by now can't be suspected of what comes later.
  private func noteTime(_ known: (tip: String, at: Int64)) throws {
    let isOld = store.now - known.at > 5000
    if try isOld || store.hasEndedAttempts(since: known.at) { try store.setKnownTarget(known.tip) }
  }

  // MARK: another name

  private static let nameKey = "target.name"

  /// Remembers the target's name.
  ///
  /// - Returns: the name that it had before, where git's log tells that the branch was renamed since.
  package func takeName() throws -> String? {
    let before = try store.value(Self.nameKey)
    guard before != target else { return nil }
    try store.setValue(Self.nameKey, target)
    let repository = try Repository(opening: commonDirectory, environment: environment)
    guard let before, try repository.reference(before) == nil,
      !renamings(of: target, from: before).isEmpty
    else { return nil }
    try store.record(.targetRenamed, ["from": .string(before), "to": .string(target)])
    return Repository.short(before)
  }

  /// Returns whether the target, which is gone, stands under another name where it stood.
  private func isRenamed(_ repository: Repository, at tip: String) throws -> Bool {
    try repository.references(prefix: "refs/heads/").contains {
      $0.target.hex == tip && renamings(of: $0.name, from: target).contains(tip)
    }
  }

  /// Returns the commit at which a branch was renamed, by its log: git writes a move from
  /// a commit to itself, with both names.
  private func renamings(of branch: String, from old: String) -> Set<String> {
    guard let data = RegularFile.read(commonDirectory + "/logs/" + branch, most: 1 << 28) else {
      return []
    }
    return Set(
      String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { line in
        let halves = line.split(separator: "\t", maxSplits: 1)
        let ids = line.split(separator: " ", maxSplits: 2)
        guard halves.count == 2, ids.count == 3, ids[0] == ids[1],
          halves[1].split(separator: " ").contains(Substring(old))
        else { return nil }
        return String(ids[0])
      })
  }

  /// Returns whether landings and persons' moves lead from one tip to another.
  private func isExplained(_ tip: String, since known: String) throws -> Bool {
    var open = [tip]
    var seen: Set<String> = [tip]
    while let next = open.popLast(), seen.count < 10_000 {
      for before in try store.targetBefore(next) {
        if before == known { return true }
        if seen.insert(before).inserted { open.append(before) }
      }
    }
    return false
  }

  // MARK: suspicion

  private func suspicion(
    _ repository: Repository, _ tip: ObjectID, _ known: (tip: String, at: Int64)
  ) throws -> TargetHold? {
    let active = try store.attempts(activeSince: known.at)
    // Nobody but a person was there.
    guard !active.isEmpty else { return nil }
    let before = ObjectID(hex: known.tip)
    let isRewound = try before.map { try !repository.isAncestor($0, of: tip) } ?? false
    let checkout = try checkout(repository, tip)
    // A person amends and rebases in the checkout of the target; what has landed stays there.
    let losesLandings =
      try isRewound && before.map { try !landed(repository, from: $0, notIn: tip).isEmpty } ?? false
    let new = try commits(repository, tip, before, known.at)
    let authors = active.filter { attempt in
      let own = ids(of: attempt, branch: try? store.feature(attempt.feature)?.branch)
      return !own.isDisjoint(with: new)
    }
    var reasons: [String] = []
    if !authors.isEmpty { reasons.append("its commits were made in the lane") }
    if losesLandings || (isRewound && checkout != .movedIt) {
      reasons.append("it does not go on from where it was")
    }
    if checkout == .didNotMoveIt {
      reasons.append("the checkout that it is checked out in did not move it")
    }
    if watchesPersons { reasons.append("no person's hook saw it") }
    guard !reasons.isEmpty else { return nil }
    let suspects = authors.isEmpty ? active : authors
    var named: [TargetHold.Suspect] = []
    for attempt in suspects {
      let suspect = TargetHold.Suspect(
        lane: attempt.lane, feature: attempt.feature, agent: attempt.agentID)
      if !named.contains(suspect) { named.append(suspect) }
    }
    return TargetHold(
      known: known.tip, found: tip.hex, suspects: named,
      evidence: reasons.joined(separator: ", and "), isCertain: !authors.isEmpty)
  }

  /// The commits that are new on the target and that no landing has brought there.
  private func commits(
    _ repository: Repository, _ tip: ObjectID, _ known: ObjectID?, _ since: Int64
  ) throws -> Set<String> {
    // A landing whose move has been overtaken by another stands between the two tips.
    let moves = try store.targetMoves(since: since - 60_000).compactMap { ObjectID(hex: $0) }
      .filter { $0 != tip && (try? repository.commit($0)) != nil }
    let new = try repository.commits(
      from: tip, excluding: moves + [known].compactMap(\.self), limit: 10_000)
    return Set(new.map(\.id.hex))
  }

  /// The commits that were made in an attempt's lane, by git's own logs, and the branch's tip; not what
  /// the lane was only filled with, which a person may have made a moment before.
  private func ids(of attempt: AttemptRecord, branch: String??) -> Set<String> {
    let own = commonDirectory + "/worktrees/lane-\(attempt.lane)"
    var result = Self.logged(own + "/logs/HEAD", exceptFills: true)
    if let branch = branch ?? nil {
      result.formUnion(Self.logged(commonDirectory + "/logs/" + branch, exceptFills: true))
      if let repository = try? Repository(opening: commonDirectory, environment: environment),
        let tip = try? repository.reference(branch)
      {
        result.insert(tip.hex)
      }
    }
    result.remove(attempt.base)
    if let base = (try? store.lane(attempt.lane))??.base { result.remove(base) }
    return result
  }

  /// Log messages by which a lane gets a commit that was made elsewhere: filled, started, updated.
  private static let fills = ["checkout: moving", "branch: Created", "lane: starts", "lane: sync"]

  /// Reads the new values of a reflog: `<old> <new> <who>…<tab><message>` a line.
  private static func logged(_ path: String, exceptFills: Bool = false) -> Set<String> {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    return Set(
      data.split(separator: 0x0a).compactMap { line in
        let words = line.split(separator: 0x20, maxSplits: 2)
        guard words.count > 1 else { return nil }
        if exceptFills, let tab = line.lastIndex(of: 0x09) {
          let message = line[line.index(after: tab)...]
          if fills.contains(where: { message.starts(with: $0.utf8) }) { return nil }
        }
        return String(decoding: words[1], as: UTF8.self)
      })
  }

  /// Returns what the log of the target's checkout says of its move.
  private enum Checkout {
    /// There is none, or it keeps no log.
    case unknown
    case movedIt
    case didNotMoveIt
  }

  /// Looks into the log of HEAD of the checkout that stands on the target: a commit, merge, pull or
  /// reset there leaves a line.
  private func checkout(_ repository: Repository, _ tip: ObjectID) throws -> Checkout {
    var directories: [String] = []
    if let head = RegularFile.read(commonDirectory + "/HEAD", most: 4096),
      String(decoding: head, as: UTF8.self).hasPrefix("ref: \(target)\n")
    {
      directories.append(commonDirectory)
    }
    directories += repository.worktrees().filter { $0.branch == target }.map(\.gitDirectory)
    let logs = directories.map { Self.logged($0 + "/logs/HEAD") }.filter { !$0.isEmpty }
    guard !logs.isEmpty else { return .unknown }
    return logs.contains { $0.contains(tip.hex) } ? .movedIt : .didNotMoveIt
  }

  /// The landings that are part of one commit's history and not of another's.
  private func landed(
    _ repository: Repository, from old: ObjectID, notIn tip: ObjectID
  ) throws -> Set<String> {
    Set(
      try repository.commits(from: old, excluding: [tip], limit: 10_000).map(\.id.hex)
    ).intersection(try store.landedTips())
  }

  /// Whether a person's moves would have been written down.
  private var watchesPersons: Bool {
    guard let repository = try? Repository(opening: commonDirectory, environment: environment),
      let path = try? repository.configString("core.hooksPath")
    else { return false }
    return path == commonDirectory + "/lanekeeper/person-hooks"
  }
}
