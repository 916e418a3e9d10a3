import Model
import TestSupport
import Testing

/// A lock table in memory.
private struct MemoryTable: LockTable {
  typealias Failure = any Error
  var rows: [ClaimRow] = []
  var stale: Set<ClaimPath> = []

  func claims(at paths: [[UInt8]]) -> [ClaimRow] { rows.filter { paths.contains($0.path.bytes) } }
  func claims(below path: [UInt8]) -> [ClaimRow] {
    rows.filter { $0.path.bytes.starts(with: path + [0x2f]) }
  }
  func isStale(_ path: ClaimPath) -> Bool { stale.contains(path) }

  var kin: Set<String>? = []
  /// `nil` where nobody may ask: the answer takes as long as all else together.
  func kin(of owner: ClaimOwner) throws -> Set<ClaimOwner> {
    guard let kin else { throw Asked() }
    return Set(kin.map { ClaimOwner(kind: .feature, id: $0) })
  }
  struct Asked: Error {}
}

@Suite(.bounded) struct ClaimRuleTests {
  private func row(
    _ path: String, _ mode: ClaimMode, _ owner: String, expiresAt: Int64? = nil
  ) throws -> ClaimRow {
    ClaimRow(
      path: try ClaimPath(normalising: path), mode: mode,
      owner: ClaimOwner(kind: .feature, id: owner), agent: nil, generation: 1, acquiredAt: 0,
      expiresAt: expiresAt, isPinned: false)
  }

  private func request(_ path: String, _ mode: ClaimMode = .exclusive) throws -> ClaimRequest {
    ClaimRequest(path: try ClaimPath(normalising: path), mode: mode)
  }

  private func decide(
    _ requests: [ClaimRequest], owner: String = "1", policies: [(ClaimPath, PathPolicy)] = [],
    now: Int64 = 0, _ table: MemoryTable
  ) throws -> ClaimDecision {
    try ClaimRule.decide(
      requests, owner: ClaimOwner(kind: .feature, id: owner), policies: PathPolicies(policies),
      now: now, table: table)
  }

  @Test(arguments: [
    ("a/b", "a/b", true), ("a/", "a/b", true), ("a", "a/b", true), ("a/b", "a/bc", false),
    ("ab/", "a/b", false), ("a/b/", "a/", true), ("x", "y", false),
  ])
  func overlap(one: String, two: String, expected: Bool) throws {
    let (a, b) = (try ClaimPath(normalising: one), try ClaimPath(normalising: two))
    #expect(ClaimRule.overlap(a, b) == expected)
    #expect(ClaimRule.overlap(b, a) == expected)
  }

  @Test func p2_allOrNothing() throws {
    let table = MemoryTable(rows: [try row("src/", .exclusive, "2")])
    let decision = try decide([try request("free"), try request("src/a")], table)
    guard case .refused(let conflicts) = decision else {
      Issue.record("granted")
      return
    }
    #expect(conflicts.map(\.path.description) == ["src/a"])
    #expect(conflicts.first?.holder?.owner.id == "2" && conflicts.first?.reason == .held)
  }

  @Test func whatIsHeldIsGrantedAgain() throws {
    let table = MemoryTable(
      rows: [try row("src/", .exclusive, "1")], stale: [try ClaimPath(normalising: "src/a")])
    #expect(
      try decide([try request("src/a")], table)
        == .granted(new: [], alreadyHeld: [try request("src/a")], free: [], expired: []))
  }

  @Test func whoCountsAsOneSharesClaimsAndIsLookedUpOnlyWhereSomebodyHolds() throws {
    let held = try row("src/", .exclusive, "2")
    guard
      case .granted(let new, let old, _, _) = try decide(
        [try request("src/a"), try request("free")], MemoryTable(rows: [held], kin: ["2", "3"]))
    else {
      Issue.record("refused")
      return
    }
    #expect(try new == [request("free")] && old == [request("src/a")])
    guard
      case .granted = try decide(
        [try request("free"), try request("own")],
        MemoryTable(rows: [held, try row("own", .exclusive, "1")], kin: nil))
    else {
      Issue.record("refused")
      return
    }
    #expect(throws: MemoryTable.Asked.self) {
      try decide([try request("src/a")], MemoryTable(rows: [held], kin: nil))
    }
  }

  @Test func stalePathsAreRefused() throws {
    let table = MemoryTable(stale: [try ClaimPath(normalising: "a")])
    guard case .refused(let conflicts) = try decide([try request("a"), try request("b")], table)
    else {
      Issue.record("granted")
      return
    }
    #expect(conflicts.map(\.reason) == [.staleBase])
  }

  @Test func policiesDecideFirst() throws {
    let policies: [(ClaimPath, PathPolicy)] = [
      (try ClaimPath(normalising: "free/"), .free),
      (try ClaimPath(normalising: "log"), .shared(strategy: "union")),
      (try ClaimPath(normalising: "key"), .frozen),
    ]
    let table = MemoryTable(rows: [
      try row("free/x", .exclusive, "2"), try row("log", .shared, "2"),
    ])
    #expect(
      try decide([try request("free/x"), try request("log")], policies: policies, table)
        == .granted(
          new: [try request("log", .shared)], alreadyHeld: [], free: [try request("free/x")],
          expired: []))
    guard case .refused(let conflicts) = try decide([try request("key")], policies: policies, table)
    else {
      Issue.record("granted")
      return
    }
    #expect(conflicts.map(\.reason) == [.frozen])
  }

  @Test func anExpiredLeaseMakesRoom() throws {
    let old = try row("a", .exclusive, "2", expiresAt: 10)
    let table = MemoryTable(rows: [old])
    #expect(
      try decide([try request("a")], now: 10, table)
        == .granted(new: [try request("a")], alreadyHeld: [], free: [], expired: [old]))
    guard case .refused = try decide([try request("a")], now: 9, table) else {
      Issue.record("granted before its time")
      return
    }
  }

  /// Every grant of a random history is compared with a rule that looks at all pairs.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func p2_agreesWithTheNaiveRule(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let names = ["a", "b", "ab", "a.b"]
    func path() throws -> ClaimPath {
      let parts = (0...random.below(3)).map { _ in names[random.below(names.count)] }
      return try ClaimPath(
        normalising: parts.joined(separator: "/") + (random.below(3) == 0 ? "/" : ""))
    }
    var table = MemoryTable()
    for _ in 0..<200 {
      let owner = ClaimOwner(kind: .feature, id: String(random.below(4)))
      if random.below(5) == 0 {
        table.rows.removeAll { $0.owner == owner }
        continue
      }
      let requests = try (0...random.below(3)).map { _ in
        ClaimRequest(path: try path(), mode: random.below(3) == 0 ? .shared : .exclusive)
      }
      let isFree = requests.allSatisfy { request in
        table.rows.allSatisfy { row in
          let one = row.path.bytes.split(separator: 0x2f).map(Array.init)
          let two = request.path.bytes.split(separator: 0x2f).map(Array.init)
          let overlaps = one.starts(with: two) || two.starts(with: one)
          return row.owner == owner || !overlaps
            || (row.mode == .shared && request.mode == .shared)
        }
      }
      let decision = try ClaimRule.decide(
        requests, owner: owner, policies: PathPolicies([]), now: 0, table: table)
      switch decision {
      case .granted(let new, let held, _, _):
        #expect(isFree)
        #expect(Set((new + held).map(\.path)) == Set(requests.map(\.path)))
        for request in new {
          table.rows.removeAll { $0.owner == owner && $0.path == request.path }
          table.rows.append(
            ClaimRow(
              path: request.path, mode: request.mode, owner: owner, agent: nil, generation: 0,
              acquiredAt: 0, expiresAt: nil, isPinned: false))
        }
      case .refused(let conflicts):
        #expect(!isFree && !conflicts.isEmpty)
      }
    }
  }

  @Test func whatHasAPolicyOfItsOwnIsNoPartOfAClaimedDirectory() throws {
    let policies: [(ClaimPath, PathPolicy)] = [
      (try ClaimPath(normalising: "src/gen.lock"), .shared(strategy: "union")),
      (try ClaimPath(normalising: "src/tmp/"), .free),
    ]
    // Another holds the directory: the shared file below it is nobody's alone.
    let directory = MemoryTable(rows: [try row("src/", .exclusive, "2")])
    #expect(
      try decide([try request("src/gen.lock")], policies: policies, directory)
        == .granted(
          new: [try request("src/gen.lock", .shared)], alreadyHeld: [], free: [], expired: []))
    // And the other way round.
    let shared = MemoryTable(rows: [
      try row("src/gen.lock", .shared, "2"), try row("src/tmp/x", .exclusive, "2"),
    ])
    #expect(
      try decide([try request("src/")], policies: policies, shared)
        == .granted(new: [try request("src/")], alreadyHeld: [], free: [], expired: []))
    // What is merged by a strategy is never stale.
    let stale = MemoryTable(stale: [try ClaimPath(normalising: "src/gen.lock")])
    #expect(
      try decide([try request("src/gen.lock")], policies: policies, stale)
        == .granted(
          new: [try request("src/gen.lock", .shared)], alreadyHeld: [], free: [], expired: []))
  }

  @Test func aCommitOfAHeldPathThatIsStaleIsRefused() throws {
    let table = MemoryTable(
      rows: [try row("a", .exclusive, "1")], stale: [try ClaimPath(normalising: "a")])
    let owner = ClaimOwner(kind: .feature, id: "1")
    guard
      case .refused(let conflicts) = try ClaimRule.decide(
        [try request("a")], owner: owner, policies: PathPolicies([]), now: 0, committing: true,
        table: table)
    else {
      Issue.record("granted")
      return
    }
    #expect(conflicts.map(\.reason) == [.staleBase])
  }

  @Test func p2_twoSpellingsOfOneFileAreOneClaim() throws {
    let naming = PathNaming(ignoresCase: true, composesUnicode: true)
    var held = try row("src", .exclusive, "2")
    held.path = ClaimPath(file: Array("src/caf\u{e9}.c".utf8), naming: naming)
    let asked = ClaimRequest(
      path: ClaimPath(file: Array("SRC/Cafe\u{301}.c".utf8)), mode: .exclusive)
    func decide(_ naming: PathNaming) throws -> ClaimDecision {
      try ClaimRule.decide(
        [asked], owner: ClaimOwner(kind: .feature, id: "1"),
        policies: PathPolicies([], naming: naming), now: 0, table: MemoryTable(rows: [held]))
    }
    guard case .refused(let conflicts) = try decide(naming) else {
      Issue.record("granted")
      return
    }
    #expect(conflicts.first?.path.description == "SRC/Cafe\u{301}.c")
    guard case .granted = try decide(.exact) else {
      Issue.record("refused where these are two files")
      return
    }
  }

  /// Batches with policies, modes and spellings, against a rule that looks at every pair of names.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func p2_agreesWithTheNaiveRuleUnderPolicies(seed: UInt64) throws {
    var random = SplitMix64(seed: seed &+ 77)
    let names = ["a", "B", "b", "A"]
    let naming = seed % 2 == 0 ? PathNaming.exact : PathNaming(ignoresCase: true)
    func text() -> String {
      let parts = (0...random.below(3)).map { _ in names[random.below(names.count)] }
      return parts.joined(separator: "/") + (random.below(3) == 0 ? "/" : "")
    }
    func parts(_ text: String) -> [String] {
      let parts = text.split(separator: "/").map(String.init)
      return naming.ignoresCase ? parts.map { $0.lowercased() } : parts
    }
    var entries: [(text: String, policy: PathPolicy)] = []
    for _ in 0..<3 {
      let name = text()
      guard !entries.contains(where: { parts($0.text) == parts(name) }) else { continue }
      entries.append(
        (name, [.free, .frozen, .shared(strategy: "union"), .strict][random.below(4)]))
    }
    let policies = PathPolicies(
      try entries.map { (try ClaimPath(normalising: $0.text), $0.policy) }, naming: naming)
    func policy(_ text: String) -> PathPolicy {
      let own = parts(text)
      let inside = entries.contains {
        let other = parts($0.text)
        return $0.policy == .frozen && other.count > own.count
          && Array(other.prefix(own.count)) == own
      }
      if text.hasSuffix("/"), inside { return .frozen }
      return entries.filter { entry in
        let other = parts(entry.text)
        return other == own
          || (entry.text.hasSuffix("/") && other.count < own.count
            && Array(own.prefix(other.count)) == other)
      }.max { parts($0.text).count < parts($1.text).count }?.policy ?? .strict
    }
    var rows: [(text: String, row: ClaimRow)] = []
    for _ in 0..<150 {
      let owner = ClaimOwner(kind: .feature, id: String(random.below(3)))
      if random.below(6) == 0 {
        rows.removeAll { $0.row.owner == owner }
        continue
      }
      var asked: [String: ClaimMode] = [:]
      for _ in 0...random.below(3) {
        let name = text()
        guard !asked.keys.contains(where: { parts($0) == parts(name) }) else { continue }
        asked[name] = random.below(3) == 0 ? .shared : .exclusive
      }
      let mayHave = asked.allSatisfy { name, mode in
        let own = policy(name)
        if own == .frozen { return false }
        if own == .free { return true }
        let wanted = own.isShared ? ClaimMode.shared : mode
        return rows.allSatisfy { other, row in
          let (one, two) = (parts(name), parts(other))
          let overlaps = one.starts(with: two) || two.starts(with: one)
          let theirs = policy(other)
          return row.owner == owner || !overlaps || (row.mode == .shared && wanted == .shared)
            || theirs == .free || theirs.isShared != own.isShared
        }
      }
      let requests = try asked.map {
        ClaimRequest(path: try ClaimPath(normalising: $0.key), mode: $0.value)
      }
      let decision = try ClaimRule.decide(
        requests, owner: owner, policies: policies, now: 0,
        table: MemoryTable(rows: rows.map(\.row)))
      switch decision {
      case .refused: #expect(!mayHave, "\(asked) beside \(rows.map(\.text)) under \(entries)")
      case .granted(let new, _, _, _):
        #expect(mayHave, "\(asked) beside \(rows.map(\.text)) under \(entries)")
        for request in new {
          rows.removeAll { $0.row.owner == owner && $0.row.path == request.path }
          let name = String(decoding: request.path.spelled ?? request.path.bytes, as: UTF8.self)
          rows.append(
            (
              name + (request.path.isSubtree ? "/" : ""),
              ClaimRow(
                path: request.path, mode: request.mode, owner: owner, agent: nil, generation: 0,
                acquiredAt: 0, expiresAt: nil, isPinned: false)
            ))
        }
      }
    }
  }

  @Test func refusalsNameHolderAndWayOut() throws {
    var held = try row("src/", .exclusive, "3")
    held.agent = "agent-2"
    let lines = RefusalText.lines(
      [
        ClaimConflict(path: try ClaimPath(normalising: "src/a"), reason: .held, holder: held),
        ClaimConflict(path: try ClaimPath(normalising: "b"), reason: .staleBase, holder: nil),
      ]
    ) { $0 == "3" ? "Search" : nil }
    let text = lines.joined(separator: "\n")
    #expect(
      text.contains("src/a: held by feature #3 \"Search\" (agent-2) through its claim on src/"))
    #expect(text.contains("What you can do") && text.contains("lanekeeper sync"))
  }

  @Test func aRefusalHasALineForEachHolderAndTheWaysOutInTheirOrder() throws {
    let title = "Search: " + String(repeating: "everything that anybody could look for, ", count: 5)
    let held = try (0..<20).map { number in
      ClaimConflict(
        path: try ClaimPath(normalising: "src/\(number).py"), reason: .held,
        holder: try row("src/", .exclusive, "3"))
    }
    let other = ClaimConflict(
      path: try ClaimPath(normalising: "b"), reason: .held, holder: try row("b", .exclusive, "4"))
    let stale = ClaimConflict(
      path: try ClaimPath(normalising: "c"), reason: .staleBase, holder: nil)
    let lines = RefusalText.lines(
      held + [other, stale], target: "trunk", titleOf: { _ in title },
      stateOf: { $0 == "3" ? "in_review" : "running" })
    #expect(lines.count(where: { $0.contains("feature #3") }) == 1)
    #expect(lines[0].contains("src/7.py and 12 more: held by feature #3 \"Search"))
    #expect(lines[0].hasSuffix("through its claim on src/; it is built and waits for a review"))
    #expect(lines[1].hasSuffix("; its agent is at work") && lines[1].hasPrefix("  b: held by"))
    #expect(lines[2] == "  c: changed on trunk since this branch left it (stale base)")
    #expect(lines.allSatisfy { $0.count < 250 })
    let order = ["lanekeeper sync", "git restore --staged", "lanekeeper claims", "End here"]
    let places = order.map { word in lines.firstIndex { $0.contains(word) } ?? -1 }
    #expect(places == places.sorted() && places[0] > 2, "\(lines)")
    // Where there is no rest, nobody is told to commit it.
    let all = RefusalText.lines(held + [other], isAll: true, titleOf: { _ in nil })
    #expect(all.count == 3 && all[2].contains("nothing that can be committed"), "\(all)")
    #expect(all[2].contains("exit status 0") && !all[2].contains("the rest"))
    // A branch that is only behind is not forbidden anything.
    let behind = RefusalText.lines([stale], titleOf: { _ in nil }).joined(separator: "\n")
    #expect(!behind.contains("held") && behind.contains("then commit again"))
  }

  @Test(arguments: [ClaimOwner.Kind.feature, .person, .session])
  func ownersAreToldInWordsWhereverTheyStand(kind: ClaimOwner.Kind) {
    let owner = ClaimOwner(kind: kind, id: "7")
    #expect("\(owner)" == RefusalText.name(owner) && !"\(owner)".contains("kind:"))
  }
}
