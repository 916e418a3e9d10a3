import Foundation
import GRDB
import Model
import TestSupport
import Testing

@testable import Store

/// Whole lives of random backlogs, driven against the real store: whatever is done that the table of states allows
/// is done, and nothing is left that nobody has in hand.
///
/// `LANEKEEPER_LIVES=5000` takes so many, from `LANEKEEPER_SEED` on.
@Suite(.bounded) struct LivesTests {
  static let seeds: [UInt64] = {
    let environment = ProcessInfo.processInfo.environment
    let first = environment["LANEKEEPER_SEED"].flatMap(UInt64.init) ?? 1
    let count = environment["LANEKEEPER_LIVES"].flatMap(UInt64.init) ?? 40
    return Array(first..<first + count)
  }()

  @Test func p1_p7_noMoveIsRefusedAndNobodyIsForgotten() throws {
    for seed in Self.seeds {
      var life = try Life(seed: seed)
      do {
        try life.live()
      } catch {
        Issue.record("seed \(seed): \(error)\n\(life.story.suffix(12).joined(separator: "\n"))")
        return
      }
    }
  }
}

/// One backlog, and what befalls it.
private struct Life {
  struct Wrong: Error, CustomStringConvertible {
    var description: String
    init(_ text: String) { description = text }
  }

  let bench: StoreBench
  private var random: SplitMix64
  private(set) var story: [String] = []
  private var ids: [String]
  private var needs: [String: [String]] = [:]
  private var open: [[LandingRecord]] = []
  private var made: Int
  private static func hex(_ letter: String) -> String { String(repeating: letter, count: 40) }

  private var store: Store { bench.store }

  init(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    made = 2 + random.below(7)
    ids = (1...made).map(String.init).shuffled(using: &random)
    self.random = random
    bench = try StoreBench([], inMemory: true)
    try store.setClaimSettings(
      target: "refs/heads/main", policy: "auto", humans: "off", policies: [],
      stacks: self.random.oneIn(3))
    for (place, id) in ids.enumerated() { needs[id] = draw(place, of: 2) }
    try edit()
  }

  /// Dependencies on features before this place, so that there is no cycle.
  private mutating func draw(_ place: Int, of count: Int) -> [String] {
    Array(
      Set(
        (0..<random.below(count + 2)).compactMap { _ in
          place > 0 ? ids[random.below(place)] : nil
        })
    ).sorted()
  }

  private mutating func edit() throws {
    // The order of the file is not that of the graph.
    try bench.takeOver(ids.shuffled(using: &random), needs: needs)
  }

  mutating func live() throws {
    for _ in 0..<60 {
      bench.clock.advance(1000)
      let known = story.count
      try step()
      if story.count > known { try check() }
    }
    try finish()
  }

  // MARK: what happens

  private mutating func pick(_ states: FeatureState...) throws -> FeatureRecord? {
    let found = try store.features(in: states)
    return found.isEmpty ? nil : found[random.below(found.count)]
  }

  private mutating func tell(_ words: String) { story.append(words) }

  private mutating func step() throws {
    switch random.below(22) {
    case 0...5: try start()
    case 6...10: try endAttempt()
    case 11...12: try beginLanding()
    case 13...14: try endLanding()
    case 15: try judge()
    case 16: try changeBacklog()
    case 17: try askForMore()
    case 18: try limit()
    case 19: try undo()
    case 20: try waitWhileRunning()
    default: try foreign()
    }
  }

  private func paths(_ random: inout SplitMix64) -> [String] {
    (0..<random.below(3)).map { _ in "f\(random.below(6))" }
  }

  private mutating func start() throws {
    guard let feature = try pick(.ready), feature.inBacklog else { return }
    tell("start \(feature.id)")
    let lane = try store.reserveLane() ?? store.addLane { "lane-\($0)" }
    let result = try store.startAttempt(
      AttemptRequest(
        feature: feature.id, participant: "p", lane: lane.number,
        branch: "refs/heads/lane/\(feature.id)", tier: .haiku, modelName: "haiku", choice: "test",
        mark: "m", claims: try bench.requests(paths(&random)), policies: PathPolicies([])),
      above: { _ in Self.hex("b") }, base: { Self.hex("a") })
    if case .started = result { return }
    try store.finishLane(lane.number)
  }

  private mutating func endAttempt(_ wish: Int? = nil) throws {
    guard let attempt = try store.runningAttempts().randomElement(using: &random) else { return }
    let end: AttemptEnd =
      switch wish ?? random.below(6) {
      case 0...1: .completed(review: random.oneIn(3))
      case 2...3: .failed(detail: "f", rework: "again", maximum: 1 + random.below(3))
      case 4: .interrupted(.stopped, detail: "i")
      default: .refusedClaim(detail: "r")
      }
    tell("end \(attempt.feature) \(end)")
    let changed = try store.claims(of: .feature(attempt.feature)).filter { _ in random.oneIn(2) }
    let trouble = try store.endAttempt(
      attempt.feature, attempt.number, end, tip: Self.hex("c"), changed: changed.map(\.path.bytes))
    if let trouble { throw Wrong(trouble) }
  }

  private mutating func waitWhileRunning() throws {
    guard let feature = try pick(.running) else { return }
    tell("wait \(feature.id)")
    let wanted = try bench.requests(["f\(random.below(6))"])
    switch random.below(3) {
    case 0:
      _ = try store.claim(
        wanted, owner: .feature(feature.id), agent: nil, policies: PathPolicies([]))
    case 1:
      _ = try store.beginWait(feature.id, for: wanted, agent: nil, policies: PathPolicies([]))
    default: _ = try store.pollWait(feature.id, for: wanted, agent: nil, policies: PathPolicies([]))
    }
  }

  private mutating func beginLanding() throws {
    let waits = try store.featureWaits()
    let queued = try store.queue().map(\.feature.id).filter { waits[$0] == .landing }
    let chain = queued.shuffled(using: &random).prefix(1 + random.below(3))
    guard !chain.isEmpty, open.isEmpty else { return }
    tell("landing \(chain)")
    open.append(
      try store.beginChain(
        chain.map {
          NewLanding(
            feature: $0, kind: .feature, laneTip: Self.hex("c"), base: Self.hex("a"),
            previous: Self.hex("a"), commit: Self.hex("d"), tree: Self.hex("e"))
        }))
  }

  private mutating func endLanding(_ wish: Int? = nil) throws {
    guard let chain = open.popLast() else { return }
    let kind = wish ?? random.below(5)
    tell("landing ends: \(chain.map(\.feature)) \(kind)")
    switch kind {
    case 0...1: try store.settle(chain, wasGated: true)
    case 2: try store.requeue(chain, detail: "again")
    default:
      for landing in chain {
        let others = try store.features().filter { $0.id != landing.feature }
          .filter { try !store.claims(of: .feature($0.id)).isEmpty }
        let holder = others.randomElement(using: &random)
        let maximum = 1 + random.below(3)
        switch random.below(3) {
        case 0:
          try store.stopLanding(
            landing, .gateFailed(detail: "red", rework: "red", maximum: maximum))
        case 1 where holder != nil:
          try store.stopLanding(
            landing, .waits(holder: holder!.id, detail: "held", rework: "held"))
        default:
          try store.stopLanding(
            landing, .sentBack(detail: "back", rework: "back", maximum: maximum))
        }
      }
    }
  }

  private static let looked = ReviewedState(tip: hex("c"), base: hex("a"), digest: "x")

  private mutating func judge() throws {
    if random.oneIn(4), let feature = try pick(.queued) {
      tell("to review \(feature.id)")
      return try store.sendToReview(feature.id, detail: "changed")
    }
    guard let feature = try pick(.inReview) else { return }
    tell("judge \(feature.id)")
    if random.oneIn(2) {
      try store.approve(feature.id, state: Self.looked, person: "P", isEnough: true)
    } else {
      try store.requestChanges(
        feature.id, state: Self.looked, person: "P", text: "no", comments: [], rework: "no")
    }
  }

  private mutating func changeBacklog() throws {
    switch random.below(4) {
    case 0:
      made += 1
      ids.append("\(made)")
      needs["\(made)"] = draw(ids.count - 1, of: 2)
    case 1 where ids.count > 2:
      let gone = ids.remove(at: random.below(ids.count))
      for id in ids { needs[id]?.removeAll { $0 == gone } }
    default:
      let place = random.below(ids.count)
      needs[ids[place]] = draw(place, of: 3)
    }
    tell("backlog \(ids.map { "\($0): \(needs[$0] ?? [])" })")
    try edit()
  }

  /// What a person may ask of a feature.
  private mutating func askForMore() throws {
    switch random.below(3) {
    case 0:
      guard
        let feature = try store.features().filter({
          $0.state.allowedSuccessors.contains(.abandoned)
        }).randomElement(using: &random)
      else { return }
      tell("abandon \(feature.id)")
      try store.abandon(feature.id)
    case 1:
      guard let feature = try pick(.failed, .blocked, .waiting, .abandoned, .ready) else { return }
      tell("retry \(feature.id)")
      try store.retry(feature.id)
    default:
      guard let feature = try pick(.landed, .undone, .failed, .abandoned) else { return }
      tell("reopen \(feature.id)")
      try store.reopen(feature.id)
    }
  }

  private mutating func limit() throws {
    switch random.below(4) {
    case 0:
      guard let feature = try pick(.ready) else { return }
      tell("limit \(feature.id)")
      try store.waitForLimit(feature.id, until: store.now + 2000, detail: "l")
    case 1:
      tell("budget")
      try store.wakeBudget()
    default:
      tell("wake")
      try store.wakeLimited(all: random.oneIn(2))
    }
  }

  private mutating func undo() throws {
    guard open.isEmpty, let feature = try pick(.landed) else { return }
    tell("undo \(feature.id)")
    if random.oneIn(3) {
      return try store.reconcileForced(moved: [:], lost: [feature.id], detail: "forced", notes: [:])
    }
    try store.requestUndo([(feature.id, Self.hex("d"), Self.hex("a"))])
    let landing = NewLanding(
      feature: feature.id, kind: .undo, laneTip: Self.hex("d"), base: Self.hex("a"),
      previous: Self.hex("d"), commit: Self.hex("f"), tree: Self.hex("e"))
    let chain = try store.beginChain([landing])
    if random.oneIn(2) {
      try store.settle(chain, wasGated: true)
    } else {
      try store.stopLanding(chain[0], .sentBack(detail: "no", rework: "no", maximum: 1))
    }
  }

  /// Somebody else brought the work to the target, or turned it away.
  private mutating func foreign() throws {
    if random.oneIn(2), let feature = try pick(.queued) {
      tell("turned away \(feature.id)")
      return try store.turnAway(
        feature.id, laneTip: Self.hex("c"), base: Self.hex("a"), target: Self.hex("a"),
        .sentBack(detail: "conflict", rework: "conflict", maximum: 2))
    }
    let states: [FeatureState] = [.ready, .waiting, .inReview, .queued, .failed]
    guard let feature = try pick(.ready, .waiting, .inReview, .queued, .failed) else { return }
    tell("foreign \(feature.id)")
    try store.settleForeign(feature.id, from: states, laneTip: Self.hex("c"), commit: Self.hex("d"))
  }

  // MARK: what has to hold

  private func check() throws {
    let features = try store.features()
    let byID = Dictionary(features.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let last = try store.lastEvent()
    try store.settleReadiness()
    guard try store.lastEvent() == last else {
      throw Wrong(
        "left unsettled: \(try store.events(after: last, limit: 9).map { "\($0.type) \($0.feature ?? "")" })"
      )
    }
    for (id, wait) in try store.featureWaits() {
      let feature = byID[id]!
      if wait == .lost { throw Wrong("#\(id) is \(feature.state), and nobody has it in hand") }
      if case .outside(.claim(let owner)) = wait, owner.kind == .feature {
        let holder = owner.id
        guard try !store.claims(of: .feature(holder)).isEmpty else {
          throw Wrong("#\(id) waits for \(owner.text), which holds nothing")
        }
      }
      guard feature.inBacklog, feature.state.isFinal else { continue }
      if feature.state != .undone, try !store.claims(of: .feature(id)).isEmpty {
        throw Wrong("#\(id) is \(feature.state) and holds claims")
      }
    }
    guard try store.takeUpLost() == [] else { throw Wrong("something was lost") }
  }

  // MARK: the end

  /// From now on all goes well: everything comes to its end, but what waits for one that was undone.
  private mutating func finish() throws {
    tell("finish")
    while !open.isEmpty { try endLanding(0) }
    for feature in try store.features() where !feature.inBacklog {
      if feature.state.allowedSuccessors.contains(.abandoned) { try store.abandon(feature.id) }
    }
    var turns = 0
    while true {
      let before = try store.lastEvent()
      try store.wakeLimited(all: true)
      try store.endDeadWaits()
      while try !store.runningAttempts().isEmpty {
        try endAttempt(try store.runningAttempts().count > 1 ? random.below(2) : 0)
      }
      while let feature = try pick(.inReview) {
        try store.approve(feature.id, state: Self.looked, person: "P", isEnough: true)
      }
      try beginLanding()
      try endLanding(0)
      try start()
      try check()
      turns += 1
      guard try store.lastEvent() != before else { break }
      guard turns < 2000 else { throw Wrong("no end") }
    }
    let waits = try store.featureWaits()
    /// There is no cycle, so at the end of each such line stands one that a person has to decide on.
    func standsBehindAnother(_ wait: FeatureWait?) -> Bool {
      switch wait {
      case .dependencies(let needs): needs.keys.allSatisfy { standsBehindAnother(waits[$0]) }
      case .outside(.claim(let owner)): standsBehindAnother(waits[owner.id])
      default: wait == .over
      }
    }
    for (id, wait) in waits {
      guard let feature = try store.feature(id), feature.inBacklog else { continue }
      switch wait {
      case .over: continue
      case .dependencies where standsBehindAnother(wait), .outside where standsBehindAnother(wait):
        continue
      default:
        throw Wrong(
          "#\(id) does not come to an end: \(feature.state), \(wait), \(feature.waitingFor ?? "")")
      }
    }
  }
}

@Suite(.bounded) struct TroubleTests {

  @Test func p7_aFeatureFailsForGoodUnderATransitiveEdge() throws {
    let bench = try StoreBench(["1", "2", "3"], needs: ["2": ["1"], "3": ["1", "2"]])
    try bench.start("1")
    try bench.end("1", .failed(detail: "f", rework: nil, maximum: 1))
    #expect(try ["1", "2", "3"].map(bench.state) == [.failed, .blocked, .blocked])
    try bench.store.retry("1")
    #expect(try ["1", "2", "3"].map(bench.state) == [.ready, .pending, .pending])
    try bench.store.abandon("1")
    #expect(try ["1", "2", "3"].map(bench.state) == [.abandoned, .blocked, .blocked])
  }

  @Test func p1_whatIsAskedForAgainWaitsForTheEndOfItsAttempt() throws {
    for again in [{ (store: Store) in try store.retry("1") }, { try $0.reopen("1") }] {
      let bench = try StoreBench(["1"])
      try bench.start("1", claims: ["a"])
      try bench.store.abandon("1")
      try again(bench.store)
      #expect(try bench.state("1") == .pending)
      #expect(try bench.store.featureWaits()["1"] == .work)
      try bench.end("1", .interrupted(.stopped, detail: "ended"))
      #expect(try bench.state("1") == .ready)
    }
  }

  @Test(arguments: [true, false])
  func p7_whoMayStandOnAnUnlandedBranchIsSettledWithIt(isRefused: Bool) throws {
    let bench = try StoreBench(
      ["1", "2", "3", "4"], needs: ["2": ["1"], "3": ["1"]])
    try bench.store.setClaimSettings(
      target: "refs/heads/main", policy: "auto", humans: "off", policies: [], stacks: true)
    try bench.start("4", claims: ["held"])
    try bench.start("1")
    try bench.end("1", .completed(review: true))
    #expect(try bench.state("2") == .ready && bench.state("3") == .ready)
    // One line of work stands on a branch, whether its attempt got its paths or waits for them.
    try bench.start("2", claims: isRefused ? ["held"] : [], stacks: true)
    #expect(try bench.state("2") == (isRefused ? .waiting : .running))
    #expect(try bench.state("3") == .pending)
    if !isRefused { try bench.end("2", .interrupted(.stopped, detail: "i")) }
    let hex = String(repeating: "a", count: 40)
    try bench.store.settleForeign(
      "2", from: [.ready, .waiting], laneTip: hex, commit: hex)
    #expect(try bench.state("3") == .ready)
  }

  @Test func p7_anEdgeIsAddedWhileADependencyHasFailed() throws {
    let bench = try StoreBench(["1", "2", "3", "4"], needs: ["2": ["1"]])
    try bench.start("1")
    try bench.end("1", .failed(detail: "f", rework: nil, maximum: 1))
    try bench.takeOver(
      ["4", "3", "2", "1"], needs: ["2": ["1"], "3": ["2", "1"], "4": ["3", "1"]])
    #expect(try ["1", "2", "3", "4"].map(bench.state) == [.failed, .blocked, .blocked, .blocked])
  }

  /// What a fault of the program, or of the state file, makes of a move.
  private func refuse(_ bench: StoreBench, _ state: String) throws {
    try bench.store.write { db in
      try db.execute(
        sql: """
          CREATE TRIGGER refused BEFORE UPDATE ON features WHEN NEW.state = '\(state)'
          BEGIN SELECT RAISE(ABORT, 'refused'); END
          """)
    }
  }

  @Test func p7_theEndOfAnAttemptIsWrittenDownWhateverElseFails() throws {
    let bench = try StoreBench(["1", "2"], needs: ["2": ["1"]])
    try bench.start("1", claims: ["a"])
    try refuse(bench, "blocked")
    let trouble = try bench.store.endAttempt(
      "1", 1, .failed(detail: "f", rework: nil, maximum: 1), tip: nil, changed: [])
    #expect(trouble?.contains("refused") == true)
    #expect(try bench.store.attempt("1", 1)?.state == .failed)
    #expect(try bench.state("1") == .failed)
    #expect(try bench.store.runningAttempts().isEmpty)
    #expect(
      try bench.store.events(after: 0, limit: .max).contains { $0.type == "store_error" })
  }

  @Test func p7_theEndOfALandingIsWrittenDownWhateverElseFails() throws {
    let bench = try StoreBench(["1", "2"], needs: ["2": ["1"]])
    try bench.start("1", claims: ["a"])
    try bench.end("1", .completed(review: false), changed: ["a"])
    let hex = String(repeating: "a", count: 40)
    let chain = try bench.store.beginChain([
      NewLanding(
        feature: "1", kind: .feature, laneTip: hex, base: hex, previous: hex, commit: hex, tree: hex
      )
    ])
    try refuse(bench, "blocked")
    try bench.store.stopLanding(chain[0], .gateFailed(detail: "red", rework: "red", maximum: 1))
    #expect(try bench.store.openLandings().isEmpty)
    #expect(try bench.state("1") == .failed)
  }

  @Test func p7_whatNobodyHasInHandIsTakenUp() throws {
    let bench = try StoreBench(["1", "2", "3"])
    try bench.start("1")
    try bench.start("2")
    try bench.end("2", .completed(review: false))
    try bench.store.transition("2", from: [.queued], to: .landing)
    try bench.store.write { db in
      try db.execute(sql: "UPDATE attempts SET state = 'failed' WHERE feature = '1'")
    }
    #expect(try bench.store.featureWaits()["1"] == .lost)
    #expect(try bench.store.takeUpLost().sorted() == ["1", "2"])
    #expect(try bench.state("1") == .ready && bench.state("2") == .queued)
    #expect(try bench.store.takeUpLost() == [])
  }
}
