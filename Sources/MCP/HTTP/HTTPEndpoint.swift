import Model
import Synchronization

/// Serves MCP's streamable HTTP without a socket: requests in, responses out.
///
/// The web server mounts it at one path, and checks token, host and length first.
package final class HTTPEndpoint: Sendable {
  private let dispatcher: Dispatcher
  private let sessions: HTTPSessions
  /// The time between two looks for changes on a stream.
  private let interval: Duration

  package init(dispatcher: Dispatcher, interval: Duration = .milliseconds(500)) {
    self.dispatcher = dispatcher
    self.interval = interval
    sessions = HTTPSessions()
  }

  /// Answers one HTTP request.
  package func respond(to request: HTTPRequest) async -> HTTPResponse {
    if let refusal = HTTPGate.refusal(request) { return refusal }
    switch request.method {
    case "POST": break
    case "DELETE":
      guard let id = request.header("MCP-Session-Id") else { return notAllowed }
      return sessions.close(id) ? HTTPResponse(204) : unknownSession
    default: return notAllowed
    }
    switch MessageReader.read(request.body) {
    case .broken(let id, let error): return .error(400, error, id: id)
    case .request(let message):
      if isStateless(message, request) { return await stateless(message, request) }
      return await withHandshake(message, request)
    case .notification(let method, let params):
      return accept(request) { session in self.take(method, params, session) }
    case .response: return accept(request) { _ in }
    }
  }

  private var notAllowed: HTTPResponse {
    HTTPResponse(405, headers: [(name: "Allow", value: "POST, DELETE")])
  }

  private var unknownSession: HTTPResponse {
    .error(404, .invalidRequest("the session is unknown or has expired; initialize again"))
  }

  private func take(_ method: String, _ params: JSON, _ session: String?) {
    guard method == "notifications/cancelled", let session,
      let id = RequestID(params["requestId"])
    else { return }
    sessions.cancel(id, in: session)
  }

  // MARK: without a handshake

  private func isStateless(_ message: Request, _ request: HTTPRequest) -> Bool {
    message.meta(Dispatcher.versionKey) != nil || message.method == "server/discover"
      || request.header("MCP-Protocol-Version") == ProtocolVersion.july2026.rawValue
  }

  private func stateless(_ message: Request, _ request: HTTPRequest) async -> HTTPResponse {
    do {
      let version = try dispatcher.version(of: message, session: nil)
      if let problem = HTTPGate.mismatch(request, message) {
        return .error(400, RPCError(-32020, problem), id: message.id)
      }
      if message.method == "subscriptions/listen", version.isStateless {
        return listen(try Subscription(message))
      }
      return await run(message, version, session: nil)
    } catch {
      return .error(400, error, id: message.id)
    }
  }

  /// Streams changes until the client disconnects.
  private func listen(_ subscription: Subscription) -> HTTPResponse {
    let (stream, events) = AsyncStream.makeStream(of: [UInt8].self)
    let (store, interval) = (dispatcher.coordinator.store, interval)
    // What changes from the acknowledgement on is told.
    let begin = try? ChangeWatcher(store)
    events.yield(Self.event(subscription.acknowledgement))
    let task = Task {
      var watcher = begin
      while !Task.isCancelled {
        try? await Task.sleep(for: interval)
        guard let change = try? watcher?.look(), !change.isNothing else { continue }
        for note in subscription.notifications(of: change) { events.yield(Self.event(note)) }
      }
      events.finish()
    }
    events.onTermination = { _ in task.cancel() }
    return Self.events(stream)
  }

  // MARK: with a handshake

  private func withHandshake(_ message: Request, _ request: HTTPRequest) async -> HTTPResponse {
    if message.method == "initialize" {
      do {
        let result = try await dispatcher.result(
          of: message, version: .newestWithHandshake, sink: Dispatcher.Sink { _ in })
        let version = ProtocolVersion.negotiated(result["protocolVersion"]?.string)
        return .json(
          200, Outgoing.result(message.id, result),
          headers: [(name: "MCP-Session-Id", value: sessions.open(version))])
      } catch {
        return .error(500, .inside("\(error)"), id: message.id)
      }
    }
    switch session(request) {
    case .refused(let response): return response
    case .known(let id, let version): return await run(message, version, session: id)
    }
  }

  private enum SessionCheck {
    case known(String, ProtocolVersion)
    case refused(HTTPResponse)
  }

  private func session(_ request: HTTPRequest) -> SessionCheck {
    guard let id = request.header("MCP-Session-Id") else {
      return .refused(.error(400, .invalidRequest("MCP-Session-Id is missing; initialize first")))
    }
    guard let version = sessions.use(id) else { return .refused(unknownSession) }
    if let named = request.header("MCP-Protocol-Version"),
      ProtocolVersion(rawValue: named) == nil
    {
      return .refused(
        .error(400, .invalidRequest("the protocol version \(named) is not spoken here")))
    }
    return .known(id, version)
  }

  /// Accepts a message that expects no answer.
  private func accept(_ request: HTTPRequest, _ take: (String?) -> Void) -> HTTPResponse {
    if request.header("MCP-Protocol-Version") == ProtocolVersion.july2026.rawValue {
      take(nil)
      return HTTPResponse(202)
    }
    switch session(request) {
    case .refused(let response): return response
    case .known(let id, _):
      take(id)
      return HTTPResponse(202)
    }
  }

  // MARK: running a request

  private struct Answer: Sendable {
    var message: JSON
    var error: RPCError?
  }

  private func answer(
    _ message: Request, _ version: ProtocolVersion, _ sink: Dispatcher.Sink
  ) async -> Answer {
    do {
      if !version.isStateless, message.method.hasSuffix("subscribe") {
        throw RPCError.unknownMethod(message.method)
      }
      return Answer(
        message: Outgoing.result(
          message.id, try await dispatcher.result(of: message, version: version, sink: sink)))
    } catch let error as RPCError {
      return Answer(message: Outgoing.error(message.id, error), error: error)
    } catch is CancellationError {
      let error = RPCError.inside("the request was cancelled")
      return Answer(message: Outgoing.error(message.id, error), error: error)
    } catch {
      let error = RPCError.inside("\(error)")
      return Answer(message: Outgoing.error(message.id, error), error: error)
    }
  }

  /// Answers at once, or by a stream if the call may take long; closing the stream cancels it.
  private func run(
    _ message: Request, _ version: ProtocolVersion, session: String?
  ) async -> HTTPResponse {
    guard dispatcher.takesTime(message) else {
      let answer = await answer(message, version, Dispatcher.Sink { _ in })
      return .json(status(answer.error, version), answer.message)
    }
    let (stream, events) = AsyncStream.makeStream(of: [UInt8].self)
    let sessions = sessions
    let task = Task { [self] in
      let answer = await answer(
        message, version, Dispatcher.Sink { events.yield(Self.event($0)) })
      events.yield(Self.event(answer.message))
      events.finish()
      if let session { sessions.remove(message.id, in: session) }
    }
    if let session { sessions.add(task, message.id, in: session) }
    events.onTermination = { _ in task.cancel() }
    return Self.events(stream)
  }

  private func status(_ error: RPCError?, _ version: ProtocolVersion) -> Int {
    guard let error, version.isStateless else { return 200 }
    return error.code == -32601 ? 404 : 400
  }

  private static func events(_ stream: AsyncStream<[UInt8]>) -> HTTPResponse {
    HTTPResponse(
      200,
      headers: [
        (name: "Content-Type", value: "text/event-stream"),
        (name: "Cache-Control", value: "no-cache"),
      ], body: .events(stream))
  }

  private static func event(_ message: JSON) -> [UInt8] {
    Array("event: message\ndata: ".utf8) + message.bytes + Array("\n\n".utf8)
  }
}
