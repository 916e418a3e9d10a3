import Foundation
import Model
import Testing

@testable import Web

/// The logs of attempts, as a stream and in parts.
@Suite(.bounded) struct OutputTests {
  private func append(_ text: String, to log: String) throws {
    if !FileManager.default.fileExists(atPath: log) {
      #expect(FileManager.default.createFile(atPath: log, contents: nil))
    }
    let handle = try #require(FileHandle(forWritingAtPath: log))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
  }

  private func texts(_ feed: OutputFeed) throws -> [String] {
    try feed.next().compactMap { $0["text"]?.string }
  }

  @Test func aListenerGoesOnWhereItWasCutOff() throws {
    let served = try ServedProject()
    let log = try served.begin("1")
    try append("one\ntwo\nthr", to: log)
    let first = try OutputFeed(served.project, served.store, cursor: nil)
    #expect(try texts(first) == ["one", "two"])
    #expect(try texts(first) == [])
    // The half line is not told yet, so it is told in whole to who goes on here.
    let cursor = first.cursor
    try append("ee\nfour\n", to: log)
    #expect(try texts(first) == ["three", "four"])
    let next = try OutputFeed(served.project, served.store, cursor: cursor)
    #expect(try texts(next) == ["three", "four"])
    #expect(next.cursor == first.cursor)
  }

  @Test(arguments: [
    "", "x", "1;", "-1;1/1:0", "1;1/1:18446744073709551615", "1;1/1:99999", "1;9/9:0", "1;1:0",
  ])
  func aWrongCursorEndsNothing(_ cursor: String) throws {
    let served = try ServedProject()
    try append("one\n", to: try served.begin("1"))
    let feed = try OutputFeed(served.project, served.store, cursor: cursor)
    #expect(try texts(feed).allSatisfy { $0 == "one" })
  }

  @Test func aLogComesInPartsOfWholeLines() async throws {
    let served = try ServedProject()
    let log = try served.begin("1")
    try append("one\n\u{1b}[31mtwo\nhalf", to: log)
    let part = try await served.call(.get, "/api/logs/1")
    #expect(part["lines"] == ["one", "two"] && part["running"] == true && part["more"] == true)
    let offset = try #require(part["offset"]?.integer)
    try append(" a line\n", to: log)
    let rest = try await served.call(.get, "/api/logs/1", query: ["offset": "\(offset)"])
    #expect(rest["lines"] == ["half a line"] && rest["more"] == false)
    let far = try await served.call(.get, "/api/logs/1", query: ["offset": "99999999"])
    #expect(far["lines"] == [])
    #expect(await served.refusal(.get, "/api/logs/9") == 404)
    #expect(await served.refusal(.get, "/api/gates/..%2Fstate.sqlite/log") == 400)
  }
}
