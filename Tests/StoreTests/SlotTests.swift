import Model
import Store
import TestSupport
import Testing

/// Named slots as the store gives them.
@Suite(.bounded) struct SlotTests {
  private func bench(
    _ features: [String: [String]], _ capacities: [String: Int]
  ) throws -> StoreBench {
    let bench = try StoreBench([])
    try bench.store.setSlots(capacities)
    try takeOver(bench, features)
    return bench
  }

  private func takeOver(_ bench: StoreBench, _ features: [String: [String]]) throws {
    try bench.store.takeOver(
      features.sorted { $0.key < $1.key }.map { id, slots in
        Feature(id: id, title: "Feature \(id)", category: "backend", slots: slots)
      })
  }

  private func isStarted(_ start: AttemptStart) -> Bool {
    if case .started = start { return true }
    return false
  }

  /// Who holds each instance: `browser 1: #3`, `database 2: integration`.
  private func holds(_ store: Store) throws -> [String] {
    try store.slotHolds().map { hold in
      switch hold.holder {
      case .attempt(let feature, _): "\(hold.name) \(hold.number): #\(feature)"
      case .gate(let room): "\(hold.name) \(hold.number): \(room)"
      }
    }
  }

  private func waitingFor(_ bench: StoreBench, _ id: String) throws -> String? {
    var told = [try #require(try bench.store.feature(id))]
    try bench.store.tellSlotWaits(&told)
    return told[0].waitingFor
  }

  @Test func allOrNothingAndBackAtTheEnd() throws {
    let bench = try bench(
      ["1": ["browser"], "2": ["browser", "database"], "3": ["database"], "4": []],
      ["browser": 1, "database": 2])
    #expect(try isStarted(bench.start("1")))
    #expect(try bench.start("2", claims: ["a"]) == .noSlot(["browser"]))
    // Neither paths nor the other slot are held by one that did not start.
    #expect(try holds(bench.store) == ["browser 1: #1"])
    #expect(try bench.held("2") == [])
    #expect(try bench.state("2") == .ready)
    #expect(try waitingFor(bench, "2") == "slot:browser")
    #expect(try isStarted(bench.start("3")))
    #expect(try isStarted(bench.start("4")))
    #expect(try bench.store.slots(of: .attempt(feature: "3", number: 1)) == ["database": 1])
    #expect(try bench.store.freeSlots() == ["browser": 0, "database": 1])
    #expect(
      Wait.slots(["browser"]).words(holds: try bench.store.slotHolds())
        == "for the slot browser, which #1 holds")
    try bench.end("1", .interrupted(.stopped, detail: "stopped"))
    #expect(try waitingFor(bench, "2") == nil)
    #expect(try isStarted(bench.start("2")))
    #expect(try holds(bench.store) == ["browser 1: #2", "database 1: #3", "database 2: #2"])
    try bench.end("3", .completed(review: false))
    try bench.end("2", .failed(detail: "no", rework: nil, maximum: 3))
    #expect(try holds(bench.store) == [])
  }

  @Test func fewerThanAreHeldGivesNoneUntilThereIsRoom() throws {
    let bench = try bench(
      ["1": ["db"], "2": ["db"], "3": ["db"], "4": ["db"]], ["db": 3])
    for id in ["1", "2", "3"] { #expect(try isStarted(bench.start(id))) }
    try bench.store.setSlots(["db": 1])
    try bench.end("1", .completed(review: false))
    try bench.end("2", .completed(review: false))
    // The third is still held, and there is one only.
    #expect(try bench.start("4") == .noSlot(["db"]))
    try bench.end("3", .completed(review: false))
    #expect(try isStarted(bench.start("4")))
    // A slot that there is no more is never given.
    try bench.store.setSlots([:])
    try bench.end("4", .interrupted(.stopped, detail: "stopped"))
    #expect(try bench.start("4") == .noSlot(["db"]))
  }

  @Test func sessionsShareThem() throws {
    let bench = try bench(
      ["1": ["browser"], "2": ["browser"], "3": []], ["browser": 1])
    func take(_ agent: String) throws -> [String] {
      try bench.store.claimFeatures(
        2, agent: agent, policies: PathPolicies([]), requests: { _ in [] },
        base: { String(repeating: "a", count: 40) }
      ).map(\.id)
    }
    #expect(try take("one") == ["1", "3"])
    #expect(try take("two") == [])
    #expect(try bench.start("2") == .noSlot(["browser"]))
    try bench.store.releaseFeatures(["1"], agent: "one")
    #expect(try isStarted(bench.start("2")))
    #expect(try take("two") == [])
  }

  @Test func aGateWaitsAndNoFeatureTakesWhatItWaitsFor() throws {
    let bench = try bench(
      ["1": ["db"], "2": ["db"], "3": ["web"]], ["db": 1, "web": 1])
    #expect(try isStarted(bench.start("1")))
    #expect(try bench.store.takeGateSlots(["db", "web"], room: "integration") == nil)
    // It holds none before it has all, and none of them goes to another.
    #expect(try holds(bench.store) == ["db 1: #1"])
    #expect(try bench.start("3") == .noSlot(["web"]))
    try bench.end("1", .completed(review: false))
    #expect(try bench.start("2") == .noSlot(["db"]))
    #expect(
      try bench.store.takeGateSlots(["db", "web"], room: "integration") == ["db": 1, "web": 1])
    #expect(try bench.store.roomsWithSlots() == ["integration"])
    // A second gate in the same place is one whose process was killed; it has none.
    #expect(try bench.store.takeGateSlots(["db"], room: "integration") == ["db": 1])
    #expect(try holds(bench.store) == ["db 1: integration"])
    try bench.store.giveGateSlotsBack(room: "integration")
    #expect(try isStarted(bench.start("2")))
    #expect(try isStarted(bench.start("3")))
    // One that was killed while it waited keeps nobody off for long.
    #expect(try bench.store.takeGateSlots(["db"], room: "integration-2") == nil)
    try bench.end("2", .interrupted(.stopped, detail: "stopped"))
    #expect(try bench.start("2") == .noSlot(["db"]))
    bench.clock.advance(21_000)
    #expect(try isStarted(bench.start("2")))
  }

  /// 1 has the slot and wants a path; 2 has the path and wants the slot. Who has done less yields.
  @Test(arguments: [true, false])
  func whoHoldsASlotAndWaitsForOneThatNeedsItIsFreed(hasDoneMore: Bool) throws {
    let bench = try bench(["1": ["db"], "2": ["db"]], ["db": 1])
    try bench.start("2")
    _ = try bench.claim("2", "a.txt")
    try bench.end("2", .failed(detail: "no", rework: "again", maximum: 3), changed: ["a.txt"])
    #expect(try isStarted(bench.start("1")))
    if hasDoneMore {
      for path in ["b.txt", "c.txt"] { _ = try bench.claim("1", path) }
      try bench.end("1", .interrupted(.stopped, detail: "stopped"), changed: ["b.txt", "c.txt"])
      #expect(try isStarted(bench.start("1")))
    }
    #expect(try bench.start("2") == .noSlot(["db"]))
    let answer = try bench.wait("1", "a.txt")
    #expect(try bench.store.events(after: 0).contains { $0.type == "deadlock_resolved" })
    #expect(try bench.state("2") == .ready)
    if hasDoneMore {
      // Nothing of 2 runs, so it yields at once, and stays ready for the slot.
      guard case .granted = answer else {
        Issue.record("1 waits for ever: \(answer)")
        return
      }
      #expect(try bench.held("2") == [])
    } else {
      #expect(answer == .mustYield(to: "2"))
      try bench.end("1", .refusedClaim(detail: "was refused a.txt"))
      #expect(try isStarted(bench.start("2")))
    }
  }

  @Test func whoKeepsAGateWaitingYieldsToWhatIsBuilt() throws {
    let bench = try bench(["1": ["db"], "2": []], ["db": 1])
    try bench.start("2")
    _ = try bench.claim("2", "a.txt")
    try bench.end("2", .completed(review: false), changed: ["a.txt"])
    #expect(try bench.state("2") == .queued)
    #expect(try isStarted(bench.start("1")))
    guard case .held = try bench.wait("1", "a.txt") else {
      Issue.record("2 holds it")
      return
    }
    // The gate of 2 needs the slot of 1, which waits for 2.
    #expect(try bench.store.takeGateSlots(["db"], room: "integration") == nil)
    #expect(try bench.poll("1", "a.txt") == .mustYield(to: "2"))
    try bench.end("1", .refusedClaim(detail: "was refused a.txt"))
    #expect(try bench.state("2") == .queued)
    #expect(try bench.store.takeGateSlots(["db"], room: "integration") == ["db": 1])
    try bench.store.giveGateSlotsBack(room: "integration")
    try bench.land("2")
    #expect(try bench.state("1") == .ready)
    #expect(try isStarted(bench.start("1")))
  }

  /// Whatever is done in whatever order: no more is held than there is, what is held is held by who is at
  /// work, and in the end everything has had its turn.
  @Test(arguments: 1...40)
  func randomLives(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let capacities = ["a": 1 + random.below(2), "b": 1 + random.below(3), "c": 1]
    var features: [String: [String]] = [:]
    for id in 1...9 {
      features["\(id)"] = ["a", "b", "c"].filter { _ in random.below(2) == 0 }
    }
    let gate = ["a", "b", "c"].filter { _ in random.below(3) == 0 }
    let bench = try bench(features, capacities)
    let store = bench.store
    var gateRuns = false
    func check() throws {
      let held = try store.slotHolds()
      for (name, capacity) in capacities {
        #expect(held.count { $0.name == name } <= capacity, "seed \(seed): \(name)")
      }
      for (id, slots) in features {
        let own = held.filter { $0.holder == .attempt(feature: id, number: 1) }
          .map(\.name)
        let other = held.filter {
          if case .attempt(id, let number) = $0.holder { return number > 1 }
          return false
        }.map(\.name)
        let isRunning = try bench.state(id) == .running
        #expect(Set(own + other) == (isRunning ? Set(slots) : []), "seed \(seed): #\(id)")
      }
      let rooms = held.contains { $0.holder == .gate(room: "integration") }
      #expect(rooms == (gateRuns && !gate.isEmpty), "seed \(seed)")
    }
    /// One turn of who lands: the gate begins, or ends and lands.
    func land() throws {
      guard let first = try store.features(in: [.queued]).first else { return }
      if !gateRuns {
        gateRuns = try gate.isEmpty || store.takeGateSlots(gate, room: "integration") != nil
      } else {
        try store.giveGateSlotsBack(room: "integration")
        gateRuns = false
        try bench.land(first.id)
      }
    }
    func step(_ id: String, ends: Bool) throws {
      switch try bench.state(id) {
      case .ready: try bench.start(id)
      case .running where ends || random.below(3) > 0:
        let file = "f\(random.below(4))"
        let outcome = try bench.claim(id, file)
        if case .refused = outcome {
          switch random.below(2) {
          case 0:
            try bench.end(id, .refusedClaim(detail: "was refused \(file)"))
          default:
            switch try bench.wait(id, file) {
            case .mustYield: try bench.end(id, .refusedClaim(detail: "was refused \(file)"))
            default: break
            }
          }
        } else if ends {
          try bench.end(id, .completed(review: false), changed: try bench.held(id).map { $0 })
        }
      case .running:
        try bench.end(
          id,
          random.below(2) == 0
            ? .interrupted(.stopped, detail: "stopped")
            : .failed(detail: "no", rework: "x", maximum: 99),
          changed: try bench.held(id).map { $0 })
      default: break
      }
    }
    for _ in 0..<120 {
      bench.clock.advance(500)
      if random.below(4) == 0 {
        try land()
      } else {
        try step("\(1 + random.below(9))", ends: false)
      }
      try check()
    }
    // From here on everybody does what an agent and a lander do: nothing stands still for ever.
    for _ in 0..<400 where try !store.features().allSatisfy({ $0.state == .landed }) {
      bench.clock.advance(1000)
      try land()
      for id in 1...9 { try step("\(id)", ends: true) }
      try check()
    }
    let states = try store.features().map {
      "#\($0.id) \($0.state.rawValue) \($0.waitingFor ?? "")"
    }
    let left = try holds(store)
    #expect(
      try store.features().allSatisfy { $0.state == .landed }, "seed \(seed): \(states), \(left)")
    if gateRuns { try store.giveGateSlotsBack(room: "integration") }
    #expect(try store.slotHolds() == [])
  }
}
