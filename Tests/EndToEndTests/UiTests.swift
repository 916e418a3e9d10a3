import Foundation
import TestSupport
import Testing

/// `lanekeeper ui` as a process: the coordination server over HTTP, for agents.
@Suite(.bounded) struct UiTests {
  private static let initialize = """
    {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
    "capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
    """

  @Test func p8_nothingIsChangedWithoutTheToken() throws {
    signal(SIGPIPE, SIG_IGN)
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let served = try ServedPage(shop, output: "ui")
    for headers in [
      "X-None: 1", "Authorization: Bearer", "Authorization: Bearer 0",
      served.authorization + "0", served.authorization.replacing("Bearer ", with: ""),
    ] {
      let answer = try served.post(Self.initialize, headers)
      #expect(answer.status == 401, "\(headers): \(answer.text)")
      #expect(!answer.text.contains("protocolVersion"))
    }
    let open = try served.post(Self.initialize, served.authorization)
    #expect(open.status == 200 && open.text.contains("\"protocolVersion\":\"2025-11-25\""))
    // A web page elsewhere, and a name that somebody else gives this machine, stay out.
    for header in ["Origin: http://example.org", "Origin: null"] {
      #expect(try served.post(Self.initialize, served.authorization, header).status == 403)
    }
    // The token is for its owner's eyes, and stays the same.
    let path = shop.repository.path + "/.git/lanekeeper/mcp-token"
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    served.program.signal(SIGTERM)
    #expect(served.program.wait() == 0)
    let again = try ServedPage(shop, output: "again")
    #expect(again.authorization == served.authorization)
    again.program.signal(SIGINT)
    #expect(again.program.wait() == 0)
  }

  @Test func p2_claimsOverHTTPAreTheSameClaims() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let served = try ServedPage(shop, output: "ui")
    let session = try #require(
      try served.post(Self.initialize, served.authorization).text
        .firstMatch(of: /(?i)mcp-session-id: (\w+)/)?.output.1)
    func claim(_ agent: String) throws -> String {
      try served.post(
        """
        {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"claim_file","arguments":\
        {"file_path":"a.txt","agent_id":"\(agent)"}}}
        """, served.authorization, "MCP-Session-Id: \(session)"
      ).text
    }
    #expect(try claim("ann").contains("\"granted\":true"))
    #expect(try claim("bob").contains("\"granted\":false"))
    #expect(try shop.run("claim", "a.txt").status == 75)
    served.program.signal(SIGTERM)
    #expect(served.program.wait() == 0)
  }
}
