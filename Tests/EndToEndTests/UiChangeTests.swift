import Foundation
import TestSupport
import Testing

/// Starts that meet others, and logs as agents really write them, over the page's API.
@Suite(.bounded) struct UiChangeTests {
  @Test func ofTwoStartsOneIsRefused() throws {
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent: "while [ ! -e \"$LANEKEEPER_REPOSITORY/../go\" ]; do sleep 0.1; done; echo 1 > 1.txt")
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    for (body, word) in [
      ("{\"parallel\":-1}", "from 1 to 5, not -1"), ("{\"parallel\":0}", "from 1 to 5"),
      ("{\"parallel\":6}", "limits.max_parallel"), ("{\"max_cost_usd\":-2}", "more than 0"),
    ] {
      let answer = try page.send("POST", "/api/run", body: body)
      #expect(answer.status == 400 && answer.body.contains(word), "\(answer.text)")
    }
    let request =
      "POST /api/run HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\nOrigin: http://127.0.0.1:\(page.port)\r\n"
      + "\(page.sessionHeader)\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
      + "Connection: close\r\n\r\n{}"
    let open = try (0..<4).map { _ in try page.connected() }
    for descriptor in open { send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) }
    var answers: [String] = []
    for descriptor in open {
      var text = ""
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
        text += String(decoding: buffer[..<count], as: UTF8.self)
      }
      close(descriptor)
      answers.append(text)
    }
    #expect(answers.filter { $0.hasPrefix("HTTP/1.1 200") }.count == 1, "\(answers)")
    #expect(
      answers.filter {
        $0.hasPrefix("HTTP/1.1 409") && $0.contains("a run is at work already")
      }.count == 3, "\(answers)")
    let log = try shop.repository.read(".git/lanekeeper/logs/run.log")
    #expect(log.matches(of: /Agent Manager initialized/).count == 1)
    try shop.repository.root.write("go", "")
    #expect(try eventually { try shop.landed().contains("1") })
    page.end()
    #expect(try eventually { try shop.leftovers() == [] })
  }

  /// All of a log, part by part.
  private func whole(_ page: ServedPage, from start: Int = 0) throws -> (text: String, parts: Int) {
    var (text, offset, parts) = ("", start, 0)
    while true {
      let answer = try page.get("/api/logs/1?offset=\(offset)").json
      text += (answer["lines"] as? [String] ?? []).joined()
      parts += 1
      let next = answer["offset"] as? Int ?? 0
      guard answer["more"] as? Bool == true, next > offset else { return (text, parts) }
      offset = next
    }
  }

  @Test func aLongLineIsToldInPiecesAndHidesItsSecrets() throws {
    // The first piece of 512 KB ends within the secret, and so would one that ends 8 KB before.
    let secret = "s3cr3t-" + String(repeating: "Zy", count: 40)
    var shop = try Workshop(
      features: Workshop.independent(1),
      agent: """
        fill() { head -c $1 /dev/zero | tr '\\0' x; }
        { fill $((524288 - 8192 - 30)); printf %s "$MY_TOKEN"; fill $((8192 - 87)); printf %s "$MY_TOKEN"
          fill 600000; } > "$LANEKEEPER_REPOSITORY/../text"
        cat "$LANEKEEPER_REPOSITORY/../text"
        while [ ! -e "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.1; done
        echo; echo last; echo 1 > 1.txt
        """)
    shop.environment["MY_TOKEN"] = secret
    let page = try ServedPage(shop, output: "ui")
    try page.enter()
    #expect(try page.send("POST", "/api/run", body: "{}").status == 200)
    // While its end has not come all but the last of it is told.
    #expect(try eventually { try whole(page).text.utf8.count > 1_000_000 })
    try shop.repository.root.write("go", "")
    #expect(try eventually { try shop.landed().contains("1") })
    let (text, parts) = try whole(page)
    #expect(parts >= 3)
    #expect(text.hasSuffix("xlast") && !text.contains("Zy"))
    let download = try page.get("/api/logs/1/download")
    #expect(download.status == 200 && !download.text.contains("ZyZyZy"))
    // Nor does who begins in the middle of one see its rest.
    for start in [524288 - 8192 - 10, 524288 - 10, 524288 + 20] {
      #expect(!(try whole(page, from: start).text.contains("ZyZyZy")), "\(start)")
    }
    page.end()
  }
}
