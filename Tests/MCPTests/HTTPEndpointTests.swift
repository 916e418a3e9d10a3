import Model
import TestSupport
import Testing

@testable import MCP

@Suite(.bounded) struct HTTPEndpointTests {
  private let desk: Desk
  private let endpoint: HTTPEndpoint

  init() throws {
    desk = try Desk()
    endpoint = HTTPEndpoint(
      dispatcher: Dispatcher(
        coordinator: desk.dispatcher.coordinator, version: "1", tellsOfChanges: false),
      interval: .milliseconds(50))
  }

  private static let standard: [(name: String, value: String)] = [
    (name: "Host", value: "127.0.0.1:8420"), (name: "Content-Type", value: "application/json"),
    (name: "Accept", value: "application/json, text/event-stream"),
  ]

  private func post(
    _ message: JSON, _ headers: [String: String] = [:]
  ) async -> HTTPResponse {
    var all = Self.standard.filter { headers[$0.name] == nil }
    all += headers.filter { !$0.value.isEmpty }.map { (name: $0.key, value: $0.value) }
    return await endpoint.respond(
      to: HTTPRequest(method: "POST", headers: all, body: message.bytes))
  }

  private func request(_ method: String, _ params: JSON = [:], id: JSON = 1) -> JSON {
    ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params]
  }

  private func modern(_ method: String, _ params: JSON = [:]) -> JSON {
    request(
      method, params.with("_meta", ["io.modelcontextprotocol/protocolVersion": "2026-07-28"]))
  }

  private func json(_ response: HTTPResponse) throws -> JSON {
    guard case .bytes(let bytes) = response.body else { return .null }
    return try JSON(reading: bytes)
  }

  private func session() async throws -> String {
    let response = await post(request("initialize", ["protocolVersion": "2025-06-18"]))
    #expect(response.status == 200)
    #expect(try json(response)["result"]?["protocolVersion"] == "2025-06-18")
    #expect(try json(response)["result"]?["capabilities"]?["resources"]?["subscribe"] == false)
    return try #require(response.headers.first { $0.name == "MCP-Session-Id" }?.value)
  }

  @Test func keepsStrangersOut() async {
    let ping = request("ping")
    #expect(await post(ping, ["Origin": "http://evil.example"]).status == 403)
    #expect(await post(ping, ["Origin": "http://127.0.0.1:8420"]).status == 403)
    #expect(await post(ping).status == 400)
    #expect(await post(ping, ["Content-Type": "text/plain"]).status == 415)
    #expect(await post(ping, ["Accept": "application/json"]).status == 406)
    #expect(await post(ping, ["Accept": ""]).status == 406)
    for method in ["GET", "PUT", "DELETE"] {
      let response = await endpoint.respond(to: HTTPRequest(method: method, headers: []))
      #expect(response.status == 405)
      #expect(response.headers.contains { $0.name == "Allow" })
    }
  }

  @Test func livesBySessions() async throws {
    let id = try await session()
    #expect(id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
    let named = ["MCP-Session-Id": id, "MCP-Protocol-Version": "2025-06-18"]
    let initialized: JSON = ["jsonrpc": "2.0", "method": "notifications/initialized"]
    let accepted = await post(initialized, named)
    #expect(accepted.status == 202)
    if case .none = accepted.body {} else { Issue.record("202 has a body") }
    #expect(await post(["jsonrpc": "2.0", "id": 4, "result": [:]], named).status == 202)
    #expect(await post(request("ping")).status == 400)
    #expect(await post(initialized).status == 400)
    #expect(await post(request("ping"), ["MCP-Session-Id": "unknown"]).status == 404)
    #expect(
      await post(request("ping"), named.merging(["MCP-Protocol-Version": "9"]) { $1 }).status == 400
    )
    let tools = await post(request("tools/list"), named)
    #expect(try json(tools)["result"]?["tools"]?.array?.count == 16)
    let unknown = await post(request("nonsense"), named)
    #expect(unknown.status == 200)
    #expect(try json(unknown)["error"]?["code"] == -32601)
    #expect(await post([request("ping")], named).status == 400)
    func delete() async -> Int {
      await endpoint.respond(
        to: HTTPRequest(method: "DELETE", headers: [(name: "mcp-session-id", value: id)])
      ).status
    }
    #expect(await delete() == 204)
    #expect(await delete() == 404)
    #expect(await post(request("ping"), named).status == 404)
  }

  @Test func refusesBatches() async throws {
    let response = await post(request("initialize", ["protocolVersion": "2025-03-26"]))
    let id = try #require(response.headers.first { $0.name == "MCP-Session-Id" }?.value)
    let several = await post([request("ping", id: 1)], ["MCP-Session-Id": id])
    #expect(several.status == 400)
    #expect(try json(several)["error"]?["code"] == -32600)
  }

  @Test func comparesHeadersWithTheBody() async throws {
    let version = ["MCP-Protocol-Version": "2026-07-28"]
    func code(_ message: JSON, _ headers: [String: String]) async throws -> JSON? {
      let response = await post(message, headers)
      #expect(response.status == 400)
      return try json(response)["error"]?["code"]
    }
    let list = modern("tools/list")
    let fine = await post(list, version.merging(["Mcp-Method": "tools/list"]) { $1 })
    #expect(fine.status == 200)
    #expect(try json(fine)["result"]?["resultType"] == "complete")
    #expect(try await code(list, version) == -32020)
    #expect(try await code(list, version.merging(["Mcp-Method": "tools/call"]) { $1 }) == -32020)
    #expect(try await code(list, ["Mcp-Method": "tools/list"]) == -32020)
    let call = modern("tools/call", ["name": "list_claims"])
    let method = version.merging(["Mcp-Method": "tools/call"]) { $1 }
    #expect(try await code(call, method) == -32020)
    #expect(try await code(call, method.merging(["Mcp-Name": "claim_file"]) { $1 }) == -32020)
    for name in ["list_claims", "=?base64?bGlzdF9jbGFpbXM=?="] {
      #expect(await post(call, method.merging(["Mcp-Name": name]) { $1 }).status == 200)
    }
    let unknown = await post(
      modern("nonsense"), version.merging(["Mcp-Method": "nonsense"]) { $1 })
    #expect(unknown.status == 404)
    #expect(try json(unknown)["error"]?["code"] == -32601)
    let future = request(
      "tools/list", ["_meta": ["io.modelcontextprotocol/protocolVersion": "2031-01-01"]])
    #expect(try await code(future, ["MCP-Protocol-Version": "2031-01-01"]) == -32022)
  }

  @Test func tellsOfBrokenMessages() async throws {
    let broken = await endpoint.respond(
      to: HTTPRequest(method: "POST", headers: Self.standard, body: Array("{".utf8)))
    #expect(broken.status == 400)
    #expect(try json(broken)["error"]?["code"] == -32700)
    #expect(await post("text").status == 400)
  }

  @Test func streamsProgress() async throws {
    let named = ["MCP-Session-Id": try await session()]
    _ = try await desk.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    let response = await post(
      request(
        "tools/call",
        [
          "name": "wait_for_file", "_meta": ["progressToken": "p"],
          "arguments": ["file_path": "x", "agent_id": "bob", "timeout_s": 600],
        ]), named)
    guard case .events(let events) = response.body else {
      Issue.record("no stream")
      return
    }
    var messages: [JSON] = []
    for await event in events {
      let text = String(decoding: event, as: UTF8.self)
      messages.append(
        try JSON(reading: String(text.split(separator: "\n")[1].dropFirst("data: ".count))))
      if messages.count == 2 {
        _ = try await desk.call("release_file", ["file_path": "x", "agent_id": "ann"])
      }
    }
    let first = try #require(messages.first)
    #expect(first["method"] == "notifications/progress" && first["params"]?["progressToken"] == "p")
    #expect(first["params"]?["message"]?.string?.contains("the session ann") == true)
    let last = try #require(messages.last)
    #expect(last["id"] == 1 && last["result"]?["structuredContent"]?["granted"] == true)
    let steps = messages.compactMap { $0["params"]?["progress"]?.number }
    #expect(steps.count >= 2 && steps == steps.sorted())
  }

  @Test func cancelsWhatAClientLeaves() async throws {
    let id = try await session()
    _ = try await desk.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    func wait(_ number: JSON) async -> HTTPResponse {
      await post(
        request(
          "tools/call",
          [
            "name": "wait_for_file",
            "arguments": ["file_path": "x", "agent_id": "bob", "timeout_s": 600],
          ], id: number), ["MCP-Session-Id": id])
    }
    guard case .events(let events) = await wait(5).body else {
      Issue.record("no stream")
      return
    }
    let cancel: JSON = [
      "jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 5],
    ]
    #expect(await post(cancel, ["MCP-Session-Id": id]).status == 202)
    var count = 0
    for await _ in events { count += 1 }
    #expect(count == 1)
  }

  @Test func listensForChanges() async throws {
    let response = await post(
      modern(
        "subscriptions/listen",
        [
          "notifications": [
            "resourcesListChanged": true, "resourceSubscriptions": ["lanekeeper://claims"],
          ]
        ]),
      ["MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen"])
    guard case .events(let events) = response.body else {
      Issue.record("no stream")
      return
    }
    var seen: [String] = []
    for await event in events {
      let text = String(decoding: event, as: UTF8.self)
      let message = try JSON(
        reading: String(text.split(separator: "\n")[1].dropFirst("data: ".count)))
      #expect(message["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == 1)
      seen.append(message["method"]?.string ?? "")
      if seen.count == 1 {
        _ = try await desk.call("claim_file", ["file_path": "y", "agent_id": "ann"])
      }
      if message["method"] == "notifications/resources/updated" { break }
    }
    #expect(seen.first == "notifications/subscriptions/acknowledged")
    #expect(seen.last == "notifications/resources/updated")
  }
}
