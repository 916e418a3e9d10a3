import Model
import Testing

@testable import Web

/// The routes that change something, without a server around them.
@Suite(.bounded) struct ActRoutesTests {
  @Test func featuresAreAddedAndChanged() async throws {
    let served = try ServedProject()
    let added = try await served.call(
      .post, "/api/features",
      ["title": "Third", "depends_on": ["1"], "steps": ["it works"], "model": "opus"])
    #expect(added["id"] == "3")
    func third() async throws -> JSON? {
      try await served.call(.get, "/api/features")["features"]?.array?.last
    }
    let shown = try #require(try await third())
    #expect(shown["depends_on"] == ["1"] && shown["model"] == "opus")
    // What was shown still holds, so it is changed; `null` takes the model away.
    _ = try await served.call(
      .patch, "/api/features/3",
      ["title": "Other", "model": .null, "was": ["title": "Third", "model": "opus"]])
    #expect(try await third()?["title"] == "Other")
    #expect(try await third()?["model"] == .null)
    #expect(try await third()?["steps"] == ["it works"])
    // It does not hold any more.
    let late: JSON = ["title": "Mine", "was": ["title": "Third"]]
    #expect(await served.refusal(.patch, "/api/features/3", late) == 409)
    #expect(try await third()?["title"] == "Other")
  }

  @Test func dependenciesAreAddedAndRemoved() async throws {
    let served = try ServedProject()
    let back: JSON = ["feature": "1", "depends_on": "2"]
    #expect(await served.refusal(.post, "/api/edges", back) != nil)
    _ = try await served.call(.delete, "/api/edges/2/1")
    _ = try await served.call(.post, "/api/edges", back)
    let edges = try served.project.backlog().features.map { $0.dependencies.map(\.id) }
    #expect(edges == [["2"], []])
  }

  @Test(
    arguments: [
      (Route.Method.post, "/api/features", ["title": 5], 400),
      (.post, "/api/features", ["title": "x", "steps": "y"], 400),
      (.patch, "/api/features/1", ["title": "x", "was": "y"], 400),
      (.patch, "/api/features/9", ["title": "x"], nil),
      (.post, "/api/edges", ["feature": "1"], 400),
      (.post, "/api/features/1/retry", [:], 409), (.post, "/api/features/9/retry", [:], 404),
      (.post, "/api/reviews/1/approve", ["tip": "main"], 400),
      (.post, "/api/reviews/1/request-changes", ["tip": .string(tip)], 400),
      (.post, "/api/reviews/9/approve", ["tip": .string(tip)], 404),
      (.post, "/api/run/drain", [:], 409), (.post, "/api/run", ["parallel": "many"], 400),
      (.post, "/api/run", ["preset": "-x"], 400),
      (.post, "/api/run", ["parallel": 10_000], 400),
    ] as [(Route.Method, String, JSON, Int?)])
  func wrongRequestsAreRefused(
    _ method: Route.Method, _ path: String, _ body: JSON, _ status: Int?
  ) async throws {
    let served = try ServedProject()
    let before = try served.project.backlog()
    let refused = await served.refusal(method, path, body)
    #expect(refused != nil && (status == nil || refused == status), "\(refused ?? 0)")
    #expect(try served.project.backlog() == before)
  }

  /// What stands in `features.yml` beside what is changed stays as a person has written it.
  @Test func theBacklogKeepsItsComments() async throws {
    let served = try ServedProject(
      features: """
        # kept by hand
        features:
          - id: 1        # the first
            title: One
            priority: 3
          # about two
          - id: 2
            title: Two
            depends_on: [1]
          - {id: 4, title: Four}

        """)
    func text() throws -> String { try served.repository.read("features.yml") }
    _ = try await served.call(.patch, "/api/features/2", ["priority": 5, "model": "haiku"])
    let added = try await served.call(
      .post, "/api/features", ["title": "Five", "depends_on": ["2"]])
    #expect(added["id"] == "5")
    for part in [
      "# kept by hand", "# the first", "# about two", "priority: 5", "model: haiku", "Five",
    ] { #expect(try text().contains(part), "\(part)") }
    // A cycle, itself, one that is not there, an id that is there, a wrong id, path, model or title, and a feature
    // in braces.
    let before = try text()
    for (method, path, body) in [
      (Route.Method.post, "/api/edges", ["feature": "1", "depends_on": "5"]),
      (.post, "/api/edges", ["feature": "1", "depends_on": "1"]),
      (.post, "/api/edges", ["feature": "1", "depends_on": "9"]),
      (.post, "/api/features", ["id": "2", "title": "Again"]),
      (.post, "/api/features", ["id": "../x", "title": "Away"]),
      (.post, "/api/features", ["title": ""]), (.post, "/api/features", ["title": "a\nb"]),
      (.post, "/api/features", ["title": "Seven", "category": ""]),
      (.post, "/api/features", ["title": "Seven", "agent": "nobody"]),
      (.patch, "/api/features/1", ["touches": ["/etc/passwd"]]),
      (.patch, "/api/features/1", ["model": "gpt"]), (.patch, "/api/features/1", ["title": "a\nb"]),
      (.patch, "/api/features/1", ["category": ""]),
      (.patch, "/api/features/1", ["agent": "nobody"]),
      (.patch, "/api/features/4", ["title": "Vier"]),
    ] as [(Route.Method, String, JSON)] {
      #expect(await served.refusal(method, path, body) == 422, "\(path) \(body)")
    }
    #expect(await served.refusal(.patch, "/api/features/9", ["priority": 1]) == 404)
    #expect(try text() == before)
    _ = try await served.call(.delete, "/api/edges/5/2")
    #expect(await served.refusal(.delete, "/api/edges/5/2") == 409)
    #expect(try text().contains("# about two"))
  }

  /// Another form was opened before: what it was shown does not hold any more.
  @Test func anOlderValueDoesNotComeBack() async throws {
    let served = try ServedProject(
      features: "features:\n  - id: 1\n    title: One # the first\n    priority: 3\n")
    func change(_ body: JSON) async -> Int? {
      await served.refusal(.patch, "/api/features/1", body)
    }
    #expect(await change(["title": "Uno", "was": ["title": "One"]]) == nil)
    #expect(await change(["title": "Eins", "was": ["title": "One"]]) == 409)
    // What it changes besides is no conflict.
    #expect(
      await change(["priority": 4, "model": "opus", "was": ["priority": 3, "model": .null]]) == nil)
    #expect(await change(["depends_on": ["2"], "was": ["depends_on": ["9"]]]) == 409)
    #expect(await change(["title": "x", "was": 1]) == 400)
    #expect(
      try served.repository.read("features.yml").contains(
        "  - id: 1\n    title: Uno # the first\n    priority: 4\n    model: opus\n"))
  }

  private static let tip = String(repeating: "a", count: 40)
}
