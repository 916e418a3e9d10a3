import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import MCP
import NIOCore
import ServiceLifecycle
import Synchronization

// Web: what is served over HTTP. It is a program of its own, so that the web server's code costs
// the commands no time at their start.

/// Serves the page and its API to persons, and MCP at `/mcp` to agents.
///
/// A person enters by a link that is valid once, an agent by a token that is valid for `/mcp` only.
package struct WebServer: Sendable {
  /// A message for the terminal.
  package enum Note: Sendable {
    /// `http://`, host and port.
    case serving(address: String, key: String)
    case newLink(address: String, key: String)
  }

  private let endpoint: HTTPEndpoint
  private let token: AccessToken
  private let site: Site
  private let door: BrowserSessions
  private let pages: PageFiles

  /// - Parameter pages: directories of the page's files; the first is used.
  package init(
    endpoint: HTTPEndpoint, token: AccessToken, site: Site, door: BrowserSessions, pages: [String]
  ) throws {
    self.endpoint = endpoint
    self.token = token
    self.site = site
    self.door = door
    self.pages = try PageFiles(pages)
  }

  /// The most bytes of an MCP message.
  private static let limit = 4 << 20

  /// Serves until SIGTERM or SIGINT.
  ///
  /// - Parameters:
  ///   - port: 0 for any free port.
  ///   - isOpen: true if other machines may reach it.
  package func run(
    address: String, port: Int, isOpen: Bool, tell: @escaping @Sendable (Note) -> Void
  ) async throws {
    var logger = Logger(label: "lanekeeper-ui")
    logger.logLevel = .critical
    let api = Mutex<API?>(nil)
    let server = self
    let app = Application(
      responder: CallbackResponder<BasicRequestContext> { request, _ in
        guard let api = api.withLock({ $0 }) else { return .init(status: .serviceUnavailable) }
        return Reply.secured(await server.answer(request, api))
      },
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [RequestDeadline()],
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16_384, maxHeaderListSize: 32_768, maxHeaderFieldCount: 100))),
      configuration: .init(address: .hostname(address, port: port), backlog: 1024),
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? port
        let hosts = HostNames(address: address, port: port, isOpen: isOpen)
        api.withLock {
          $0 = API(site: site, guardian: RequestChecks(door: door, hosts: hosts)) {
            tell(.newLink(address: hosts.origin, key: door.key()))
          }
        }
        tell(.serving(address: hosts.origin, key: door.key()))
      }, logger: logger)
    try await app.runService()
  }

  private func answer(
    _ request: Hummingbird.Request, _ api: API
  ) async -> Hummingbird.Response {
    do {
      try RequestChecks.checkHost(request)
      let path = request.uri.path
      if path == "/mcp" { return try await coordinate(request, api.guardian.hosts) }
      try api.guardian.check(request)
      if path == "/api" || path.hasPrefix("/api/") { return try await api.answer(request) }
      guard request.method == .get else {
        throw Refusal(405, "not with this method")
      }
      if path == "/" { return Reply.file(pages.index, request, isNamedByContent: false) }
      guard let file = pages.assets[path] else { throw Refusal(404, "there is nothing here") }
      return Reply.file(file, request, isNamedByContent: true)
    } catch {
      return Reply.refusal(Refusal(error), request)
    }
  }

  private func coordinate(
    _ request: Hummingbird.Request, _ hosts: HostNames
  ) async throws -> Hummingbird.Response {
    guard [.get, .post, .delete].contains(request.method) else {
      return Hummingbird.Response(status: .methodNotAllowed)
    }
    guard token.opens(request.headers[.authorization]) else {
      return Hummingbird.Response(
        status: .unauthorized, headers: [.wwwAuthenticate: "Bearer", .contentType: "text/plain"],
        body: .init(byteBuffer: .init(string: "the token is missing or wrong\n")))
    }
    guard hosts.isOurs(request.head.authority) else {
      throw Refusal(403, "this server is not asked by that name")
    }
    let body: ByteBuffer
    do {
      body = try await request.body.collect(upTo: Self.limit)
    } catch {
      throw Refusal(413, "the message is longer than \(Self.limit) bytes")
    }
    var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
    if let host = request.head.authority { headers.append((name: "Host", value: host)) }
    let answer = await endpoint.respond(
      to: MCP.HTTPRequest(
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
          for await event in events.cancelOnGracefulShutdown() {
            try await writer.write(.init(bytes: event))
          }
          try await writer.finish(nil)
        }
      }
    return Hummingbird.Response(
      status: .init(code: answer.status), headers: fields, body: content)
  }
}
