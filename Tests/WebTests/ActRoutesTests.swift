import Model
import Testing

@testable import Web

/// The routes that change something, without a server around them.
@Suite struct ActRoutesTests {
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
      (.post, "/api/run", ["parallel": "many"], 400), (.post, "/api/run", ["preset": "-x"], 400),
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

  private static let tip = String(repeating: "a", count: 40)
}
