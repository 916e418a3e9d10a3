import Model
import TestSupport
import Testing

@testable import MCP

@Suite(.bounded) struct DispatcherTests {
  private func code(_ body: () async throws -> JSON) async -> Int? {
    do {
      _ = try await body()
      return nil
    } catch { return (error as? RPCError)?.code }
  }

  @Test(arguments: [
    ("2024-11-05", "2025-11-25"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"),
    ("2025-11-25", "2025-11-25"), ("2026-07-28", "2025-11-25"), ("1999-01-01", "2025-11-25"),
  ])
  func settlesOnAVersion(_ wanted: String, _ answered: String) async throws {
    let desk = try Desk()
    let result = try await desk.result("initialize", ["protocolVersion": .string(wanted)])
    #expect(result["protocolVersion"]?.string == answered)
    #expect(result["serverInfo"]?["version"] == "1.2.3" && result["capabilities"]?["tools"] != nil)
    #expect(result["resultType"] == nil)
  }

  @Test func servesTheStatelessRevision() async throws {
    let desk = try Desk()
    let found = try await desk.result("server/discover", version: .july2026)
    #expect(found["resultType"] == "complete" && found["cacheScope"] == "private")
    #expect(found["supportedVersions"]?.array?.first == "2026-07-28")
    #expect(found["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "lanekeeper")
    let tools = try await desk.result("tools/list", version: .july2026)
    #expect(tools["ttlMs"]?.integer != nil && tools["resultType"] == "complete")
    for method in ["initialize", "ping", "nonsense"] {
      #expect(await code { try await desk.result(method, version: .july2026) } == -32601)
    }
  }

  @Test func knowsByWhichRevisionToAnswer() throws {
    let desk = try Desk()
    func version(_ method: String, _ meta: JSON?, session: ProtocolVersion?) throws
      -> ProtocolVersion
    {
      let params: JSON =
        meta.map { ["_meta": ["io.modelcontextprotocol/protocolVersion": $0]] } ?? [:]
      return try desk.dispatcher.version(
        of: Request(id: .number(1), method: method, params: params), session: session)
    }
    #expect(try version("tools/list", nil, session: .june2025) == .june2025)
    #expect(try version("tools/list", nil, session: nil) == .november2025)
    #expect(try version("tools/list", "2026-07-28", session: .june2025) == .july2026)
    #expect(try version("server/discover", nil, session: nil) == .july2026)
    do {
      _ = try version("tools/list", "2030-01-01", session: nil)
      Issue.record("it was taken")
    } catch let error as RPCError {
      #expect(error.code == -32022 && error.data?["requested"] == "2030-01-01")
      #expect(error.data?["supported"]?.array?.contains("2026-07-28") == true)
    }
  }

  @Test func refusesWhatItDoesNotKnow() async throws {
    let desk = try Desk()
    #expect(await code { try await desk.result("prompts/list") } == -32601)
    #expect(await code { try await desk.result("tools/call", ["name": "no_such"]) } == -32602)
    #expect(await code { try await desk.result("tools/call") } == -32602)
    #expect(
      await code { try await desk.result("tools/call", ["name": "list_claims", "arguments": [1]]) }
        == -32602)
    #expect(await code { try await desk.result("resources/read", ["uri": "x://y"]) } == -32002)
    #expect(
      await code { try await desk.result("resources/read", ["uri": "x://y"], version: .july2026) }
        == -32602)
  }

  @Test func tellsWrongArgumentsToTheModel() async throws {
    let desk = try Desk()
    for (tool, arguments, words) in [
      ("claim_file", [:] as JSON, "'file_path' is missing"),
      ("claim_file", ["file_path": 5], "'file_path' has to be a text"),
      ("claim_file", ["file_path": "a", "nonsense": 1], "'nonsense' is not known"),
      ("claim_files", ["file_paths": []], "at least 1"),
      ("claim_files", ["file_paths": ["a"], "mode": "weak"], "one of"),
      ("claim_features", ["count": 0, "agent_id": "x"], "at least 1"),
      ("claim_file", ["file_path": "a"], "'agent_id' is needed"),
      ("claim_file", ["file_path": "a", "agent_id": ""], "'agent_id' is needed"),
      ("claim_file", ["file_path": "../a", "agent_id": "x"], "leads out of the repository"),
      ("claim_file", ["file_path": "/etc/passwd", "agent_id": "x"], "leads out of the repository"),
      ("claim_file", ["file_path": ".git/config", "agent_id": "x"], "git's own directory"),
      ("get_feature", ["feature_id": "77"], "no feature '77'"),
      ("open_lane", ["feature_id": "1", "agent_id": "x"], "does not hold #1"),
      ("release_file", ["file_path": "a.txt", "agent_id": "x"], "not claimed by you"),
      ("wait_for_file", ["file_path": "a", "timeout_s": 5000], "at most 900"),
    ] {
      let answer = try await desk.call(tool, arguments)["error"]?.string ?? ""
      #expect(answer.contains(words), "\(tool): \(answer)")
    }
  }

  @Test func everyToolSaysWhatItTakesAndGives() async throws {
    let desk = try Desk()
    let tools = try #require(try await desk.result("tools/list")["tools"]?.array)
    let names = Set(tools.compactMap { $0["name"]?.string })
    #expect(
      names == [
        "claim_file", "release_file", "claim_files", "release_files", "list_claims", "check_files",
        "wait_for_file", "claim_features", "release_features", "get_feature", "list_features",
        "feature_graph", "report_progress", "complete_feature", "open_lane", "sync_lane",
      ])
    for tool in tools {
      for schema in ["inputSchema", "outputSchema"] {
        #expect(tool[schema]?["type"] == "object", "\(tool["name"]?.text ?? "")")
      }
      for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
        #expect(tool["annotations"]?[hint]?.bool != nil)
      }
      #expect((tool["description"]?.string ?? "").count > 40)
    }
  }
}
