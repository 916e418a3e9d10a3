import Backlog
import Foundation
import Model
import TestSupport
import Testing

@testable import Planning

@Suite(.bounded) struct DetectorTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func data(_ path: String) throws -> Data {
    try Data(contentsOf: root.appendingPathComponent(path))
  }

  private static func lexicon() throws -> KindLexicon {
    try KindLexicon(json: data("templates/planning/kinds.json"))
  }

  private static func weights() throws -> DetectorWeights {
    try DetectorWeights(json: data("templates/planning/dependencies.json"))
  }

  private static func weightsAsObject() throws -> [String: Any] {
    let json = try JSONSerialization.jsonObject(with: data("templates/planning/dependencies.json"))
    return try #require(json as? [String: Any])
  }

  private static func weights(_ object: [String: Any]) throws -> DetectorWeights {
    try DetectorWeights(json: JSONSerialization.data(withJSONObject: object))
  }

  static func detector() throws -> Detector {
    Detector(weights: try weights(), lexicon: try lexicon())
  }

  private static func fixture(_ name: String) throws -> Backlog {
    let file = "Tests/PlanningTests/Fixtures/detection-\(name).json"
    var backlog = try Import.read(
      text: String(decoding: data(file), as: UTF8.self), file: file
    ).backlog
    for index in backlog.features.indices { backlog.features[index].dependencies = [] }
    return backlog
  }

  /// The values as `Tools/train-dependencies --features` computed them.
  @Test(arguments: ["backlog", "mixed"])
  func valuesEqualThoseOfTheTraining(_ name: String) throws {
    struct Expected: Decodable {
      struct Case: Decodable {
        let trust: Double
        let values: [[[Double]]]
      }
      let names: [String]
      let backlog: Case
      let mixed: Case
    }
    let expected = try JSONDecoder().decode(
      Expected.self, from: Self.data("Tests/PlanningTests/Fixtures/detection-values.json"))
    let wanted = name == "backlog" ? expected.backlog : expected.mixed
    #expect(expected.names == PairSignals.names)
    let table = PairSignals(
      try Self.fixture(name).features, lexicon: try Self.lexicon(),
      common: try Self.weights().common)
    #expect(abs(table.trust - wanted.trust) < 1e-6)
    #expect(table.pairs.count == 56)
    for pair in table.pairs {
      let row = wanted.values[Int(pair.child)][Int(pair.parent)]
      for (number, value) in table.values(pair).enumerated() {
        #expect(
          abs(value - row[number]) < 1e-5,
          "\(PairSignals.names[number]) of \(pair.child), \(pair.parent): \(value), \(row[number])")
      }
    }
  }

  @Test func findsWhatTheTextNames() throws {
    let found = try Self.detector().detect(try Self.fixture("backlog")).edges
    let byReference = found.first { $0.feature == "3" && $0.dependsOn == "2" }
    #expect(byReference?.reason == "Its text names #2.")
    #expect(found.contains { $0.feature == "2" && $0.dependsOn == "1" })
    #expect(found.allSatisfy { (0...1).contains($0.confidence) && $0.reason.hasSuffix(".") })
  }

  @Test func declaredEdgesHoldAndNothingRunsAgainstThem() throws {
    var backlog = try Self.fixture("backlog")
    // The other way round from what the text says, over two steps.
    backlog.features[1].dependencies = [Dependency(id: "3")]
    backlog.features[0].dependencies = [Dependency(id: "2")]
    let result = try Self.detector().detect(backlog)
    let whole = backlog.adding(result.edges)
    #expect(whole.features[1].dependencies.first == Dependency(id: "3"))
    #expect(!result.edges.contains { $0.feature == "3" && ["1", "2"].contains($0.dependsOn) })
    #expect(DependencyGraph(whole).waves.joined().count == 8)
    #expect(!result.edges.contains { $0.feature == "2" && $0.dependsOn == "3" })
  }

  @Test func theSameBacklogGivesTheSameEdges() throws {
    let detector = try Self.detector()
    let backlog = try Self.fixture("backlog")
    let first = detector.detect(backlog)
    for _ in 0..<5 { #expect(detector.detect(backlog).edges == first.edges) }
    #expect(!first.edges.isEmpty)
  }

  @Test func oddBacklogs() throws {
    let detector = try Self.detector()
    #expect(detector.detect(Backlog(features: [])).edges.isEmpty)
    #expect(detector.detect(Backlog(features: [Feature(id: "1", title: "One")])).edges.isEmpty)
    let same = Backlog(features: (1...30).map { Feature(id: "\($0)", title: "…") })
    #expect(DependencyGraph(same.adding(detector.detect(same).edges)).waves.joined().count == 30)
    let long = String(repeating: "the booking table and src/api/users.ts ", count: 26_000)
    let large = Backlog(features: [
      Feature(id: "1", title: "Übersicht", description: long), Feature(id: "2", title: "第二"),
      Feature(id: "3", title: "Booking table", description: "#1"),
    ])
    #expect(detector.detect(large).edges.contains { $0.feature == "3" && $0.dependsOn == "1" })
  }

  /// A backlog too large for all pairs: the index must find what belongs together.
  @Test func largeBacklogs() throws {
    let features = (0..<600).map { number -> Feature in
      let group = number / 3
      let names = ["Schema for", "API for", "Tests for"]
      return Feature(
        id: "\(number)", title: "\(names[number % 3]) zone\(group)x",
        description: number % 3 == 0 ? "" : "Works on zone\(group)x, after task \(number - 1).")
    }
    let backlog = Backlog(features: features)
    let found = try Self.detector().detect(backlog).edges
    let right = found.filter {
      Int($0.feature)! - 1 == Int($0.dependsOn)! && Int($0.feature)! % 3 > 0
    }
    #expect(right.count >= 390)
    #expect(DependencyGraph(backlog.adding(found)).waves.joined().count == 600)
  }

  /// What was looked at stays; a further feature is looked at alone, and finds most of what the whole would.
  @Test func aFurtherFeatureIsLookedAtAlone() throws {
    func feature(_ number: Int) -> Feature {
      let names = ["Schema for", "API for", "Tests for"]
      return Feature(
        id: "\(number)", title: "\(names[number % 3]) zone\(number / 3)x",
        description: number % 3 == 0 ? "" : "Works on zone\(number / 3)x, after task \(number - 1)."
      )
    }
    for count in [40, 600] {
      let whole = Backlog(features: (1...count).map(feature))
      var session = try Self.detector().session(
        Backlog(features: Array(whole.features.dropLast(20))))
      let before = session.result.edges
      var taken = 0
      for feature in whole.features.suffix(20) where session.add(feature) { taken += 1 }
      #expect(taken == 20 && Array(session.result.edges.prefix(before.count)) == before)
      let added = session.result.edges.dropFirst(before.count)
      #expect(added.allSatisfy { Int($0.feature)! > count - 20 })
      let right = try Self.detector().detect(whole).edges.filter {
        Int($0.feature)! > count - 20
      }
      let same = Set(added.map { [$0.feature, $0.dependsOn] })
        .intersection(right.map { [$0.feature, $0.dependsOn] })
      #expect(same.count * 10 >= right.count * 6, "\(same.count) of \(right.count)")
      for number in (count - 19)...count where number % 3 > 0 {
        #expect(same.contains(["\(number)", "\(number - 1)"]), "\(number)")
      }
      // Declared edges hold, and what does not come last takes the whole.
      var last = feature(count + 1)
      last.dependencies = [Dependency(id: "1")]
      let isTaken = session.add(last)
      #expect(isTaken)
      #expect(!session.result.edges.contains { $0.feature == last.id && $0.dependsOn == "1" })
      for odd in [last, feature(0), Feature(id: "x", title: "no number")] {
        let isTaken = session.add(odd)
        #expect(!isTaken)
      }
    }
  }

  @Test(arguments: ["ordered", "unordered"])
  func weightsThatDoNotFitAreRefused(_ name: String) throws {
    var object = try Self.weightsAsObject()
    var model = try #require(object[name] as? [String: Any])
    model["weights"] = ["forward": 1]
    object[name] = model
    #expect(throws: DetectorProblem.self) { try Self.weights(object) }
  }

  @Test func weightsOfAnotherVersionAreRefused() throws {
    let data = Data(#"{"version": 1, "weights": {}}"#.utf8)
    let problem = #expect(throws: DetectorProblem.self) { try DetectorWeights(json: data) }
    #expect(problem?.description.contains("Tools/train-dependencies") == true)
  }

  /// Numbers as ids tell an order; ids that say nothing, in a list that starts with deployment, don't.
  @Test func theOrderOfTheBacklogChoosesTheModel() throws {
    func silenced(_ name: String) throws -> Detector {
      var object = try Self.weightsAsObject()
      var model = try #require(object[name] as? [String: Any])
      model["intercept"] = -30
      model["weights"] = Dictionary(uniqueKeysWithValues: PairSignals.names.map { ($0, 0.0) })
      object[name] = model
      return Detector(weights: try Self.weights(object), lexicon: try Self.lexicon())
    }
    let numbered = try Self.fixture("backlog")
    let features = numbered.features
    let unnumbered = Backlog(
      features: features.reversed().map { feature in
        Feature(id: "x\(feature.id)y", title: feature.title, description: feature.description)
      })
    for backlog in [numbered, unnumbered] {
      #expect(try !Self.detector().detect(backlog).edges.isEmpty)
    }
    #expect(try silenced("ordered").detect(numbered).edges.isEmpty)
    #expect(try !silenced("unordered").detect(numbered).edges.isEmpty)
    #expect(try !silenced("ordered").detect(unnumbered).edges.isEmpty)
    #expect(try silenced("unordered").detect(unnumbered).edges.isEmpty)
  }

  @Test(arguments: [
    (["3", "12", "007"], [3, 12, 7]), (["app-2", "app-10"], [2, 10]), (["#1", "#2"], [1, 2]),
    (["app-2", "web-3"], nil), (["a.1", "a.2"], nil), (["x1", "x2"], nil), (["1", "b"], nil),
    (["1", "app-2"], nil), (["1234567890", "2"], nil), (["-", "1"], nil), (["é7", "é9"], [7, 9]),
  ])
  func idsThatAreNumbersTellTheOrder(_ ids: [String], _ numbers: [Int]?) {
    #expect(PairSignals.numbers(ids) == numbers)
  }

  @Test func aGrowingOrderNeverGetsACycle() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<50 {
      let count = 12
      var order = IncrementalTopologicalOrder(Array(0..<count).shuffled(using: &random))
      var needs = Array(repeating: Set<Int>(), count: count)
      func reaches(_ from: Int, _ to: Int) -> Bool {
        var seen: Set<Int> = [from]
        var open = [from]
        while let node = open.popLast() {
          if node == to { return true }
          for next in needs[node] where seen.insert(next).inserted { open.append(next) }
        }
        return false
      }
      for _ in 0..<80 {
        let a = Int.random(in: 0..<count, using: &random)
        let b = Int.random(in: 0..<count, using: &random)
        let closes = reaches(b, a)
        #expect(order.add(a, needs: b) != closes)
        if !closes { needs[a].insert(b) }
      }
    }
  }
}
