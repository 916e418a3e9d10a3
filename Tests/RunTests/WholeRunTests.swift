import Engine
import Foundation
import Git
import Processes
import Store
import TestSupport
import Testing

/// Whole runs of random backlogs by the real loop, with a person who changes, breaks and repairs things meanwhile.
///
/// `LANEKEEPER_RUNS=100` takes so many, from `LANEKEEPER_SEED` on.
@Suite(.bounded) struct WholeRunTests {
  static let seeds: [UInt64] = {
    let environment = ProcessInfo.processInfo.environment
    let first = environment["LANEKEEPER_SEED"].flatMap(UInt64.init) ?? 1
    let count = environment["LANEKEEPER_RUNS"].flatMap(UInt64.init) ?? 3
    return Array(first..<first + count)
  }()

  @Test func p1_p3_p5_p7_aRunEndsWhateverIsDoneMeanwhile() async throws {
    await withTaskGroup(of: Void.self) { group in
      for (place, seed) in Self.seeds.enumerated() {
        if place >= Self.atOnce { await group.next() }
        group.addTask { await Self.live(seed) }
      }
    }
  }

  private static let atOnce = 4

  private static func live(_ seed: UInt64) async {
    do {
      let days = try Days(seed: seed)
      do {
        try await days.pass()
      } catch {
        let story = await days.story.joined(separator: "\n")
        Issue.record("seed \(seed): \(error)\n\(story)\n\(days.whole.state())")
      }
    } catch {
      Issue.record("seed \(seed): \(error)")
    }
  }

  /// A pipe that one agent makes in the directory that all share holds up none of the others.
  @Test(arguments: ["info/attributes", "packed-refs", "HEAD", "worktrees/lane-2/commondir"])
  func p4_pipesInTheSharedDirectoryHoldNobodyUp(name: String) async throws {
    let whole = try WholeRun(
      configuration: "",
      features: "features: [{id: 1, title: One}, {id: 2, title: Two}, {id: 3, title: Three}]")
    try whole.test.git("branch", "packed")
    try whole.test.git("pack-refs", "--all")
    let before = try whole.test.git("rev-parse", "packed")
    try whole.plan("1", 1, "pipe" + name)
    for id in ["2", "3"] { try whole.plan(id, 1, "slow") }
    let told = Told()
    let summary = try await whole.run(
      RunOptions(kind: .run, parallel: 2, graceSeconds: 1),
      tell: { event in if case .note(let words) = event { told.add(words) } })
    #expect(summary.landed == 3 && summary.status == 0, "\(summary) \(whole.state())")
    // Others are put back at the end of an attempt as well, and told in other words.
    if ["packed-refs", "HEAD"].contains(name) {
      #expect(told.all.contains { $0.contains("\(name) was a pipe") }, "\(told.all)")
      let types = try whole.store.events(after: 0, limit: .max).map(\.type)
      #expect(types.contains("special_files_removed"))
    }
    #expect(try whole.test.git("rev-parse", "packed") == before)
    #expect(try whole.test.git("symbolic-ref", "HEAD") == "refs/heads/main")
    #expect(!FileManager.default.fileExists(atPath: whole.project.state.path + "/git-seen"))
    #expect(try whole.wrongs(summary) == [])
  }

  @Test func whatCouldStartAndNeverDoesEndsTheRunInWords() async throws {
    let whole = try WholeRun(
      configuration: "", features: "features: [{id: 1, title: One}, {id: ghost, title: Ghost}]")
    var options = RunOptions(kind: .run, parallel: 1, graceSeconds: 1)
    options.idleSeconds = 1
    options.holdsBack = { $0 == "ghost" }
    let told = Told()
    let summary = try await whole.run(
      options,
      tell: { event in if case .note(let words) = event { told.add(words) } })
    #expect(summary.landed == 1 && summary.status == 75, "\(summary)")
    #expect(summary.leftOver.contains { $0.hasPrefix("#ghost ") }, "\(summary)")
    #expect(told.all.contains { $0.contains("#ghost could start") }, "\(told.all)")
    #expect(try whole.wrongs(summary) == [])
  }

  // MARK: what can't be read for a while

  /// What a person's editor, or a slip, may make of a file.
  enum Breakage: String, CaseIterable {
    case half, empty, gone, pipe, directory, binary, device, danglingLink

    func apply(to path: String) throws {
      let files = FileManager.default
      if self != .half, self != .empty, self != .binary { try files.removeItem(atPath: path) }
      switch self {
      case .half:
        try Data("features: [{id: 1, title: \"On".utf8).write(to: URL(fileURLWithPath: path))
      case .empty: try Data().write(to: URL(fileURLWithPath: path))
      case .binary: try Data([0xff, 0xfe, 0x00]).write(to: URL(fileURLWithPath: path))
      case .gone: break
      case .pipe: mkfifo(path, 0o600)
      case .directory:
        try files.createDirectory(atPath: path, withIntermediateDirectories: false)
      case .device: symlink("/dev/zero", path)
      case .danglingLink: symlink("no/such/file", path)
      }
    }
  }

  @Test(arguments: Breakage.allCases)
  func aFileThatCantBeReadIsToldOnceAndTakenUpWhenItIsMended(breakage: Breakage) async throws {
    let old = "features: [{id: 1, title: One}]\n"
    let whole = try WholeRun(configuration: "", features: old)
    try whole.plan("1", 1, "hold")
    let told = Told()
    let person = Person()
    let settings = whole.project.directory + "/lanekeeper.yml"
    let configuration = try whole.test.read("lanekeeper.yml")
    let summary = try await whole.run(
      RunOptions(kind: .run, parallel: 2, graceSeconds: 1),
      beside: {
        do {
          return try person.act([
            {
              try breakage.apply(to: whole.project.backlogFile)
              try breakage.apply(to: settings)
              return true
            },
            { told.all.contains { $0.contains("features.yml") } },
            {
              for path in [whole.project.backlogFile, settings] {
                try? FileManager.default.removeItem(atPath: path)
              }
              try whole.test.write("lanekeeper.yml", configuration)
              try whole.test.write(
                "features.yml", "features: [{id: 1, title: One}, {id: 2, title: Two}]\n")
              return true
            },
            { told.all.contains { $0.contains("#2 came in") } },
            {
              try whole.test.root.write("go", "")
              return true
            },
          ])
        } catch {
          Issue.record("\(error)")
          return nil
        }
      },
      tell: { event in if case .note(let words) = event { told.add(words) } })
    #expect(summary.landed == 2 && summary.status == 0, "\(summary) \(told.all)")
    #expect(told.all.count { $0.contains("can't be read") } == 1, "\(told.all)")
    #expect(try whole.wrongs(summary) == [])
  }

  @Test func aConfigurationThatCantBeLookedAfterEndsNoRun() async throws {
    let whole = try WholeRun(
      configuration: "", features: "features: [{id: 1, title: One}, {id: 2, title: Two}]\n")
    try whole.plan("1", 1, "config")
    let told = Told()
    let lock = whole.test.path + "/.git/config.lock"
    let summary = try await whole.run(
      RunOptions(kind: .run, parallel: 1, graceSeconds: 1),
      beside: {
        if told.all.contains(where: { $0.contains("config.lock") }) { unlink(lock) }
        return 20
      },
      tell: { event in if case .note(let words) = event { told.add(words) } })
    #expect(summary.landed == 2 && summary.status == 0, "\(summary) \(told.all)")
    #expect(summary.attempts == 2)
    // The run and the attempt may both meet it; each says so once.
    let words = told.all.filter { $0.contains("config.lock") }
    #expect(!words.isEmpty && Set(words).count == words.count, "\(words)")
    #expect(try whole.wrongs(summary) == [])
  }

  /// Another program holds the state file for longer than a transaction waits, when one of two attempts has started.
  @Test func aStateFileThatOthersHoldForAWhileEndsNoRun() async throws {
    let whole = try WholeRun(
      configuration: "",
      features: """
        features:
          - {id: 1, title: One}
          - {id: 2, title: Two}
          - {id: 3, title: Three}

        """)
    let told = Told()
    let once = Person()
    var options = RunOptions(kind: .run, parallel: 2, graceSeconds: 1)
    options.idleSeconds = 1
    options.holdsBack = { $0 == "3" }
    let impatient = try Store(path: whole.project.state.stateFile, busySeconds: 0.1)
    let summary = try await whole.run(
      options, store: impatient,
      tell: { event in
        if case .note(let words) = event { told.add(words) }
        guard case .started = event else { return }
        _ = try? once.act([
          {
            let held = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
              // A person's call that takes long, and changes nothing in the end.
              try? whole.store.retry("3") { _ in
                held.signal()
                // Until the run has met it, however busy the machine is.
                for _ in 0..<600 {
                  if told.all.contains(where: { $0.contains("locked") }) { break }
                  usleep(100_000)
                }
                throw StoreError.noSlot("given up")
              }
            }
            held.wait()
            return true
          }
        ])
      })
    #expect(summary.landed == 2 && summary.status == 75, "\(summary) \(told.all)")
    #expect(
      told.all.contains { $0.contains("tried again") && $0.contains("locked") }, "\(told.all)")
    #expect(try whole.wrongs(summary) == [])
  }

  /// Somebody who does one thing after another, each again until it is done.
  final class Person: @unchecked Sendable {
    private let lock = NSLock()
    private var place = 0

    func act(_ steps: [() throws -> Bool]) throws -> Int? {
      let now = lock.withLock { place }
      guard now < steps.count else { return nil }
      if try steps[now]() { lock.withLock { place += 1 } }
      return 20
    }
  }

  final class Told: @unchecked Sendable {
    private let lock = NSLock()
    private var words: [String] = []
    var all: [String] { lock.withLock { words } }
    func add(_ text: String) { lock.withLock { words.append(text) } }
  }
}

/// A backlog, and the days that a person spends with it.
private actor Days {
  struct Wrong: Error, CustomStringConvertible { var description: String }

  nonisolated let whole: WholeRun
  private var random: SplitMix64
  private(set) var story: [String] = []
  private var ids: [String]
  private var needs: [String: [String]] = [:]
  private var categories: [String: String] = [:]
  private var made: Int
  private var steps: Int
  private var isBroken = false
  private let parallel: Int

  init(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    made = 2 + random.below(6)
    steps = random.oneIn(4) ? 0 : 2 + random.below(14)
    ids = (1...made).map(String.init).shuffled(using: &random)
    parallel = 1 + random.below(3)
    for (place, id) in ids.enumerated() {
      needs[id] = Self.draw(ids, place, &random)
      categories[id] = random.oneIn(4) ? "shown" : "plain"
    }
    var lines = ["schedule: {stack: \(random.oneIn(3)), detect: none}"]
    lines.append("review: {categories: [shown]}")
    lines.append(
      "landing: {window: \(1 + random.below(4)), style: \(random.oneIn(3) ? "squash" : "merge")}")
    lines.append("claims: {policy: \(random.oneIn(3) ? "strict" : "auto")}")
    whole = try WholeRun(
      configuration: lines.joined(separator: "\n"),
      features: Self.text(ids, needs, categories))
    for id in ids { try Self.plan(id, &random, whole) }
    self.random = random
    story = lines
  }

  private static func draw(
    _ ids: [String], _ place: Int, _ random: inout SplitMix64
  ) -> [String] {
    Array(
      Set((0..<random.below(3)).compactMap { _ in place > 0 ? ids[random.below(place)] : nil })
    ).sorted()
  }

  private static func plan(
    _ id: String, _ random: inout SplitMix64, _ whole: WholeRun
  ) throws {
    for attempt in 1...4 {
      let act = random.oneIn(2) ? .work : WholeRun.Act.drawn.randomElement(using: &random)!
      let words = act == .share ? "share\(random.below(3))" : act.rawValue
      try whole.plan(id, attempt, words)
    }
  }

  private static func text(
    _ ids: [String], _ needs: [String: [String]], _ categories: [String: String]
  ) -> String {
    "features:\n"
      + ids.map { id in
        "  - {id: \"\(id)\", title: Feature \(id), category: \(categories[id]!), depends_on: ["
          + needs[id]!.map { "\"\($0)\"" }.joined(separator: ", ") + "]}\n"
      }.joined()
  }

  func pass() async throws {
    for _ in 0..<1 + random.below(2) {
      tell("a run with \(parallel) agents")
      let summary = try await run { await self.step() }
      tell("it ended with \(summary.status): \(summary.leftOver)")
      try repair()
      try check(summary)
    }
    // From now on all goes well.
    tell("a quiet run")
    for id in ids { for attempt in 1...40 { try whole.plan(id, attempt, "work") } }
    try whole.store.setLandingPaused(false)
    var open: [FeatureRecord] = []
    // A run ends where a verdict is needed; each of these begins with all that could be given.
    for _ in 0...ids.count {
      let last = try await run { await self.approve() }
      tell("it ended with \(last.status): \(last.leftOver)")
      try check(last)
      _ = await approve()
      let waits = try whole.store.featureWaits()
      open = try whole.store.features().filter {
        $0.inBacklog && !$0.state.isFinal && !standsBehindOneThatIsOver($0.id, waits)
      }
      if open.isEmpty { return }
    }
    throw Wrong(
      description: "open after quiet runs: \(open.map { "#\($0.id) \($0.state)" })")
  }

  /// Tells whether a feature is built on one on which a person has to decide.
  private func standsBehindOneThatIsOver(
    _ id: String, _ waits: [String: FeatureWait], isBelow: Bool = false
  ) -> Bool {
    switch waits[id] {
    case .dependencies(let needs):
      needs.keys.contains { standsBehindOneThatIsOver($0, waits, isBelow: true) }
    default: isBelow && waits[id] == .over
    }
  }

  private func run(_ beside: @escaping @Sendable () async -> Int?) async throws -> RunSummary {
    try await whole.run(
      RunOptions(kind: .run, parallel: parallel, graceSeconds: 1), beside: beside)
  }

  private func check(_ summary: RunSummary) throws {
    let wrongs = try whole.wrongs(summary)
    guard wrongs.isEmpty else { throw Wrong(description: wrongs.joined(separator: "\n")) }
  }

  private func tell(_ words: String) { story.append(words) }

  // MARK: what a person does

  private func step() async -> Int? {
    guard steps > 0 else {
      if isBroken { try? repair() }
      return await approve()
    }
    steps -= 1
    do {
      switch random.below(12) {
      case 0...2: try edit()
      case 3...4: try breakFile()
      case 5...7: try judge()
      case 8...9: try steer()
      case 10: try hold()
      default: try commit()
      }
    } catch {
      // What is refused changes nothing.
      tell("  refused: \(error)")
    }
    return 20 + random.below(400)
  }

  /// Puts right what was broken.
  private func repair() throws {
    isBroken = false
    try? FileManager.default.removeItem(atPath: whole.project.backlogFile)
    try write()
  }

  private func write() throws {
    try whole.test.write("features.yml", Self.text(ids, needs, categories))
  }

  private func edit() throws {
    switch random.below(4) {
    case 0...1:
      made += 1
      ids.append("\(made)")
      needs["\(made)"] = Self.draw(ids, ids.count - 1, &random)
      categories["\(made)"] = random.oneIn(4) ? "shown" : "plain"
      try Self.plan("\(made)", &random, whole)
    case 2 where ids.count > 2:
      let gone = ids.remove(at: random.below(ids.count))
      for id in ids { needs[id]?.removeAll { $0 == gone } }
    default:
      let place = random.below(ids.count)
      needs[ids[place]] = Self.draw(ids, place, &random)
    }
    tell("edit: \(ids.map { "\($0): \(needs[$0]!)" })")
    if !isBroken { try write() }
  }

  private func breakFile() throws {
    if isBroken {
      tell("repair the file")
      return try repair()
    }
    isBroken = true
    let path = whole.project.backlogFile
    let kind = random.below(5)
    tell("break the file: \(kind)")
    switch kind {
    case 0: try whole.test.write("features.yml", "features: [{id: 1, title: \"half")
    case 1: try whole.test.write("features.yml", "")
    case 2: try FileManager.default.removeItem(atPath: path)
    case 3:
      try FileManager.default.removeItem(atPath: path)
      mkfifo(path, 0o600)
    default:
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
  }

  private func judge() throws {
    let desk = try Reviews(whole.project, whole.store)
    guard let feature = try whole.store.features(in: [.inReview]).randomElement(using: &random)
    else { return }
    tell("judge #\(feature.id)")
    if random.oneIn(3) {
      try desk.requestChanges(feature, text: "no", comments: [], seen: feature.tip)
    } else {
      _ = try desk.approve(feature, seen: feature.tip)
    }
  }

  private func approve() async -> Int? {
    if let desk = try? Reviews(whole.project, whole.store) {
      for feature in (try? whole.store.features(in: [.inReview])) ?? [] {
        _ = try? desk.approve(feature, seen: feature.tip)
      }
    }
    return 50
  }

  private func steer() throws {
    let steering = RunControl(whole.project, whole.store)
    guard let feature = try whole.store.features().randomElement(using: &random) else { return }
    let id = feature.id
    switch random.below(6) {
    case 0:
      tell("abandon #\(id), \(feature.state)")
      try steering.abandon(id)
    case 1:
      tell("reopen #\(id), \(feature.state)")
      try steering.reopen(id)
    case 2:
      tell("retry #\(id) from the start, \(feature.state)")
      _ = try steering.retry(id, fresh: true)
    case 3:
      tell("stop the attempt on #\(id), \(feature.state)")
      try steering.stopAttempt(id)
    default:
      tell("retry #\(id), \(feature.state)")
      _ = try steering.retry(id)
    }
  }

  private func hold() throws {
    let steering = RunControl(whole.project, whole.store)
    switch random.below(7) {
    case 0:
      tell("pause")
      try steering.ask(.pause)
    case 1:
      tell("drain")
      try steering.ask(.drain)
    case 2:
      tell("stop")
      try steering.ask(random.oneIn(2) ? .stop : .stopNow)
    case 3:
      tell("nothing lands")
      try whole.store.setLandingPaused(true)
    default:
      tell("go on")
      try steering.resume()
      try whole.store.setLandingPaused(false)
    }
  }

  /// A person's own commit on the target.
  private func commit() throws {
    tell("commit")
    let name = "person\(random.below(100)).txt"
    try whole.test.write(name, "mine\n")
    try whole.test.git("add", name)
    try whole.test.git("commit", "-q", "-m", "mine", "--", name)
  }
}
