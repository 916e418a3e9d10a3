import Foundation
import TestSupport
import Testing

/// Those who should not come in, at the page of `lanekeeper ui`.
@Suite(.bounded) struct UiAttackTests {
  @Test func p8_nobodyComesInWithoutTheLink() throws {
    let shop = try Workshop(features: Workshop.independent(2), agent: "true")
    let page = try ServedPage(shop, output: "ui")
    let token = page.authorization.replacing("Authorization: Bearer ", with: "")
    let paths = ["/api/status", "/api/events", "/api/stream", "/api/openapi.json", "/api/nothing"]
    for path in paths {
      for header in [
        "X-None: 1", page.authorization, "Authorization: Bearer ", "Authorization: Bearer",
        "Authorization: Bearer \(page.key)", "Authorization: Basic \(token)",
        "Cookie: lanekeeper-\(page.port)=\(token)",
      ] {
        #expect(try page.send("GET", path, header).status == 401, "\(path) \(header)")
      }
    }
    let change = try page.send("POST", "/api/features", body: "{\"title\":\"Mine\"}")
    #expect(change.status == 401)
    for key in ["", "0", page.key + "0", String(page.key.dropLast()), token] {
      let answer = try page.send("POST", "/api/session", body: "{\"key\":\"\(key)\"}")
      #expect(answer.status == 401 || answer.status == 400, "\(answer.text)")
    }
    try page.enter()
    #expect(try page.get("/api/status").status == 200)
    // A browser would send a cookie to each port of the host.
    let secret = page.session
    page.use(session: "")
    for header in ["Cookie: lanekeeper-\(page.port)=\(secret)", "Authorization: \(secret)"] {
      #expect(try page.send("GET", "/api/status", header).status == 401, "\(header)")
    }
    page.use(session: secret)
    // The link opens once; the terminal shows the next.
    #expect(
      try page.send("POST", "/api/session", body: "{\"key\":\"\(page.key)\"}").status == 401)
    #expect(
      try eventually {
        try shop.repository.root.read("ui").contains("The link was used; the next is http://")
      })
    // A session opens nothing for agents.
    #expect(try page.send("POST", "/mcp", body: "{}").status == 401)
    // Left, it counts no more.
    let left = try page.send("DELETE", "/api/session")
    #expect(left.status == 200)
    #expect(try page.get("/api/status").status == 401)
    page.end()
  }

  @Test func p8_otherPagesAndOtherNamesAreRefused() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    let body = "{\"title\":\"Mine\"}"
    for header in [
      "Origin: http://example.org", "Origin: null", "Origin: http://127.0.0.1:1", "Origin:",
      "Origin: https://127.0.0.1:\(page.port)", "Sec-Fetch-Site: cross-site",
      "Sec-Fetch-Site: same-site", "Host: example.org:\(page.port)", "Host: example.org",
      "Host: 127.0.0.1", "Host: 127.0.0.1.example.org:\(page.port)",
    ] {
      let answer = try page.send("POST", "/api/features", body: body, header)
      #expect([400, 403].contains(answer.status), "\(header): \(answer.text)")
    }
    let form = try page.send(
      "POST", "/api/features", body: "title=Mine",
      "Content-Type: application/x-www-form-urlencoded")
    #expect(form.status == 415)
    #expect(
      try page.send("POST", "/api/features", body: body, "Content-Type: text/plain").status == 415)
    #expect(try page.send("GET", "/api/status", "Host: example.org:\(page.port)").status == 403)
    #expect(try page.send("GET", "/api/status", "Sec-Fetch-Site: cross-site").status == 403)
    #expect(!(try shop.repository.read("features.yml")).contains("Mine"))
    #expect(try page.send("POST", "/api/features", body: body).status == 200)
    #expect((try shop.repository.read("features.yml")).contains("Mine"))
    page.end()
  }

  @Test func everyAnswerIsLockedDown() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    for path in ["/", "/api/status", "/nothing", "/api/nothing"] {
      let answer = try page.get(path)
      let policy = answer.header("content-security-policy") ?? ""
      #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"))
      #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
      #expect(answer.header("x-content-type-options") == "nosniff")
      #expect(answer.header("referrer-policy") == "no-referrer")
      #expect(answer.header("access-control-allow-origin") == nil)
    }
    // Of two names each program takes another one for the right one.
    let own = "Host: 127.0.0.1:\(page.port)"
    for hosts in [
      [own, "Host: example.org"], ["Host: example.org", own], [own, own], [own, "HOST: "],
    ] {
      for path in ["/", "/api/status", "/mcp"] {
        let head = "GET \(path) HTTP/1.1\r\n" + hosts.joined(separator: "\r\n")
        let answer = try page.raw(Array("\(head)\r\nConnection: close\r\n\r\n".utf8))
        #expect([400, 403].contains(answer.status), "\(path) \(hosts): \(answer.status)")
      }
    }
    // One connection serves several requests.
    let request = "GET / HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\n"
    let both = try page.raw(
      Array("\(request)\r\n\(request)Connection: close\r\n\r\n".utf8)
    ).text
    #expect(both.matches(of: /HTTP\/1\.1 200/).count == 2)
    // Nothing is loaded from elsewhere, and no script or style stands in the page itself.
    let text = try page.get("/").body
    #expect(!text.contains("http://") && !text.contains("https://") && !text.contains("style="))
    #expect(!text.contains("<script>") && !text.contains(" onclick"))
    let names = text.matches(of: /(?:src|href)="(\/assets\/[^"]+)"/).map { String($0.output.1) }
    #expect(names.count >= 4)
    for name in names {
      let file = try page.get(name)
      #expect(file.status == 200 && file.header("cache-control")?.contains("immutable") == true)
      let packed = try page.send("GET", name, "Accept-Encoding: gzip")
      #expect(packed.header("content-encoding") == "gzip" || name.hasSuffix("svg"))
    }
    page.end()
  }

  @Test func pathsLeadNowhereElse() throws {
    let shop = try Workshop(
      features: Workshop.independent(1), agent: "true", files: ["secret.txt": "hunter2\n"])
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    _ = try shop.run("status")
    let up = ["..", "%2e%2e", "%2E%2e", "..%2f", "..%5c", "%252e%252e", ".%00."]
    var paths = ["/../secret.txt", "//etc/passwd", "/assets", "/assets/", "/index.html"]
    for word in up {
      let deep = Array(repeating: word, count: 8).joined(separator: "/")
      paths += [
        "/assets/\(deep)/etc/passwd", "/assets/x/\(deep)/etc/passwd", "/\(word)/secret.txt",
        "/api/logs/\(word)", "/api/logs/\(word)/download", "/api/gates/\(word)/log",
        "/api/gates/\(word)%2fstate.sqlite/log", "/api/gates/1-a%2f\(word).log/log",
        "/api/reviews/\(word)",
      ]
    }
    for path in paths {
      let answer = try page.get(path)
      #expect((400..<500).contains(answer.status), "\(path): \(answer.text)")
      #expect(!answer.text.contains("hunter2") && !answer.text.contains("root:"), "\(path)")
    }
    page.end()
  }

  @Test func tooMuchIsRefusedAndTheRestGoesOn() throws {
    let shop = try Workshop(features: Workshop.independent(2), agent: "sleep 1; echo $id > $id.txt")
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    #expect(try page.send("POST", "/api/run", body: "{\"parallel\":2}").status == 200)
    // A header of ten megabytes.
    let head = Array("GET / HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\nX-Long: ".utf8)
    let long = try page.raw(
      head + [UInt8](repeating: 0x61, count: 10 << 20) + Array("\r\n\r\n".utf8))
    #expect(long.status == 0 || (400..<500).contains(long.status), "\(long.text.prefix(200))")
    let many = (0..<5000).map { "X-\($0): 1\r\n" }.joined()
    #expect(
      try page.raw(Array("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\(many)\r\n".utf8)).status != 200)
    #expect(try page.raw([UInt8](repeating: 0, count: 4096)).status != 200)
    #expect(try page.raw(Array("GET / HTTP/9.9\r\n\r\n".utf8)).status != 200)
    // A body of two, and one that says so without sending it.
    let text = "{\"title\":\"" + String(repeating: "x", count: 2 << 20) + "\"}"
    #expect([0, 413].contains(try page.send("POST", "/api/features", body: text).status))
    let claimed = try page.send("POST", "/api/features", body: "{}", "Content-Length: 99999999")
    #expect(claimed.status == 413)
    for body in ["", "[", "[]", "1", "\"x\"", "{\"title\":7}", "{\"title\":\"a\",\"steps\":[1]}"] {
      let answer = try page.send("POST", "/api/features", body: body)
      #expect([400, 422].contains(answer.status), "\(body): \(answer.text)")
    }
    #expect(
      try eventually { try shop.landed().filter { !$0.isEmpty }.sorted() == ["1", "2"] })
    page.end()
    #expect(try shop.leftovers() == [])
  }

  @Test func slowConnectionsHoldNobodyUp() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "echo $id > $id.txt")
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    var slow: [Int32] = []
    defer { for descriptor in slow { close(descriptor) } }
    let stream = try page.connected()
    defer { close(stream) }
    let head =
      "GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\n\(page.sessionHeader)\r\n\r\n"
    send(stream, head, head.utf8.count, Int32(MSG_NOSIGNAL))
    for _ in 0..<500 {
      let descriptor = try page.connected()
      let start = Array("GET / HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\nX-Slow: ".utf8)
      send(descriptor, start, start.count, Int32(MSG_NOSIGNAL))
      slow.append(descriptor)
    }
    #expect(try page.get("/api/status").status == 200)
    #expect(try page.send("POST", "/api/run", body: "{}").status == 200)
    #expect(try eventually { try shop.landed().contains("1") })
    // They drip on, and are closed all the same.
    #expect(
      eventually {
        slow.removeAll { descriptor in
          send(descriptor, "a", 1, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
          var byte: UInt8 = 0
          let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
          let isOpen = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
          if !isOpen { close(descriptor) }
          return !isOpen
        }
        return slow.isEmpty
      })
    #expect(try page.get("/api/status").status == 200)
    // A stream stays, and gives signs of life.
    var told = ""
    #expect(
      eventually {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(stream, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 { told += String(decoding: buffer[..<count], as: UTF8.self) }
        return told.contains(": beat\n")
      })
    #expect(told.contains("\"type\":\"feature_landed\""))
    page.end()
  }

  @Test func p8_beyondLoopbackHasToBeMeant() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    for address in ["0.0.0.0", "::", "192.0.2.1"] {
      for command in [["ui", "--port", "0"], ["run", "--ui"]] {
        let result = try shop.run(command + ["--listen", address])
        #expect(result.status == 64, "\(command) \(address)")
        for word in ["nothing is encrypted", "ssh -L", "reverse proxy", "--unencrypted"] {
          #expect(result.error.contains(word), "\(result.error)")
        }
      }
    }
    for words in [["--listen", "0.0.0.0"], ["--unencrypted"]] {
      #expect(try shop.run(["run"] + words).error.contains("need --ui"))
    }
    #expect(try shop.trace().isEmpty)
    let program = try shop.start(
      ["ui", "--listen", "0.0.0.0", "--port", "0", "--unencrypted"], output: "open")
    #expect(
      try eventually {
        let text = try shop.repository.root.read("open")
        // A link to all addresses would lead nowhere; it names the machine.
        return text.contains("warning:") && text.contains("Page: http://")
          && !text.contains("//0.0.0.0:")
      })
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
  }
}
