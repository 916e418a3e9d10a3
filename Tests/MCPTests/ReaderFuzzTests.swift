import Foundation
import Model
import TestSupport
import Testing

@testable import MCP

/// Random messages, most of them nearly right. `LANEKEEPER_FUZZ=1000000` runs as many as the release
/// check does.
@Suite(.bounded) struct ReaderFuzzTests {
  private static let pieces: [String] = [
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "null", "true", "false",
    "0", "-", "1", "e", ".", "1e308", "1e309", " ", "\n", "\t", "\u{0}", "\u{1}", "ä", "😀",
    "\"jsonrpc\"", "\"2.0\"", "\"id\"", "\"method\"", "\"params\"", "\"_meta\"", "\"result\"",
    "\"tools/call\"", "\"a\":", "9223372036854775807", "9223372036854775808", "\u{feff}",
  ]
  private static let seeds: [String] = [
    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"claim_file","arguments":{"file_path":"a/b","agent_id":"x"},"_meta":{"progressToken":1}}}"#,
    #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a","reason":"\u00e4\n"}}"#,
    #"{"jsonrpc":"2.0","id":"x","result":{"a":[true,null]}}"#,
    #"[{"jsonrpc":"2.0","id":"x","method":"ping"},{"jsonrpc":"2.0","id":-1.0,"result":[]}]"#,
  ]

  @Test func noInputBreaksTheReader() {
    let count = Int(ProcessInfo.processInfo.environment["LANEKEEPER_FUZZ"] ?? "") ?? 20_000
    var random = SplitMix64(seed: 20_260_728)
    var kinds: [String: Int] = [:]
    for number in 0..<count {
      let input = Self.input(&random)
      switch MessageReader.read(input) {
      case .request(let request):
        kinds["request", default: 0] += 1
        check(Outgoing.result(request.id, request.params), number)
      case .notification: kinds["notification", default: 0] += 1
      case .response: kinds["response", default: 0] += 1
      case .broken(let id, let error):
        kinds["broken", default: 0] += 1
        check(Outgoing.error(id, error), number)
      }
    }
    // The generator reaches every way through the reader.
    #expect(kinds["request", default: 0] > 0 && kinds["notification", default: 0] > 0)
    #expect(kinds["response", default: 0] > 0 && kinds["broken", default: 0] > count / 4)
  }

  /// What is answered is one line that reads as what was meant.
  private func check(_ message: JSON, _ number: Int) {
    let bytes = message.bytes
    guard !bytes.contains(0x0a), (try? JSON(reading: bytes)) == message else {
      Issue.record("input \(number) is answered with \(message.text)")
      return
    }
  }

  private static func input(_ random: inout SplitMix64) -> [UInt8] {
    if random.oneIn(4) {
      return (0..<random.below(40)).flatMap { _ in
        Array(pieces[random.below(pieces.count)].utf8)
      }
    }
    var bytes = Array(seeds[random.below(seeds.count)].utf8)
    for _ in 0..<random.below(4) {
      let place = random.below(bytes.count)
      switch random.below(6) {
      case 0: bytes[place] = UInt8(random.below(256))
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(contentsOf: Array(pieces[random.below(pieces.count)].utf8), at: place)
      case 3: bytes.removeSubrange(place..<min(bytes.count, place + random.below(20)))
      case 4: bytes.insert(contentsOf: bytes.prefix(place), at: place)
      default: bytes = Array(bytes.prefix(place)) + [UInt8(random.below(128))]
      }
      if bytes.isEmpty { break }
    }
    return bytes
  }
}
