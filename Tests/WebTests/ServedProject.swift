import Engine
import Foundation
import HTTPTypes
import Hummingbird
import Model
import Store
import TestSupport

@testable import Web

/// A project with two features, and the page's view of it, without a server.
struct ServedProject {
  let repository: TestRepository
  let project: Project
  let store: Store
  let site: Site

  /// - Parameter features: the text of `features.yml`.
  init(
    features: String = """
    features:
      - id: 1
        title: First
      - id: 2
        title: Second
        depends_on: [1]

    """
  ) throws {
    repository = try TestRepository()
    try repository.write("features.yml", features)
    try repository.commit("base")
    project = try Project.open(repository.path, environment: repository.environment)
    store = try project.store()
    site = try Site(
      project, store, directory: repository.path, environment: repository.environment,
      version: "1.2.3")
  }

  /// Calls a route's handler.
  func call(
    _ method: Route.Method, _ path: String, _ body: JSON = [:], query: [String: String] = [:]
  ) async throws -> JSON {
    let parts = path.split(separator: "/")
    for route in OpenAPI.routes where route.method == method {
      guard let values = route.match(parts) else { continue }
      var call = Call(site: site)
      call.path = values
      call.query = query
      call.body = body
      return try JSON(reading: Array(try await route.handler(call).text.utf8))
    }
    throw Refusal(404, "no route")
  }

  /// The status with which a call is refused; `nil` if it is not.
  func refusal(_ method: Route.Method, _ path: String, _ body: JSON = [:]) async -> Int? {
    do {
      _ = try await call(method, path, body)
      return nil
    } catch {
      return Refusal(error).status
    }
  }

  /// Starts an attempt on a feature, and returns the path of its log.
  func begin(_ feature: String) throws -> String {
    try project.takeOver(project.backlog(), into: store)
    _ = try store.startAttempt(
      AttemptRequest(
        feature: feature, participant: "run", lane: try store.addLane { "lane-\($0)" }.number,
        branch: "refs/heads/lane/\(feature)", tier: .haiku, modelName: "haiku", choice: "",
        mark: "m", claims: [], policies: PathPolicies([]))
    ) { String(repeating: "a", count: 40) }
    let log = project.state.log(feature, 1)
    try FileManager.default.createDirectory(
      atPath: (log as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    return log
  }

  static func request(
    _ method: HTTPTypes.HTTPRequest.Method = .get, _ path: String = "/",
    host: String? = "127.0.0.1:8420", _ headers: [String: String] = [:]
  ) -> Hummingbird.Request {
    var head = HTTPTypes.HTTPRequest(method: method, scheme: "http", authority: host, path: path)
    for (name, value) in headers { head.headerFields[HTTPField.Name(name)!] = value }
    return Hummingbird.Request(head: head, body: .init(buffer: .init()))
  }
}
