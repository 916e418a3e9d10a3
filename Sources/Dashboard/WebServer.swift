import CoordinationServer
import HTTPTypes
import Hummingbird
import Logging

// Dashboard: what is served over HTTP. It is a program of its own, so that the web server's code costs
// the commands no time at their start.

/// Serves the coordination server as streamable HTTP at `/mcp`, for those who know the token.
package struct WebServer: Sendable {
  private let endpoint: HTTPEndpoint
  private let token: AccessToken

  package init(endpoint: HTTPEndpoint, token: AccessToken) {
    self.endpoint = endpoint
    self.token = token
  }

  /// The most bytes of a message.
  private static let limit = 4 << 20

  /// Serves until SIGTERM or SIGINT.
  ///
  /// - Parameters:
  ///   - port: 0 takes any that is free.
  ///   - started: is told the port once connections are taken.
  package func run(
    address: String, port: Int, started: @escaping @Sendable (Int) -> Void
  ) async throws {
    var logger = Logger(label: "lanekeeper-ui")
    logger.logLevel = .error
    let app = Application(
      router: router(), configuration: .init(address: .hostname(address, port: port)),
      onServerRunning: { channel in started(channel.localAddress?.port ?? port) }, logger: logger)
    try await app.runService()
  }

  private func router() -> Router<BasicRequestContext> {
    let router = Router()
    for method in [Hummingbird.HTTPRequest.Method.get, .post, .delete] {
      router.on("mcp", method: method) { request, _ in try await answer(request) }
    }
    return router
  }

  private func answer(_ request: Hummingbird.Request) async throws -> Hummingbird.Response {
    guard token.opens(request.headers[.authorization]) else {
      return Hummingbird.Response(
        status: .unauthorized, headers: [.wwwAuthenticate: "Bearer", .contentType: "text/plain"],
        body: .init(byteBuffer: .init(string: "the token is missing or wrong\n")))
    }
    let body = try await request.body.collect(upTo: Self.limit)
    var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
    if let host = request.head.authority { headers.append((name: "Host", value: host)) }
    let answer = await endpoint.respond(
      to: CoordinationServer.HTTPRequest(
        method: request.method.rawValue, headers: headers, body: Array(body.readableBytesView)))
    var fields = HTTPFields()
    for (name, value) in answer.headers {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    let content: Hummingbird.ResponseBody =
      switch answer.body {
      case .none: .init()
      case .bytes(let bytes): .init(byteBuffer: .init(bytes: bytes))
      case .events(let events):
        .init { writer in
          for await event in events { try await writer.write(.init(bytes: event)) }
          try await writer.finish(nil)
        }
      }
    return Hummingbird.Response(
      status: .init(code: answer.status), headers: fields, body: content)
  }
}
