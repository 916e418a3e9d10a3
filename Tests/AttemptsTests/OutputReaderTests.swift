import Backlog
import Foundation
import TestSupport
import Testing

@testable import Engine

/// Streams that the real programs wrote, recorded with `make test-agents` and read again here.
@Suite(.bounded) struct OutputReaderTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  static let catalogue = AgentCatalogue(directories: [root + "/templates/agents"], settings: [:])

  static func stream(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: root + "/Tests/agents/streams/" + name))
  }

  /// Reads a recorded output in pieces of so many bytes.
  private func read(
    _ agent: String, _ name: String, piece: Int = 1000, now: Int64 = 1_795_552_700_000
  ) throws -> (report: AttemptReport, events: [AgentEvent]) {
    let definition = try Self.catalogue.definition(agent)
    var reader = OutputReader(definition.output, lane: "/lane") { now }
    let data = try Self.stream(name)
    var events: [AgentEvent] = []
    if definition.output.format == .jsonLines {
      for start in stride(from: 0, to: data.count, by: piece) {
        events += reader.read(data[start..<min(data.count, start + piece)])
      }
      events += reader.finish()
    } else {
      events += reader.finish(sideFile: data)
    }
    return (reader.report, events)
  }

  @Test(arguments: [1, 7, 100_000]) func claudeTellsSessionModelCostTokensAndEdits(piece: Int)
    throws
  {
    let (report, events) = try read("claude", "claude-three-turns.jsonl", piece: piece)
    #expect(report.session == "6b3126a6-fb80-431d-aea5-86482f2420c5")
    #expect(report.model == "claude-opus-5-5" && report.costUSD == 0.015)
    #expect(report.inputTokens == 3000 && report.outputTokens == 150)
    #expect(report.edits == ["one.txt"] && report.commands == 1)
    #expect(report.limit == nil && report.failure == nil && report.lastMessage == "All done.")
    #expect(events.map(\.kind) == [.edit, .command, .message, .result])
    #expect(events[1].text == "git add -A && git commit -qm one")
    let text = String(decoding: try Self.stream("claude-three-turns.jsonl"), as: UTF8.self)
    for event in events {
      let line = text.utf8.dropFirst(Int(event.offset)).prefix { $0 != 0x0a }
      #expect(line.first == UInt8(ascii: "{"), "an offset is not a line's begin")
    }
  }

  @Test(arguments: ["1e300", "1e18", "-5", "9223372036854775807", "1e308"])
  func whateverAProgramCountsCanBeCalculatedWith(number: String) throws {
    let definition = try Self.catalogue.definition("claude")
    var reader = OutputReader(definition.output, lane: "/lane") { 0 }
    let line =
      #"{"type":"result","subtype":"success","total_cost_usd":N,"usage":{"input_tokens":N,"output_tokens":N,"cache_read_input_tokens":N}}"#
      .replacingOccurrences(of: "N", with: number) + "\n"
    for _ in 0..<3 { _ = reader.read(Data(line.utf8)) }
    _ = reader.finish()
    #expect((reader.report.costUSD ?? 0).isFinite && reader.report.inputTokens >= 0)
    #expect(reader.report.cost(at: TokenPrice(input: 1, output: 10, cached: 0))?.isFinite != false)
  }

  @Test func codexTellsSessionTokensAndEdits() throws {
    let (report, events) = try read("codex", "codex-three-turns.jsonl")
    #expect(report.session == "01a20f47-7e31-72b3-b502-6876145aaa5d")
    #expect(report.inputTokens == 3000 && report.outputTokens == 150 && report.costUSD == nil)
    #expect(report.edits == ["one.txt"] && report.commands == 1 && report.failure == nil)
    #expect(events.map(\.kind) == [.error, .edit, .command, .message, .result])
    #expect(report.cost(at: TokenPrice(input: 1, output: 10, cached: 0)) == 0.0045)
  }

  @Test func aiderAndMiniTellByTheirFiles() throws {
    let aider = try read("aider", "aider-edit.jsonl").report
    #expect(aider.inputTokens == 1000 && aider.outputTokens == 50 && aider.limit == nil)
    let mini = try read("mini-swe-agent", "mini-three-steps.json").report
    #expect(mini.inputTokens == 3000 && mini.outputTokens == 150 && mini.commands == 3)
    #expect(mini.costUSD == 0 && mini.limit == nil)
  }

  @Test(arguments: [
    ("claude", "claude-usage-limit.jsonl", UsageLimit.usage),
    ("claude", "claude-overload.jsonl", .overload), ("claude", "claude-login.jsonl", .login),
    ("codex", "codex-usage-limit.jsonl", .usage), ("codex", "codex-overload.jsonl", .overload),
    ("codex", "codex-login.jsonl", .login), ("codex", "codex-half-stream.jsonl", .network),
    ("aider", "aider-login.jsonl", .network),
    ("mini-swe-agent", "mini-usage-limit.json", .usage),
    ("mini-swe-agent", "mini-login.json", .login),
  ]) func limits(agent: String, file: String, kind: UsageLimit) throws {
    let report = try read(agent, file).report
    #expect(report.limit?.kind == kind)
  }

  @Test(arguments: ["claude-refusal.jsonl", "claude-malformed.jsonl"])
  func whatIsNoLimitIsAFailure(file: String) throws {
    let report = try read("claude", file).report
    #expect(report.limit == nil && report.failure != nil)
  }

  @Test func codexSaysWhenItsLimitEnds() throws {
    let report = try read("codex", "codex-usage-limit.jsonl").report
    // "try again at 8:49 PM", in the zone of the machine.
    let time = try #require(report.limit?.resetsAt)
    let parts = Calendar.current.dateComponents(
      [.hour, .minute], from: Date(timeIntervalSince1970: Double(time) / 1000))
    #expect(parts.hour == 20 && parts.minute == 49)
  }

  @Test func wordsInAMessageAreNoLimit() throws {
    let definition = try Self.catalogue.definition("claude")
    var reader = OutputReader(definition.output, lane: "/lane") { 0 }
    let lines = """
      the server is overloaded, usage limit reached
      {"type":"assistant","message":{"content":[{"type":"text","text":"rate_limit overloaded 529"}]}}
      {"type":"rate_limit_event","rate_limit_info":{"status":"allowed","resetsAt":1795552700}}
      {"type":"result","subtype":"success","is_error":false,"result":"hit your usage limit"}

      """
    _ = reader.read(lines.utf8)
    #expect(reader.report.limit == nil && reader.report.failure == nil)
  }

  @Test func aLimitThatWasWaitedOutIsNone() throws {
    let definition = try Self.catalogue.definition("claude")
    var reader = OutputReader(definition.output, lane: "/lane") { 0 }
    let limit =
      #"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":9000}}"#
    _ = reader.read((limit + "\n").utf8)
    #expect(
      reader.report.limit
        == LimitNotice(kind: .usage, message: "the usage limit", resetsAt: 9_000_000))
    _ = reader.read(#"{"type":"result","is_error":false,"result":"ok"}"#.utf8)
    _ = reader.finish()
    #expect(reader.report.limit == nil)
  }

  @Test func brokenAndEndlessLinesDoNoHarm() throws {
    let definition = try Self.catalogue.definition("claude")
    var reader = OutputReader(definition.output, lane: "/lane") { 0 }
    _ = reader.read("{\"type\":\"assistant\",\"message\"\n{]}\n\u{1}\u{2}\n{}\n[1,2]\nnull\n".utf8)
    let junk = [UInt8](repeating: UInt8(ascii: "{"), count: 1 << 20)
    for _ in 0..<20 { _ = reader.read(junk) }
    _ = reader.read("\n{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n".utf8)
    #expect(reader.report.skippedLines == 1 && reader.report.session == "s")
  }

  @Test func theSameEditOverAndOverIsCounted() throws {
    let definition = try Self.catalogue.definition("claude")
    var reader = OutputReader(definition.output, lane: "/lane") { 0 }
    func edit(_ text: String, _ id: Int) -> String {
      #"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t"# + "\(id)"
        + #"","name":"Write","input":{"file_path":"/lane/a","content":""# + text + "\"}}]}}\n"
    }
    for id in 0..<5 { _ = reader.read(edit("same", id).utf8) }
    #expect(reader.report.repeats == 5 && reader.report.edits == ["a"])
    _ = reader.read(edit("other", 9).utf8)
    #expect(reader.report.repeats == 1)
  }
}
