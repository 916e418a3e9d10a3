import Engine
import Git
import Model
import Store

/// Answers requests of any transport.
package struct Dispatcher: Sendable {
  let coordinator: Coordinator
  private let tools: [Tool]
  /// The program's version.
  private let version: String
  /// True if a client that began with `initialize` can be notified of changes.
  private let tellsOfChanges: Bool

  init(coordinator: Coordinator, version: String, tellsOfChanges: Bool) {
    self.coordinator = coordinator
    self.version = version
    self.tellsOfChanges = tellsOfChanges
    tools = Tool.all
  }

  /// Answers for a project.
  ///
  /// - Parameter directory: the server's working directory; in a lane it acts for the lane's feature.
  package init(
    _ project: Project, _ store: Store, directory: String, version: String
  ) throws {
    let repository = try Repository(
      opening: try Repository.discover(from: directory) ?? directory,
      environment: project.environment)
    self.init(
      coordinator: try Coordinator(
        project, store,
        caller: try Caller.find(
          gitDirectory: repository.gitDirectory, store: store, locks: project.state.locks)),
      version: version, tellsOfChanges: true)
  }

  /// The side channel of a request.
  struct Sink: Sendable {
    /// Sends a notification that belongs to the request.
    var notify: @Sendable (JSON) -> Void
  }

  /// Returns the revision of a request.
  ///
  /// - Parameter session: the revision that `initialize` has agreed on, if any.
  func version(
    of request: Request, session: ProtocolVersion?
  ) throws(RPCError) -> ProtocolVersion {
    guard let named = request.meta(Self.versionKey) else {
      return request.method == "server/discover" ? .july2026 : session ?? .newestWithHandshake
    }
    guard let text = named.string, let version = ProtocolVersion(rawValue: text) else {
      throw RPCError(
        -32022, "the protocol version \(named.text) is not spoken here",
        data: [
          "supported": .texts(ProtocolVersion.allCases.reversed().map(\.rawValue)),
          "requested": named,
        ])
    }
    return version
  }

  /// True if a request may take long, so that others should not wait for it.
  func takesTime(_ request: Request) -> Bool {
    guard request.method == "tools/call", let name = request.params["name"]?.string else {
      return false
    }
    return tools.first { $0.name == name }?.takesTime ?? false
  }

  static let versionKey = "io.modelcontextprotocol/protocolVersion"
  static let subscriptionKey = "io.modelcontextprotocol/subscriptionId"

  /// Answers a request other than `subscriptions/listen`, which the transport keeps open.
  ///
  /// - Throws: ``RPCError``, or `CancellationError` where the client has taken the request back.
  func result(
    of request: Request, version: ProtocolVersion, sink: Sink
  ) async throws -> JSON {
    let result = try await plainResult(of: request, version, sink)
    guard version.isStateless else { return result }
    var full = result.with("resultType", "complete")
    if Self.cacheable.contains(request.method) {
      full = full.with("ttlMs", .whole(request.method == "tools/list" ? 3_600_000 : 0))
        .with("cacheScope", "private")
    }
    return full
  }

  private static let cacheable: Set<String> = [
    "server/discover", "tools/list", "resources/list", "resources/templates/list", "resources/read",
  ]

  private func plainResult(
    of request: Request, _ version: ProtocolVersion, _ sink: Sink
  ) async throws -> JSON {
    switch (request.method, version.isStateless) {
    case ("initialize", false): return initialize(request)
    case ("ping", false): return [:]
    case ("server/discover", true): return discover()
    case ("tools/list", _): return ["tools": .array(tools.map(\.json))]
    case ("tools/call", _): return try await call(request, sink)
    case ("resources/list", _): return try Resources(coordinator).list()
    case ("resources/templates/list", _): return Resources.templates
    case ("resources/read", _): return try Resources(coordinator).read(request.params, version)
    default: throw RPCError.unknownMethod(request.method)
    }
  }

  private func initialize(_ request: Request) -> JSON {
    let negotiated = ProtocolVersion.negotiated(request.params["protocolVersion"]?.string)
    return [
      "protocolVersion": .string(negotiated.rawValue), "capabilities": capabilities(false),
      "serverInfo": serverInfo, "instructions": .string(instructions),
    ]
  }

  private func discover() -> JSON {
    [
      "supportedVersions": .texts(ProtocolVersion.allCases.reversed().map(\.rawValue)),
      "capabilities": capabilities(true), "instructions": .string(instructions),
      "_meta": ["io.modelcontextprotocol/serverInfo": serverInfo],
    ]
  }

  private func capabilities(_ isStateless: Bool) -> JSON {
    let tells = isStateless || tellsOfChanges
    return [
      "tools": ["listChanged": false],
      "resources": ["subscribe": .bool(tells), "listChanged": .bool(tells)],
    ]
  }

  private var serverInfo: JSON {
    ["name": "lanekeeper", "title": "Lanekeeper", "version": .string(version)]
  }

  /// The instructions for the model.
  private var instructions: String {
    switch coordinator.caller {
    case .lane(let lane):
      "You work on feature #\(lane.feature) in a lane of your own. Claim files before you change "
        + "them (claim_file, claim_files); a refusal names the holder and what you can do. When the "
        + "target has changed a file meanwhile, call sync_lane. You need no agent_id."
    case .session:
      "Several agents build one backlog. Take a feature (claim_features), open its lane (open_lane), "
        + "work and commit there, claim files before you change them, and complete_feature at the "
        + "end. Give the same agent_id in all calls; what you hold stays yours for 15 minutes after "
        + "the last."
    case .onlooker(let reason): "You can look but not change anything here: \(reason)."
    }
  }

  private func call(_ request: Request, _ sink: Sink) async throws -> JSON {
    guard let name = request.params["name"]?.string else {
      throw RPCError.invalidParameters("'name' is missing")
    }
    guard let tool = tools.first(where: { $0.name == name }) else {
      throw RPCError.invalidParameters("there is no tool '\(name)'; tools/list names them")
    }
    let arguments: JSON
    switch request.params["arguments"] {
    case nil, .null: arguments = [:]
    case .object(let members): arguments = .object(members)
    default: throw RPCError.invalidParameters("'arguments' has to be an object")
    }
    if let problem = Schema.problem(arguments, tool.input) {
      return Self.failure("\(name): \(problem)")
    }
    let token = request.meta("progressToken")
    let progress: @Sendable (Double, Double?, String) -> Void = { done, total, message in
      guard let token, token.string != nil || token.integer != nil else { return }
      var params: JSON = [
        "progressToken": token, "progress": .number(done), "message": .string(message),
      ]
      if let total { params = params.with("total", .number(total)) }
      sink.notify(Outgoing.notification("notifications/progress", params))
    }
    do {
      let value = try await tool.run(
        ToolCall(coordinator: coordinator, arguments: arguments, progress: progress))
      return [
        "content": [["type": "text", "text": .string(value.text)]], "structuredContent": value,
        "isError": false,
      ]
    } catch let error as CancellationError {
      throw error
    } catch let error as CustomStringConvertible {
      return Self.failure(error.description)
    }
  }

  private static func failure(_ words: String) -> JSON {
    ["content": [["type": "text", "text": .string(words)]], "isError": true]
  }
}
