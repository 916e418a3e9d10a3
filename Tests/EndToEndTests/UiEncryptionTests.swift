import Foundation
import TestSupport
import Testing

/// `lanekeeper ui` with a certificate, spoken to by curl.
@Suite struct UiEncryptionTests {
  private let shop: Workshop
  private static let names =
    "IP:127.0.0.1,DNS:localhost,DNS:lanes.example.org,DNS:*.box.example.org"
  private var certificate: String { shop.repository.root.path("page.pem") }
  private var key: String { shop.repository.root.path("page.key") }

  init() throws {
    shop = try Workshop(features: Workshop.independent(1), agent: "true")
    try make("page", more: ["-addext", "subjectAltName=\(Self.names)"])
  }

  private func make(_ name: String, more: [String] = []) throws {
    let made = try program(
      [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-keyout", shop.repository.root.path("\(name).key"),
        "-out", shop.repository.root.path("\(name).pem"),
      ] + more)
    #expect(made.status == 0, "\(made.text)")
  }

  private func program(_ argv: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = argv
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    process.environment = shop.environment
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// Starts the server; returns it with the address and the key of its page, and the agents' header.
  private func serve(
    _ more: [String]
  ) throws -> (program: RunningProgram, name: String, port: String, key: String, header: String) {
    let program = try shop.start(
      more + ["--tls-certificate", certificate, "--tls-key", key], output: "ui")
    var text = ""
    #expect(
      try eventually {
        text = try shop.repository.root.read("ui")
        return text.contains(/Authorization: .+\n/)
      }, "\(text)")
    let place = try #require(
      text.firstMatch(of: /Page: https:\/\/([^:]+):(\d+)\/#key=(\w+)\n/), "\(text)")
    #expect(text.contains("MCP: https://\(place.output.1):\(place.output.2)/mcp\n"))
    let header = try #require(text.firstMatch(of: /Authorization: .+/))
    return (
      program, String(place.output.1), String(place.output.2), String(place.output.3),
      String(header.output)
    )
  }

  private func curl(_ arguments: String...) throws -> (status: Int32, text: String) {
    try program(
      [
        "curl", "-sS", "-i", "--http1.1", "--max-time", "60", "--noproxy", "*", "--cacert",
        certificate,
      ]
        + arguments)
  }

  @Test func thePageItsStreamAndTheToolsAreEncrypted() throws {
    let served = try serve(["ui", "--port", "0"])
    // The certificate is for this name.
    #expect(served.name == "localhost")
    let address = "https://127.0.0.1:\(served.port)"
    func session(_ origin: String, _ key: String) throws -> String {
      try curl(
        "-H", "Origin: \(origin)", "-H", "Content-Type: application/json", "-d",
        "{\"key\":\"\(key)\"}", address + "/api/session"
      ).text
    }
    // What comes from the unencrypted page of the same address comes from elsewhere.
    #expect(try session("http://127.0.0.1:\(served.port)", served.key).contains(" 403 "))
    let entered = try session(address, served.key)
    let secret = try #require(entered.firstMatch(of: /"session": ?"(\w+)"/), "\(entered)").output.1
    let header = "Authorization: Bearer \(secret)"
    let status = try curl("-H", header, address + "/api/status").text
    #expect(status.contains(" 200 ") && status.contains("\"features\""), "\(status)")
    #expect(try shop.run("claim", "a.txt").status == 0)
    let stream = try curl(
      "-N", "--max-time", "2", "-H", header, address + "/api/stream?since=0"
    ).text
    #expect(stream.contains("text/event-stream") && stream.contains("id: 1\n"), "\(stream)")
    let tools = try curl(
      "-H", served.header, "-H", "Content-Type: application/json", "-H",
      "Accept: application/json, text/event-stream", "-d",
      """
      {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
      "capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
      """, address + "/mcp"
    ).text
    #expect(tools.contains(" 200 ") && tools.contains("protocolVersion"), "\(tools)")
    // Nothing is answered in the clear, nor by an outdated version.
    #expect(try curl("http://127.0.0.1:\(served.port)/").status != 0)
    #expect(try curl("--tls-max", "1.1", "--ciphers", "ALL@SECLEVEL=0", address + "/").status == 35)
    served.program.signal(SIGTERM)
    #expect(served.program.wait() == 0)
  }

  /// Nobody has to be asked, and other machines reach the tools under the address that they know.
  @Test func p8_beyondLoopbackWithACertificate() throws {
    let served = try serve(["ui", "--port", "0", "--listen", "0.0.0.0"])
    #expect(served.name == "lanes.example.org")
    #expect(try !shop.repository.root.read("ui").contains("warning"))
    for (host, status) in [
      ("192.0.2.7", 200), ("localhost", 200), ("lanes.example.org", 200),
      ("a.box.example.org", 200), ("a.b.box.example.org", 403), ("box.example.org", 403),
      ("example.org", 403),
    ] {
      let page = try curl(
        "-k", "--connect-to", "\(host):\(served.port):127.0.0.1:\(served.port)",
        "https://\(host):\(served.port)/")
      #expect(page.text.contains("HTTP/1.1 \(status) "), "\(host): \(page.text)")
      let answer = try curl(
        "-k", "--connect-to", "\(host):\(served.port):127.0.0.1:\(served.port)",
        "-H", served.header, "-H", "Content-Type: application/json", "-H",
        "Accept: application/json, text/event-stream", "-d",
        """
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
        "capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
        """, "https://\(host):\(served.port)/mcp")
      #expect(answer.text.contains("HTTP/1.1 \(status) "), "\(host): \(answer.text)")
    }
    served.program.signal(SIGTERM)
    #expect(served.program.wait() == 0)
  }

  @Test func unusableFilesAreNamed() throws {
    try make("other")
    let locked = try program([
      "openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out",
      shop.repository.root.path("locked.key"),
    ])
    #expect(locked.status == 0, "\(locked.text)")
    try shop.repository.root.write("nonsense", "nonsense\n")
    func place(_ name: String) -> String { shop.repository.root.path(name) }
    for (certificate, key, words) in [
      (place("none"), key, ["none can't be read (No such file", "give a file"]),
      (certificate, place("none"), ["none can't be read (No such file", "give a file"]),
      (place(""), key, ["can't be read (Is a directory"]),
      (place("nonsense"), key, ["nonsense holds no certificate", "BEGIN CERTIFICATE"]),
      (key, key, ["page.key holds no certificate"]),
      (certificate, place("nonsense"), ["nonsense holds no private key", "BEGIN PRIVATE KEY"]),
      (
        certificate, place("other.key"),
        ["other.key does not belong to", "page.pem", "give the key"]
      ),
      (certificate, place("locked.key"), ["locked.key has a passphrase", "openssl pkey"]),
    ] {
      for command in [["ui", "--port", "0"], ["run", "--ui"]] {
        let result = try shop.run(
          command + ["--tls-certificate", certificate, "--tls-key", key])
        #expect(result.status == 64, "\(words): \(result.error)")
        for word in words { #expect(result.error.contains(word), "\(result.error)") }
      }
    }
    // No run has begun.
    #expect(try shop.trace().isEmpty)
    for words in [
      ["--tls-certificate", certificate], ["--tls-key", key],
      ["--tls-certificate", certificate, "--tls-key", key, "--unencrypted"],
    ] {
      #expect(try shop.run(["ui", "--port", "0"] + words).status == 64)
      #expect(try shop.run(["run", "--ui"] + words).status == 64)
    }
    // What is about the page needs the page, and what is not encrypted has to be meant.
    for words in [["--listen", "0.0.0.0"], ["--ui", "--listen", "0.0.0.0"], ["--unencrypted"]] {
      #expect(try shop.run(["run"] + words).status == 64)
    }
    #expect(try shop.trace().isEmpty)
  }

  @Test func aPageBesideARunIsEncrypted() throws {
    try shop.repository.root.write(
      "agent.sh",
      """
      while [ ! -e "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.1; done
      echo 1 > 1.txt
      """)
    let served = try serve(["run", "--ui", "--listen", "0.0.0.0"])
    let address = "https://\(served.name):\(served.port)"
    let entered = try curl(
      "--connect-to", "\(served.name):\(served.port):127.0.0.1:\(served.port)",
      "-H", "Origin: \(address)", "-H", "Content-Type: application/json", "-d",
      "{\"key\":\"\(served.key)\"}", address + "/api/session")
    #expect(entered.text.contains(" 200 "), "\(entered.text)")
    try shop.repository.root.write("go", "")
    #expect(served.program.wait() == 0)
    #expect(try shop.landed().contains("1"))
  }

  /// Who never comes to the end of a handshake is sent away, and holds nobody up.
  @Test func slowHandshakesHoldNobodyUp() throws {
    let served = try serve(["ui", "--port", "0"])
    let port = try #require(UInt16(served.port))
    var slow: [Int32] = []
    defer { for descriptor in slow { close(descriptor) } }
    for number in 0..<200 {
      let descriptor = try ServedPage.connected(to: port)
      // The first bytes of a handshake's record, or nothing at all.
      let start: [UInt8] = number % 2 == 0 ? [0x16, 3, 1, 2, 0, 1] : []
      send(descriptor, start, start.count, Int32(MSG_NOSIGNAL))
      slow.append(descriptor)
    }
    #expect(try curl("https://127.0.0.1:\(port)/").text.contains(" 200 "))
    #expect(
      eventually {
        slow.removeAll { descriptor in
          var byte: UInt8 = 0
          let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
          let isOpen = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
          if !isOpen { close(descriptor) }
          return !isOpen
        }
        return slow.isEmpty
      }, "\(slow.count) are open")
    served.program.signal(SIGTERM)
    #expect(served.program.wait() == 0)
  }
}
