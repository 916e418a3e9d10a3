import Backlog
import Model
import PlanningSamples
import TestSupport
import Testing

@testable import Planning

@Suite(.bounded) struct ScheduleTests {
  @Test func schedulesStayNearTheLowerBound() {
    var score = ScheduleScore()
    for seed in 0..<1000 {
      let sample = SampleBacklog.random(seed: seed)
      for agents in [2, 3, 5] { score.add(sample, agents: agents) }
    }
    #expect(score.count == 3000 && score.aboveGraham == 0)
    #expect(score.mean < 0.05, "\(score.mean)")
  }

  @Test func footprintsKeepCollidingFeaturesApart() {
    var score = CollisionScore()
    for seed in 0..<80 {
      let sample = SampleBacklog.random(seed: seed)
      let footprints = SampleFootprints(sample.backlog, seed: seed)
      score.add(
        sample, touched: footprints.touched, foretold: footprints.foretold, agents: 3)
    }
    #expect(score.without > 150)
    #expect(score.collisions < 1.0 / 3, "\(score.collisions)")
    #expect(score.makespan < 1.10, "\(score.makespan)")
  }

  /// Backlogs as people have them: few features can start at a time, so that it costs more to wait.
  @Test func theyAreKeptApartInNarrowBacklogsToo() {
    var score = CollisionScore()
    for agents in [2, 3, 5] {
      for seed in 0..<30 {
        let sample = SampleBacklog.narrow(seed: seed)
        let footprints = SampleFootprints(sample.backlog, seed: seed)
        score.add(
          sample, touched: footprints.touched, foretold: footprints.foretold, agents: agents)
      }
    }
    #expect(score.without > 100)
    #expect(score.collisions < 1.0 / 3, "\(score.collisions)")
    #expect(score.makespan < 1.10, "\(score.makespan)")
  }

  /// A feature that waits for another goes when that is done, when its time has come, or when nobody works.
  @Test func heldFeaturesAreReleased() {
    let backlog = Backlog(features: ["a", "b", "c", "d"].map { Feature(id: $0, title: $0) })
    let path = [PathLikelihood(path: "p", likelihood: 1)]
    func fresh() -> RunSchedule {
      var schedule = RunSchedule(
        backlog, seconds: { _ in 100 },
        collisions: Collisions(
          ids: ["a", "b", "c", "d"], footprints: ["a": path, "b": path]), agents: 2)
      for id in ["a", "b", "c", "d"] { schedule.set(id, .ready) }
      return schedule
    }
    func start(_ schedule: inout RunSchedule) -> String {
      guard case .start(let id) = schedule.next() else { return "-" }
      schedule.set(id, .active)
      return id
    }
    var schedule = fresh()
    let first = [start(&schedule), start(&schedule)]
    #expect(first.filter { ["a", "b"].contains($0) }.count == 1, "\(first)")
    let (one, other) = first.contains("a") ? ("a", "b") : ("b", "a")
    schedule.set(first.first { $0 != one }!, .out)
    let third = start(&schedule)
    #expect(["c", "d"].contains(third))
    schedule.set(third, .out)
    #expect(schedule.next() == .wait(other))
    #expect(schedule.next(mayRest: false) == .start(other))
    // Its time has come although the one that it waits for is still at work.
    schedule.advance(to: 1000)
    #expect(schedule.next() == .start(other))
    schedule = fresh()
    _ = [start(&schedule), start(&schedule)]
    schedule.set(one, .out)
    schedule.set("c", .out)
    schedule.set("d", .out)
    #expect(schedule.next() == .start(other))
    // What failed and is tried again is held back for nobody.
    schedule.set(one, .active)
    schedule.set(other, .ready, isRework: true)
    #expect(schedule.next() == .start(other))
  }

  /// All may collide with all: still everything runs, in an order that respects the edges.
  @Test func nothingStarves() {
    for seed in 0..<20 {
      let sample = SampleBacklog.random(seed: seed)
      let ids = sample.backlog.features.map(\.id)
      let footprints = Dictionary(
        uniqueKeysWithValues: ids.map { ($0, [PathLikelihood(path: "all", likelihood: 1)]) })
      let result = RunSimulation(
        backlog: sample.backlog, agents: 3, seconds: sample.seconds
      ).run(collisions: Collisions(ids: ids, footprints: footprints))
      #expect(result.order.sorted() == ids.sorted())
      for feature in sample.backlog.features {
        for edge in feature.dependencies {
          #expect(
            result.starts[edge.id]! + sample.seconds[edge.id]! <= result.starts[feature.id]! + 1e-6)
        }
      }
    }
    // One that would always collide starts although others, which don't, keep coming.
    var backlog = Backlog(features: [])
    var foretold: [String: [PathLikelihood]] = [:]
    for number in 0..<200 {
      let id = String(number)
      backlog.features.append(Feature(id: id, title: id, priority: number == 0 ? 1 : 0))
      foretold[id] = [
        PathLikelihood(path: number % 2 == 0 ? "hot" : "cold\(number)", likelihood: 1)
      ]
    }
    let seconds = Dictionary(uniqueKeysWithValues: backlog.features.map { ($0.id, 60.0) })
    var schedule = RunSchedule(
      backlog, seconds: { seconds[$0]! },
      collisions: Collisions(ids: backlog.features.map(\.id), footprints: foretold))
    schedule.set("2", .active)
    for number in 0..<200 where number != 2 { schedule.set(String(number), .ready) }
    var starts = 0
    while true {
      guard case .start(let id) = schedule.next() else {
        Issue.record("an agent rests while others could work")
        break
      }
      starts += 1
      if id == "0" { break }
      schedule.set(id, .out)
    }
    #expect(starts > 1 && starts < 40)
  }

  @Test func reworkAndPriorityGoFirst() {
    let backlog = Backlog(features: [
      Feature(id: "a", title: "a"), Feature(id: "b", title: "b"),
      Feature(id: "c", title: "c", priority: 5),
    ])
    var schedule = RunSchedule(backlog, seconds: { _ in 1 })
    schedule.set("a", .ready)
    schedule.set("b", .ready, isRework: true)
    schedule.set("c", .ready)
    var order: [String] = []
    while case .start(let id) = schedule.next() {
      order.append(id)
      schedule.set(id, .active)
    }
    #expect(order == ["b", "c", "a"])
    schedule.set("a", .ready, priority: 1)
    schedule.set("c", .ready, priority: -1)
    #expect(schedule.next() == .start("a"))
    schedule.set("a", .out)
    schedule.set("c", .out)
    #expect(schedule.next() == .nothing)
  }

  @Test func anAgentRestsOnlyWhileOthersWork() {
    let backlog = Backlog(
      features: ["a", "b", "c", "d"].map { Feature(id: $0, title: $0) }
        + [Feature(id: "e", title: "e", dependencies: [Dependency(id: "d")])])
    let path = [PathLikelihood(path: "p", likelihood: 1)]
    var schedule = RunSchedule(
      backlog, seconds: { $0 == "d" ? 900 : 100 },
      collisions: Collisions(
        ids: ["a", "b", "c", "d", "e"], footprints: ["a": path, "b": path]))
    schedule.set("a", .active)
    schedule.set("b", .ready)
    #expect(schedule.next() == .wait("b"))
    #expect(schedule.next(mayRest: false) == .start("b"))
    schedule.rested(seconds: 10_000, agents: 1)
    #expect(schedule.next() == .start("b"))
  }

  /// What the run waits for is ready when its dependency has landed, in a moment.
  @Test func anAgentRestsAMomentForWhatIsMoreUrgent() {
    func feature(_ id: String, _ needed: String...) -> Feature {
      Feature(id: id, title: id, dependencies: needed.map { Dependency(id: $0) })
    }
    let chain = [feature("a"), feature("b", "a"), feature("c", "b"), feature("d", "c")]
    func fresh(_ others: Int = 2, agents: Int = 2) -> RunSchedule {
      let side = (0..<others).map { feature("x\($0)") }
      var schedule = RunSchedule(
        Backlog(features: chain + side), seconds: { _ in 100 }, agents: agents)
      for id in ["b", "c", "d"] { schedule.set(id, .later) }
      for feature in side { schedule.set(feature.id, .ready) }
      schedule.set("a", .active)
      schedule.advance(to: 100)
      return schedule
    }
    var schedule = fresh()
    #expect(schedule.next() == .start("x0"))
    schedule.set("a", .built)
    #expect(schedule.next(free: 1) == .expect("b"))
    #expect(schedule.next(free: 1, mayRest: false) == .expect("b"))
    // One agent is enough for it.
    #expect(schedule.next(free: 2) == .start("x0"))
    // No longer than it would be held up otherwise.
    schedule.advance(to: 151)
    #expect(schedule.next(free: 1) == .start("x0"))
    schedule.set("a", .landed)
    schedule.set("b", .ready)
    #expect(schedule.next(free: 1) == .start("b"))

    // What comes back from its landing does not let anything start.
    schedule = fresh()
    schedule.set("a", .built)
    schedule.set("a", .ready, isRework: true)
    #expect(schedule.next() == .start("a"))
    schedule.set("a", .active)
    #expect(schedule.next() == .start("x0"))
    // Rework goes first, whatever comes.
    schedule = fresh()
    schedule.set("a", .built)
    schedule.set("x1", .ready, isRework: true)
    #expect(schedule.next() == .start("x1"))
    // One alone gains nothing, and where the rest is more than the chain nothing is lost.
    schedule = fresh(agents: 1)
    schedule.set("a", .built)
    #expect(schedule.next() == .start("x0"))
    schedule = fresh(40)
    schedule.set("a", .built)
    #expect(schedule.next() == .start("x0"))
    // But what a person puts first is waited for.
    schedule.set("b", .later, priority: 1)
    schedule.set("c", .active)
    schedule.set("c", .later)
    #expect(schedule.next() == .expect("b"))
    // Where landings take long it is not.
    schedule = fresh()
    schedule.set("a", .built)
    schedule.advance(to: 160)
    schedule.set("a", .landed)
    schedule.set("b", .active)
    schedule.advance(to: 260)
    schedule.set("b", .built)
    #expect(schedule.next() == .start("x0"))
  }

  @Test func restingForWhatIsAboutToLandMakesRunsShorter() {
    for landing in [3.0, 18, 60] {
      var spans = (with: 0.0, without: 0.0)
      for seed in 0..<60 {
        let sample = SampleBacklog.narrow(seed: seed)
        var random = SampleRandom(seed: seed)
        let expected = sample.backlog.features.reduce(into: [String: Double]()) {
          $0[$1.id] = sample.seconds[$1.id]! * random.uniform(0.5...2)
        }
        for agents in [2, 3, 5] {
          let simulation = RunSimulation(
            backlog: sample.backlog, agents: agents, seconds: sample.seconds, landing: landing)
          let with = simulation.run(expected: { expected[$0]! })
          let without = simulation.run(expected: { expected[$0]! }, expectsArrivals: false)
          #expect(with.order.count == sample.backlog.features.count)
          #expect(with.makespan < 1.15 * without.makespan)
          spans.with += with.makespan
          spans.without += without.makespan
        }
      }
      #expect(spans.with < 0.99 * spans.without, "\(landing) s: \(spans)")
    }
  }

  /// The footprints may be of other features than the schedule's.
  @Test func collisionsGoByIDs() {
    let path = [PathLikelihood(path: "p", likelihood: 1)]
    let backlog = Backlog(features: [Feature(id: "b", title: "b"), Feature(id: "a", title: "a")])
    var schedule = RunSchedule(
      backlog, seconds: { _ in 100 },
      collisions: Collisions(ids: ["x", "a", "b"], footprints: ["a": path, "x": path]))
    schedule.set("a", .active)
    schedule.set("b", .ready)
    #expect(schedule.next() == .start("b"))
    var none = RunSchedule(backlog, seconds: { _ in 1 }, collisions: Collisions(ids: []))
    none.set("a", .ready)
    #expect(none.next() == .start("a"))
  }

  @Test func directoriesHoldWhatLiesBelow() {
    let footprints = [
      Footprint(feature: "1", paths: [.init(path: "src/", likelihood: 1, reason: "")]),
      Footprint(feature: "2", paths: [.init(path: "src/a/b.c", likelihood: 0.5, reason: "")]),
      Footprint(feature: "3", paths: [.init(path: "docs/a", likelihood: 1, reason: "")]),
    ]
    let pairs = Collisions.pairs(footprints)
    #expect(
      pairs == [Collisions.Pair(first: "1", second: "2", likelihood: 0.5, path: "src/a/b.c")])
    let collisions = Collisions(footprints)
    #expect(collisions.likelihood("2", "1") == 0.5 && collisions.likelihood("1", "3") == 0)
  }

  @Test func timesFollowWhatWasSeen() {
    #expect(DurationModel().seconds(category: "backend", steps: 3) == DurationModel.standard)
    var past: [AttemptDuration] = []
    for number in 0..<40 {
      let isBackend = number % 2 == 0
      past.append(
        AttemptDuration(
          category: isBackend ? "backend" : "documentation", tier: .opus, steps: number % 8,
          seconds: (isBackend ? 1200 : 120) * (1 + 0.1 * Double(number % 8))))
    }
    let model = DurationModel(past)
    #expect(model.count == 40)
    let backend = model.seconds(category: "Backend", steps: 4)
    let text = model.seconds(category: "documentation", steps: 4)
    #expect(backend > 4 * text && backend > 700 && backend < 2200)
    #expect(model.seconds(category: "backend", steps: 8) > backend)
    let unknown = model.seconds(category: "new", steps: 4)
    #expect(unknown > text && unknown < backend)
    // One attempt alone moves little.
    let one = DurationModel(
      past + [AttemptDuration(category: "new", tier: .opus, steps: 4, seconds: 9000)])
    #expect(one.seconds(category: "new", steps: 4) < 2 * unknown)
  }

  @Test func planTellsPacesAndCostlyEdges() {
    let backlog = Backlog(features: [
      Feature(id: "a", title: "a"),
      Feature(id: "b", title: "b", dependencies: [Dependency(id: "a")]),
      Feature(id: "c", title: "c", dependencies: [Dependency(id: "b")]),
    ])
    let plan = Plan(backlog, agents: 2) { _ in 60 }
    #expect(plan.paces.map(\.seconds) == [180, 180, 180, 180, 180])
    #expect(plan.costlyEdges.map(\.seconds) == [60, 60])
    #expect(plan.costlyEdges[0] == Plan.CostlyEdge(feature: "b", dependsOn: "a", seconds: 60))
  }

  @Test func limits() {
    let chain = Backlog(
      features: (0..<60).map { number in
        Feature(
          id: "n\(number)", title: "t",
          dependencies: number > 0 ? [Dependency(id: "n\(number - 1)")] : [])
      })
    #expect(DependencyGraph(chain).waves.count == 60)
    #expect(Plan(chain, agents: 5) { _ in 1 }.predicted.parallel == 60)
    let fan = Backlog(
      features: [Feature(id: "root", title: "r")]
        + (0..<10_000).map {
          Feature(id: "n\($0)", title: "日本語 \($0)", dependencies: [Dependency(id: "root")])
        })
    #expect(Plan(fan, agents: 5) { _ in 1 }.predicted.parallel == 2001)
    // Twice the same edge, an edge to itself and one to nowhere do no harm.
    let odd = Backlog(features: [
      Feature(id: "a", title: "a"),
      Feature(
        id: "b", title: "",
        dependencies: [Dependency(id: "a"), Dependency(id: "a"), Dependency(id: "gone")]),
    ])
    #expect(Plan(odd, agents: 2) { _ in 1 }.waves == [["a"], ["b"]])
  }

  /// What is declared in `touches` is claimed alone, so the expected time counts it so.
  @Test func declaredPathsAreHeldAlone() {
    func span(_ touches: [[String]], exclusive: @escaping (String) -> Bool = { _ in true })
      -> Double
    {
      let backlog = Backlog(
        features: touches.enumerated().map { number, paths in
          var feature = Feature(id: "n\(number)", title: "t")
          feature.touches = paths
          return feature
        })
      return Plan(backlog, agents: 5, isExclusive: exclusive) { _ in 10 }.predicted.parallel
    }
    #expect(span([["a.txt"], ["a.txt"], ["a.txt"]]) == 30)
    #expect(span([["a.txt"], ["b.txt"], ["c.txt"]]) == 10)
    // A directory with what is below it; what is below it at two places is not held twice.
    #expect(span([["src/"], ["src/a.txt"], ["src/b/c.txt"]]) == 20)
    #expect(span([["src/"], ["src/b/"], ["src/b/c.txt"], ["srcs.txt"]]) == 30)
    #expect(span([["a.txt"], ["a.txt"], ["a.txt"]]) { $0 != "a.txt" } == 10)
    #expect(span([["a.txt", "b.txt"], ["b.txt", "c.txt"], ["c.txt"], []]) == 20)
  }

  @Test func whatFewCanUseAtATimeMakesThePlanLonger() {
    func backlog(_ slots: [[String]]) -> Backlog {
      Backlog(
        features: slots.enumerated().map { number, slots in
          var feature = Feature(id: "n\(number)", title: "t")
          feature.slots = slots
          return feature
        })
    }
    func span(_ slots: [[String]], _ counts: [String: Int], agents: Int = 5) -> Double {
      Plan(backlog(slots), agents: agents, slots: counts) { _ in 10 }.predicted.parallel
    }
    let browser = [[String]](repeating: ["browser"], count: 4)
    #expect(span(browser, ["browser": 1]) == 40)
    #expect(span(browser, ["browser": 2]) == 20)
    #expect(span(browser, ["browser": 4]) == 10)
    // One where none is named, and others go first meanwhile.
    #expect(span(browser, [:]) == 40)
    #expect(span(browser + [[], [], [], []], ["browser": 1], agents: 2) == 40)
    // All of them or none: a pair needs both.
    let mixed = [["a", "b"], ["a"], ["b"], ["a", "b"]]
    #expect(span(mixed, ["a": 1, "b": 1]) == 30)
    // Nobody waits for ever, and many are planned at once.
    let many = (0..<10_000).map { $0 % 3 == 0 ? ["a", "b"] : [$0 % 3 == 1 ? "a" : "b"] }
    let long = span(many, ["a": 2, "b": 2])
    #expect(long >= 33_340 && long <= 66_680, "\(long)")
  }
}
