import Engine
import HTTPTypes
import Hummingbird
import Model
import Processes
import ServiceLifecycle

/// Answers the requests below `/api`.
struct API: Sendable {
  let site: Site
  let guardian: RequestChecks
  /// Called when a link was used.
  let linkUsed: @Sendable () -> Void
  /// The most bytes of a body.
  private static let limit = 1 << 20

  func answer(_ request: Hummingbird.Request) async throws -> Hummingbird.Response {
    try guardian.checkChange(request)
    if request.uri.path == "/api/session" { return try await session(request) }
    guard guardian.session(request) != nil else {
      throw Refusal(401, "open the link that `lanekeeper ui` printed")
    }
    let path = request.uri.path.split(separator: "/", omittingEmptySubsequences: true)
    var isKnown = false
    for route in OpenAPI.routes {
      guard let values = route.match(path) else { continue }
      isKnown = true
      guard route.method.rawValue == request.method.rawValue.lowercased() else { continue }
      var call = Call(site: site)
      call.path = values
      for (key, value) in request.uri.queryParameters { call.query[String(key)] = String(value) }
      call.lastEvent = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
      call.body = try await body(request)
      return try await response(try await route.handler(call), request)
    }
    throw isKnown ? Refusal(405, "not with this method") : Refusal(404, "there is nothing here")
  }

  private func body(_ request: Hummingbird.Request) async throws -> JSON {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.limit {
      throw Refusal(413, "the body is longer than \(Self.limit) bytes")
    }
    guard request.method != .get else { return [:] }
    let bytes: ByteBuffer
    do {
      bytes = try await request.body.collect(upTo: Self.limit)
    } catch {
      throw Refusal(413, "the body is longer than \(Self.limit) bytes")
    }
    guard bytes.readableBytes > 0 else { return [:] }
    guard let value = try? JSON(reading: Array(bytes.readableBytesView)), value.members != nil
    else { throw Refusal(400, "the body has to be a JSON object") }
    return value.canonical
  }

  private func session(_ request: Hummingbird.Request) async throws -> Hummingbird.Response {
    switch request.method {
    case .post:
      let key = try await body(request).needed("key")
      guard let secret = guardian.door.enter(key) else {
        throw Refusal(
          401, "this link was used already; `lanekeeper ui` has printed a new one")
      }
      linkUsed()
      return Reply.json((["session": .string(secret)] as JSON).text, request)
    case .delete:
      if let secret = guardian.session(request) { guardian.door.leave(secret) }
      return Reply.json(Answer.done.text, request)
    default: throw Refusal(405, "not with this method")
    }
  }

  private func response(
    _ answer: Answer, _ request: Hummingbird.Request
  ) async throws -> Hummingbird.Response {
    switch answer {
    case .json, .text: return Reply.json(answer.text, request)
    case .download(let name, let read):
      return Hummingbird.Response(
        status: .ok,
        headers: [
          .contentType: "text/plain; charset=utf-8",
          .contentDisposition: "attachment; filename=\"\(name)\"", .cacheControl: "no-store",
        ],
        body: .init { writer in
          var offset: UInt64 = 0
          while true {
            let start = offset
            let part = try await BlockingQueue.run { try read(start) }
            guard !part.bytes.isEmpty else { break }
            try await writer.write(ByteBuffer(bytes: part.bytes))
            offset = part.next
          }
          try await writer.finish(nil)
        })
    case .events(let seq, let isReset): return Reply.stream(events(after: seq, isReset))
    case .output(let cursor): return Reply.stream(output(cursor))
    }
  }

  // MARK: streams

  /// Streams events as they come; a slow reader gets the rest from the log.
  private func events(after seq: Int64, _ isReset: Bool) -> ResponseBody {
    let feed = site.feed
    return .init { writer in
      var seq = seq
      var written = ContinuousClock.now
      let hello =
        isReset ? "retry: 1000\nevent: reset\nid: \(seq)\ndata: {}\n\n" : "retry: 1000\n\n"
      try await writer.write(ByteBuffer(string: hello))
      for await _ in feed.bell().cancelOnGracefulShutdown() {
        while let page = try feed.page(after: seq) {
          try await writer.write(page.buffer)
          seq = page.last
          written = .now
        }
        if .now - written >= .seconds(EventFeed.beat * 0.9) {
          try await writer.write(ByteBuffer(string: ": beat\n\n"))
          written = .now
        }
      }
      try await writer.finish(nil)
    }
  }

  /// Streams the output of agents, read five times a second.
  private func output(_ cursor: String?) -> ResponseBody {
    let site = site
    return .init { writer in
      let feed = try await BlockingQueue.run {
        try OutputFeed(site.project(), site.store, cursor: cursor)
      }
      var written = ContinuousClock.now
      try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
      for await _ in Ticker.stream(every: .milliseconds(200)).cancelOnGracefulShutdown() {
        while true {
          let lines = try await BlockingQueue.run { try feed.next() }
          guard !lines.isEmpty else { break }
          let text = (["lines": .array(lines)] as JSON).text
          try await writer.write(
            ByteBuffer(string: "id: \(feed.cursor)\ndata: \(text)\n\n"))
          written = .now
        }
        if .now - written >= .seconds(EventFeed.beat) {
          try await writer.write(ByteBuffer(string: ": beat\n\n"))
          written = .now
        }
      }
      try await writer.finish(nil)
    }
  }
}

/// Ticks until the stream is dropped.
enum Ticker {
  static func stream(every interval: Duration) -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let task = Task {
      while !Task.isCancelled {
        continuation.yield()
        try? await Task.sleep(for: interval)
      }
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }
}

extension Answer {
  /// The JSON text of an answer.
  var text: String {
    switch self {
    case .json(let value): value.text
    case .text(let text): text
    case .download, .events, .output: "{}"
    }
  }
}
