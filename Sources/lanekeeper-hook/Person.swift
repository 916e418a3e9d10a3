import Model

/// Messages to a person who commits in a checkout that is no lane.
enum Person {
  static func judgeCommit(_ place: GitPlace) -> Verdict {
    guard Files.exists(place.stateFile) || place.hasLanes else { return .pass([]) }
    if Ancestry.isAgent(place) { return .refuse(Refusals.fromAgent) }
    do throws(StateFileError) {
      let database = try LockDatabase(place, busyMilliseconds: 2000)
      let humans = try database.setting("claims.humans") ?? "warn"
      guard humans != "off" else { return .pass([]) }
      guard try database.hasRows("SELECT 1 FROM claims LIMIT 1") else { return .pass([]) }
      let changes = Changes(place, staged: true)
      let requests = (changes.staged(against: References(place: place).head) ?? []).map {
        ClaimRequest(path: ClaimPath(file: $0), mode: .exclusive)
      }
      // On a feature's branch they go on with that feature.
      let feature = try feature(References(place: place).headBranch, database)
      let owner =
        feature.map { ClaimOwner.feature($0) }
        ?? ClaimOwner(
          kind: .person,
          id: PersonName.of(
            user: Environment.value("USER"), logName: Environment.value("LOGNAME")))
      let policies = try database.ledger.policies()
      let decision = try? ClaimRule.decide(
        requests, owner: owner, policies: policies, now: Clock.milliseconds,
        table: LedgerTable(database.ledger, naming: policies.naming))
      guard case .refused(let conflicts) = decision else { return .pass([]) }
      let lines = RefusalText.grouped(conflicts, titleOf: { title($0, database) }).map {
        "  " + $0
      }
      guard humans == "deny" else {
        let words =
          feature.map { "feature #\($0) can't land with what you commit here, which others hold:" }
          ?? "an agent is at work on what you commit; its feature will have to follow:"
        return .pass(["lanekeeper: " + words] + lines)
      }
      return .refuse(
        ["lanekeeper: agents hold what you commit:"] + lines
          + ["Wait for these features, or commit with --no-verify (claims.humans is deny)."])
    } catch {
      return .pass(Refusals.stateFileWarning(place, error))
    }
  }

  /// The feature whose branch this is.
  private static func feature(
    _ branch: String?, _ database: LockDatabase
  ) throws(StateFileError) -> String? {
    guard let branch else { return nil }
    return try database.text("SELECT id FROM features WHERE branch = ?", [.text(branch)])
  }

  private static func title(_ feature: String, _ database: LockDatabase) -> String? {
    (try? database.text("SELECT title FROM features WHERE id = ?", [.text(feature)])) ?? nil
  }
}
