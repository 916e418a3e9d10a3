import Foundation
import TestSupport
import Testing

/// `lanekeeper ui` as a process: the coordination server over HTTP.
@Suite struct UiTests {
  /// A server on a free port.
  private struct Served {
    let program: RunningProgram
    let port: UInt16
    let authorization: String
    let text: String

    init(_ shop: Workshop, output: String) throws {
      let program = try shop.start(["ui", "--port", "0"], output: output)
      var text = ""
      #expect(
        try eventually {
          text = try shop.repository.root.read(output)
          return text.split(separator: "\n").count == 2 && text.hasSuffix("\n")
        }, "\(text)")
      let lines = text.split(separator: "\n")
      let place = lines.first?.firstMatch(of: /^MCP: http:\/\/127\.0\.0\.1:(\d+)\/mcp$/)
      port = try #require(place.flatMap { UInt16($0.output.1) }, "\(text)")
      authorization = String(lines.last ?? "")
      self.program = program
      self.text = text
    }

    /// Posts a message; the status and the whole answer.
    func post(_ message: String, _ headers: String...) throws -> (status: Int, text: String) {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = inet_addr("127.0.0.1")
      let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard connected == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
      let lines =
        [
          "POST /mcp HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close",
          "Content-Type: application/json", "Accept: application/json, text/event-stream",
          "Content-Length: \(message.utf8.count)",
        ] + headers
      let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + message).utf8)
      guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
      else { throw POSIXError(.EPIPE) }
      var answer: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
        answer += buffer[..<count]
      }
      let text = String(decoding: answer, as: UTF8.self)
      return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0, text)
    }
  }

  private static let initialize = """
    {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
    "capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
    """

  @Test func p8_nothingIsChangedWithoutTheToken() throws {
    signal(SIGPIPE, SIG_IGN)
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let served = try Served(shop, output: "ui")
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
    let again = try Served(shop, output: "again")
    #expect(again.authorization == served.authorization)
    again.program.signal(SIGINT)
    #expect(again.program.wait() == 0)
  }

  @Test func p2_claimsOverHTTPAreTheSameClaims() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let served = try Served(shop, output: "ui")
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
