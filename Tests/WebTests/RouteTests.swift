import Model
import Testing

@testable import Web

@Suite(.bounded) struct RouteTests {
  private func match(_ route: String, _ path: String) -> [String: String]? {
    Route.get(route, "") { _ in .done }.match(path.split(separator: "/"))
  }

  @Test func valuesAreReadFromThePath() {
    #expect(match("/api/status", "/api/status") == [:])
    #expect(match("/api/edges/{id}/{other}", "/api/edges/1/2") == ["id": "1", "other": "2"])
    #expect(match("/api/logs/{id}", "/api/logs/a%2Fb%20c") == ["id": "a/b c"])
    for path in ["/api", "/api/status/1", "/api/Status", "/x/status"] {
      #expect(match("/api/status", path) == nil, "\(path)")
    }
    #expect(match("/api/logs/{id}", "/api/logs/%ff") == nil)
  }

  @Test func noRouteHidesAnother() {
    let names = OpenAPI.routes.map { "\($0.method.rawValue) \($0.path)" }
    #expect(Set(names).count == names.count)
    for route in OpenAPI.routes {
      let parts = route.path.split(separator: "/")
      let first = OpenAPI.routes.first { $0.method == route.method && $0.match(parts) != nil }
      #expect(first?.path == route.path)
    }
  }

  @Test func everyRouteIsDescribedWithItsParameters() throws {
    let paths = try #require(OpenAPI.description["paths"])
    for route in OpenAPI.routes {
      let operation = try #require(paths[route.path]?[route.method.rawValue])
      #expect(operation["summary"]?.string == route.about)
      let named = (operation["parameters"]?.array ?? []).compactMap { $0["name"]?.string }
      let inPath = route.path.matches(of: /\{(\w+)\}/).map { String($0.output.1) }
      #expect(named == inPath + route.query.map(\.name), "\(route.path)")
      let body = operation["requestBody"]?["content"]?["application/json"]?["schema"]
      let properties = (body?["properties"]?.members ?? []).map(\.name)
      #expect(properties == route.body.map(\.name), "\(route.path)")
    }
    #expect(paths["/api/session"]?["post"]?["security"]?.array?.isEmpty == true)
  }
}
