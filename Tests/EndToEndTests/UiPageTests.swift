import Foundation
import TestSupport
import Testing

/// What the page of `lanekeeper ui` shows and does, over its API.
@Suite(.bounded) struct UiPageTests {
  @Test func itShowsWhatTheCommandsPrint() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: "<script>alert(1)</script> \\e[31mred"}
          - {id: 2, title: Two, depends_on: [1]}
        """, agent: "printf 'a \\033[31mred\\033[0m line\\n'; echo x > \"<b>$id.txt\"",
      configuration: "review: required")
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    func same(_ path: String, _ words: String..., without left: Set<String> = []) throws {
      let answer = try page.get(path)
      #expect(answer.status == 200 && answer.header("content-type") == "application/json")
      let printed = try shop.run(words + ["--json"])
      let mine = answer.json.filter { !left.contains($0.key) }
      let theirs =
        ((try JSONSerialization.jsonObject(with: Data(printed.output))) as? [String: Any] ?? [:])
        .filter { !left.contains($0.key) }
      #expect(NSDictionary(dictionary: mine) == NSDictionary(dictionary: theirs), "\(path)")
    }
    try same("/api/status", "status", without: ["time"])
    #expect(try shop.run("run").status == 75)
    try same("/api/status", "status", without: ["time", "eta_s"])
    try same("/api/graph", "graph")
    try same("/api/reviews", "review")
    let review = try page.get("/api/reviews/1")
    let one = (review.json["reviews"] as? [[String: Any]])?.first
    #expect((one?["diff"] as? String)?.contains("<b>1.txt") == true)
    let lines = try page.get("/api/logs/1").json["lines"] as? [String]
    #expect(lines == ["a red line"])
    // Text of agents is data, whatever it looks like.
    #expect(try page.get("/api/status").body.contains("<script>alert(1)</script> \\u001b[31mred"))
    let events = try page.get("/api/events?since=0&limit=5000").json["events"] as? [[String: Any]]
    let told = try shop.run("events", "--json").text.split(separator: "\n").count
    #expect(events?.count == told)
    page.end()
  }

  @Test func aPersonSteersARun() throws {
    let shop = try Workshop(
      features: Workshop.independent(3), agent: "sleep 0.3; echo \"$prompt\" > $id.txt",
      configuration: "review: required")
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    // What the run says is wrong comes back.
    let wrong = try page.send("POST", "/api/run", body: "{\"parallel\":99}")
    #expect(wrong.status == 400 || wrong.status == 422, "\(wrong.text)")
    #expect(try page.send("POST", "/api/run", body: "{\"agent\":\"--help\"}").status == 400)
    #expect(
      try page.send("POST", "/api/run", body: "{\"parallel\":2,\"preset\":\"economy\"}").status
        == 200)
    #expect(try page.send("POST", "/api/run", body: "{}").status == 409)
    func state(_ id: String) throws -> String? {
      let features = try page.get("/api/status").json["features"] as? [[String: Any]]
      return features?.first { $0["id"] as? String == id }?["state"] as? String
    }
    #expect(
      try eventually { try ["1", "2", "3"].allSatisfy { try state($0) == "in_review" } })
    func tip(_ id: String) throws -> String {
      let reviews = try page.get("/api/reviews/\(id)").json["reviews"] as? [[String: Any]]
      return reviews?.first?["tip"] as? String ?? ""
    }
    // A verdict counts for what was shown.
    let base = try shop.repository.git("rev-parse", "main")
    for body in ["{}", "{\"tip\":\"\(base)\"}", "{\"tip\":\"0\"}"] {
      let answer = try page.send("POST", "/api/reviews/1/approve", body: body)
      #expect([400, 409].contains(answer.status), "\(answer.text)")
    }
    let sent = try page.send(
      "POST", "/api/reviews/2/request-changes",
      body: """
        {"tip":"\(try tip("2"))","text":"say it otherwise",
        "comments":[{"path":"2.txt","line":1,"text":"this line"}]}
        """)
    #expect(sent.status == 200, "\(sent.text)")
    #expect(
      try page.send("POST", "/api/reviews/1/approve", body: "{\"tip\":\"\(try tip("1"))\"}").status
        == 200)
    if try !isAlive(page) { #expect(try page.send("POST", "/api/run", body: "{}").status == 200) }
    #expect(try eventually { try state("1") == "landed" && state("2") == "in_review" })
    let prompt = try shop.repository.git("show", "lane/2-feature-2:2.txt")
    #expect(prompt.contains("say it otherwise") && prompt.contains("this line"))
    #expect(try page.send("POST", "/api/features/3/abandon", body: "{}").status == 200)
    #expect(try state("3") == "abandoned")
    #expect(try page.send("POST", "/api/features/3/retry", body: "{}").status == 200)
    #expect(try page.send("POST", "/api/features/99/retry", body: "{}").status == 404)
    _ = try page.send("POST", "/api/run/stop", body: "{\"now\":true}")
    #expect(try eventually { try !isAlive(page) })
    page.end()
    _ = try shop.run("abandon", "2")
    _ = try shop.run("abandon", "3")
    #expect(try shop.leftovers() == [])
  }

  private func isAlive(_ page: ServedPage) throws -> Bool {
    let run = try page.get("/api/status").json["run"] as? [String: Any]
    return ["running", "stopping", "paused"].contains(run?["state"] as? String ?? "")
  }

  @Test func oneAgentIsStoppedAndTheOthersGoOn() throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: """
        echo $id > $id.txt
        [ $id = 2 ] || sleep 600
        """)
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    // Nothing has run yet: that is no unknown feature.
    for word in ["stop", "retry", "reopen", "abandon"] {
      let answer = try page.send("POST", "/api/features/1/\(word)", body: "{}")
      #expect(
        answer.status == 409 && answer.body.contains("no run has taken up feature #1"), "\(word)")
      #expect(try page.send("POST", "/api/features/9/\(word)", body: "{}").status == 404)
    }
    #expect(try page.send("POST", "/api/run", body: "{\"parallel\":2}").status == 200)
    #expect(try eventually { try shop.trace().contains { $0[0] == "begin" && $0[1] == "1" } })
    #expect(try eventually { try shop.landed().contains("2") })
    #expect(try page.send("POST", "/api/features/2/stop", body: "{}").status == 409)
    #expect(try page.send("POST", "/api/features/1/stop", body: "{}").status == 200)
    #expect(
      try eventually {
        try shop.run("explain", "1").text.contains("interrupted after")
      })
    let told = try shop.run("explain", "1").text
    #expect(told.contains("a person stopped the agent") && told.contains(": ready"), "\(told)")
    #expect(try shop.run("abandon", "1").status == 0)
    #expect(try eventually { try !isAlive(page) })
    // What it had written is kept.
    #expect(try shop.repository.git("show", "lane/1-feature-1:1.txt") == "1")
    page.end()
    #expect(try shop.leftovers() == [])
  }

  @Test func aRunHoldsNothingOfTheServer() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "sleep 2; echo 1 > 1.txt")
    var page = try ServedPage(shop, output: "ui")
    try page.enter()
    let started = try page.send("POST", "/api/run", body: "{}")
    let pid = try #require(started.json["pid"] as? Int)
    func open(_ pid: Int) throws -> Set<String> {
      Set(
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap {
          try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
        })
    }
    // A run has sockets of its own to the programs that it starts.
    let (held, servers) = (try open(pid), try open(Int(page.program.pid)))
    let common = held.intersection(servers).filter { $0.hasPrefix("socket:") }
    #expect(!held.isEmpty && servers.contains { $0.hasPrefix("socket:") } && common.isEmpty)
    // The run goes on without the server, and the next server takes the same port.
    let port = page.port
    page.end()
    page = try ServedPage(shop, output: "again", port: port)
    page.end()
    #expect(try eventually { try shop.landed().contains("1") })
    #expect(try eventually { try shop.leftovers() == [] })
  }

  /// Reads events until one has a number, or the connection ends.
  private func events(
    _ page: ServedPage, _ path: String, until last: Int, _ header: String? = nil
  ) throws -> [Int] {
    let descriptor = try page.connected()
    defer { close(descriptor) }
    var lines = ["GET \(path) HTTP/1.1", "Host: 127.0.0.1:\(page.port)", page.sessionHeader]
    if let header { lines.append(header) }
    let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var found: [Int] = []
    repeat {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 30_000) > 0 else { break }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      text += String(decoding: buffer[..<count], as: UTF8.self)
      // Chunks may cut a line anywhere, so what is whole is read.
      found = text.matches(of: /id: (\d+)\r?\n/).compactMap { Int($0.output.1) }
    } while (found.last ?? 0) < last
    return found
  }

  @Test func eventsGoOnWhereTheyWereCutOff() throws {
    let shop = try Workshop(features: Workshop.independent(3), agent: "echo $id > $id.txt")
    var page = try ServedPage(shop, output: "ui")
    try page.enter()
    #expect(try shop.run("run").status == 0)
    let all = try shop.run("events", "--json").text.split(separator: "\n").count
    #expect(try events(page, "/api/stream?since=0", until: all) == Array(1...all))
    #expect(
      try events(page, "/api/stream?since=3", until: all, "Last-Event-ID: 10") == Array(11...all))
    // A number from another life of the state starts anew.
    let answer = try events(page, "/api/stream?since=\(all + 500)", until: all)
    #expect(answer == [all])
    // The server is started again; the session still counts, and the stream goes on.
    let (session, port) = (page.session, page.port)
    page.end()
    page = try ServedPage(shop, output: "again", port: port)
    page.use(session: session)
    #expect(try shop.run("reopen", "1").status == 0)
    let more = try shop.run("events", "--json").text.split(separator: "\n").count
    #expect(more > all)
    #expect(
      try events(page, "/api/stream", until: more, "Last-Event-ID: \(all)")
        == Array((all + 1)...more))
    page.end()
  }

  /// Reads the output's lines until a text comes.
  private func output(
    _ page: ServedPage, _ path: String, until last: String
  ) throws -> (lines: [String], cursor: String) {
    let descriptor = try page.connected()
    defer { close(descriptor) }
    let head =
      "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\n\(page.sessionHeader)\r\n\r\n"
    send(descriptor, head, head.utf8.count, Int32(MSG_NOSIGNAL))
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while !text.contains("\"\(last)\"}]}\n\n") {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 60_000) > 0 else { break }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      text += String(decoding: buffer[..<count], as: UTF8.self)
    }
    return (
      text.matches(of: /"text":"(line [^"]*)"/).map { String($0.output.1) },
      text.matches(of: /id: (\S+)\n/).last.map { String($0.output.1) } ?? ""
    )
  }

  @Test func outputGoesOnWhereItWasCutOff() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One}
          - {id: 2, title: Two, depends_on: [1]}
        """,
      agent: """
        for n in 1 2 3 4; do echo line $id $n; sleep 0.3; done
        while [ $id = 1 ] && [ ! -e "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.1; done
        echo line $id end; echo $id > $id.txt
        """)
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    #expect(try page.send("POST", "/api/run", body: "{}").status == 200)
    let first = try output(page, "/api/output", until: "line 1 4")
    #expect(first.lines == (1...4).map { "line 1 \($0)" })
    // One attempt ends and another begins while nobody listens.
    try shop.repository.root.write("go", "")
    #expect(try eventually { try shop.landed().contains("2") })
    let place = try #require(
      first.cursor.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
    let rest = try output(page, "/api/output?cursor=\(place)", until: "line 2 end")
    #expect(
      rest.lines == ["line 1 end"] + (1...4).map { "line 2 \($0)" } + ["line 2 end"])
    // A place behind every end is a client's mistake, and ends nothing.
    let far = "/api/output?cursor=0%3B1%2F1%3A18446744073709551615"
    _ = try output(page, far, until: "line 2 end")
    #expect(try page.get("/api/status").status == 200)
    page.end()
  }

  @Test func aPageBesideARunEndsWithIt() throws {
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent: """
        while [ ! -e "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.1; done
        echo 1 > 1.txt
        """)
    for isKilled in [true, false] {
      let name = isKilled ? "killed" : "run"
      let run = try shop.start(["run", "--ui"], output: name)
      var port = ""
      #expect(
        try eventually {
          let text = try shop.repository.root.read(name)
          port =
            text.firstMatch(of: /Page: http:\/\/127\.0\.0\.1:(\d+)\/#key=/).map {
              String($0.output.1)
            } ?? ""
          return !port.isEmpty && text.contains("Started feature")
        })
      let isServed = {
        try TestProgram.run(
          ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"], directory: "/",
          environment: shop.environment
        ).status == 0
      }
      #expect(try isServed())
      if isKilled {
        run.signal(SIGKILL)
      } else {
        try shop.repository.root.write("go", "")
      }
      #expect(run.wait() == (isKilled ? 128 + SIGKILL : 0))
      #expect(try eventually { try !isServed() })
    }
    #expect(try shop.landed().contains("1"))
    #expect(try eventually { try shop.leftovers() == [] })
  }

  @Test func everyRouteIsDescribedAndLocked() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    let description = try page.get("/api/openapi.json").json
    #expect(description["openapi"] as? String == "3.1.0")
    let paths = try #require(description["paths"] as? [String: [String: Any]])
    #expect(paths.count >= 25)
    let session = page.session
    for (path, methods) in paths {
      let place = path.replacing("{id}", with: "1").replacing("{other}", with: "2")
        .replacing("{name}", with: "1-a.log")
      #expect(!place.contains("{"))
      for method in methods.keys where path != "/api/session" {
        let operation = methods[method] as? [String: Any]
        #expect((operation?["summary"] as? String)?.isEmpty == false, "\(path)")
        page.use(session: "")
        let body = method == "get" || method == "delete" ? nil : "{}"
        let answer = try page.send(method.uppercased(), place, body: body)
        #expect(answer.status == 401, "\(method) \(path): \(answer.text)")
      }
      page.use(session: session)
      #expect(
        try page.send("PUT", place, body: "{}").status == 405, "\(path)")
    }
    page.end()
  }
}
