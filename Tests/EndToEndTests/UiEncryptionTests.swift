import Foundation
import TestSupport
import Testing

/// `lanekeeper ui` with a certificate, spoken to by curl.
@Suite struct UiEncryptionTests {
  private let shop: Workshop
  private var certificate: String { shop.repository.root.path("page.pem") }
  private var key: String { shop.repository.root.path("page.key") }

  init() throws {
    shop = try Workshop(features: Workshop.independent(1), agent: "true")
    try make("page", more: ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"])
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
  ) throws -> (program: RunningProgram, port: String, key: String, header: String) {
    let program = try shop.start(
      ["ui", "--port", "0", "--tls-certificate", certificate, "--tls-key", key] + more,
      output: "ui")
    var text = ""
    #expect(
      try eventually {
        text = try shop.repository.root.read("ui")
        return text.split(separator: "\n").count == 3 && text.hasSuffix("\n")
      }, "\(text)")
    let place = try #require(text.firstMatch(of: /Page: https:\/\/[0-9.]+:(\d+)\/#key=(\w+)\n/))
    let header = String(text.split(separator: "\n").last ?? "")
    return (program, String(place.output.1), String(place.output.2), header)
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
    let served = try serve([])
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
    let cookie = try #require(entered.firstMatch(of: /(?i)set-cookie: ([^;]+); (.*)/), "\(entered)")
    for word in ["Secure", "HttpOnly", "SameSite=Strict"] {
      #expect(cookie.output.2.contains(word), "\(entered)")
    }
    let status = try curl("-b", String(cookie.output.1), address + "/api/status").text
    #expect(status.contains(" 200 ") && status.contains("\"features\""), "\(status)")
    #expect(try shop.run("claim", "a.txt").status == 0)
    let stream = try curl(
      "-N", "--max-time", "2", "-b", String(cookie.output.1), address + "/api/stream?since=0"
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
    let served = try serve(["--listen", "0.0.0.0"])
    #expect(try !shop.repository.root.read("ui").contains("warning"))
    for (host, status) in [("192.0.2.7", 200), ("localhost", 200), ("example.org", 403)] {
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
    try shop.repository.root.write("nonsense", "nonsense\n")
    func place(_ name: String) -> String { shop.repository.root.path(name) }
    for (certificate, key, words) in [
      (place("none"), key, "none is not there"), (certificate, place("none"), "none is not there"),
      (place(""), key, "can't be read"), (place("nonsense"), key, "no certificate"),
      (certificate, place("nonsense"), "no private key"),
      (certificate, place("other.key"), "does not belong to the certificate"),
    ] {
      let result = try shop.run(
        "ui", "--port", "0", "--tls-certificate", certificate, "--tls-key", key)
      #expect(result.status == 64, "\(words): \(result.error)")
      #expect(result.error.contains(words), "\(result.error)")
    }
    for words in [
      ["--tls-certificate", certificate], ["--tls-key", key],
      ["--tls-certificate", certificate, "--tls-key", key, "--unencrypted"],
    ] {
      #expect(try shop.run(["ui", "--port", "0"] + words).status == 64)
    }
  }
}
