import Engine
import Foundation
import HTTPTypes
import Hummingbird
import Model
import Store
import TestSupport
import Testing

@testable import Web

@Suite(.bounded) struct ReplyTests {
  @Test(
    arguments: [
      (nil, false), ("", false), ("br", false), ("gzip", true), ("br, gzip;q=0.5", true),
      ("gzip;q=0", false), ("gzip; q = 0", false), ("xgzip", false),
    ] as [(String?, Bool)])
  func longJSONIsPackedForThoseWhoTakeIt(_ accepted: String?, _ isPacked: Bool) {
    let request = ServedProject.request(
      .get, "/", accepted.map { ["Accept-Encoding": $0] } ?? [:])
    let long = Reply.json(String(repeating: "a", count: 2000), request)
    #expect((long.headers[.contentEncoding] == "gzip") == isPacked)
    #expect(long.headers[.vary] == "Accept-Encoding")
    #expect(Reply.json("{}", request).headers[.contentEncoding] == nil)
  }

  @Test(arguments: [1, 9] as [Int32])
  func whatIsPackedUnpacks(_ level: Int32) throws {
    let place = try TemporaryDirectory()
    var random = SplitMix64(seed: 21)
    for length in [0, 1, 100, 70_000] {
      let bytes = (0..<length).map { _ in UInt8(random.below(7)) }
      let packed = try #require(Gzip.pack(bytes, level: level))
      let unpacked = try TestProgram.run(
        ["gzip", "-dc"], directory: place.path,
        environment: TestProgram.environment(home: place.path), input: packed)
      #expect(unpacked.status == 0 && unpacked.output == bytes)
    }
  }

  @Test func everyAnswerKeepsBrowsersFromMisusingIt() {
    let answer = Reply.secured(Response(status: .ok))
    #expect(answer.headers[.init("X-Frame-Options")!] == "DENY")
    #expect(answer.headers[.init("X-Content-Type-Options")!] == "nosniff")
    #expect(answer.headers[.cacheControl] == "no-store")
    let policy = answer.headers[.init("Content-Security-Policy")!] ?? ""
    #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
    let kept = Reply.secured(Response(status: .ok, headers: [.cacheControl: "no-cache"]))
    #expect(kept.headers[.cacheControl] == "no-cache")
  }

  @Test func errorsHaveTheirStatus() {
    struct Odd: Error {}
    for (error, status) in [
      (Refusal(413, "long"), 413), (Failure("usage", status: 64), 400),
      (Failure("file", status: 65), 422), (Failure("later", status: 75), 409),
      (Failure("no"), 409), (StoreError.unknownFeature("9"), 404), (Odd(), 500),
    ] as [(any Error, Int)] {
      #expect(Refusal(error).status == status, "\(error)")
    }
  }

  @Test func filesAreServedUnderNamesOfTheirContent() throws {
    let place = try TemporaryDirectory()
    #expect(throws: MissingPage.self) { try PageFiles([]) }
    #expect(throws: MissingPage.self) { try PageFiles([place.path]) }
    try place.write("index.html", "<script src=\"/assets/js/a.js\"></script>")
    try place.write("js/a.js", "1")
    try place.write("notes.txt", "not served")
    let first = try PageFiles([place.path])
    let name = try #require(first.assets.keys.first)
    #expect(
      first.assets.count == 1 && name.wholeMatch(of: /\/assets\/[0-9a-f]{16}\/js\/a\.js/) != nil)
    #expect(
      String(decoding: first.index.content, as: UTF8.self) == "<script src=\"\(name)\"></script>")
    #expect(first.assets[name]?.type == "text/javascript; charset=utf-8")
    try place.write("js/a.js", "2")
    #expect(try PageFiles([place.path]).assets.keys.first != name)
  }
}
