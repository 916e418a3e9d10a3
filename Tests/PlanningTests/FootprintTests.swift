import Backlog
import Model
import TestSupport
import Testing

@testable import Planning

@Suite(.bounded) struct FootprintTests {
  /// A project of the test's own: areas with their words; a helper changes with `api`.
  private var history: [HistoryChange] {
    (0..<60).map { number in
      let area = ["login", "search", "billing"][number % 3]
      var files = ["src/\(area)/view.py", "docs/changes.md"]
      if area == "login" { files.append("src/login/session_store.py") }
      if area == "billing" { files = ["src/pay/invoice.py", "docs/changes.md"] }
      return HistoryChange(
        text: "\(area): fix the form number \(number)", files: files.map { .init(path: $0) })
    }
  }

  @Test func wordsLeadToFilesAndFilesToOthers() {
    let model = FootprintModel(history)
    let billing = model.candidates("Send a billing reminder")
    #expect(billing.first?.path == "src/pay/invoice.py" || billing.first?.path == "docs/changes.md")
    #expect(billing.prefix(2).map(\.path).contains("src/pay/invoice.py"))
    #expect(billing[0].reason == "changes with such words touched it")
    let login = model.candidates("The login form").prefix(3).map(\.path)
    #expect(Set(login).isSuperset(of: ["src/login/view.py", "src/login/session_store.py"]))
    #expect(billing.allSatisfy { (0...1).contains($0.likelihood) })
  }

  @Test func namesAndSymbolsInTheText() {
    var model = FootprintModel(history)
    model.add(path: "lib/tokens.py", symbols: ["parse_token", "Lexer"])
    #expect(
      model.candidates("Rewrite lib/tokens.py").prefix(2).map(\.path).contains("lib/tokens.py"))
    let symbol = model.candidates("parse_token loses the last character")
    #expect(symbol.prefix(4).map(\.path).contains("lib/tokens.py"))
    #expect(
      symbol.first { $0.path == "lib/tokens.py" }?.reason == "it defines `parse_token`")
    #expect(
      DefinedSymbols.of(
        Array("class Lexer:\n  def parse_token(self):\nint LZ4_compress(const char* a)\n".utf8))
        == ["LZ4_compress", "Lexer", "parse_token"])
    #expect(DefinedSymbols.of([0, 1, 2]).isEmpty)
  }

  @Test func filesThatAreGoneAreNotForetold() {
    var model = FootprintModel(history)
    model.add(
      HistoryChange(
        text: "search is removed", files: [.init(path: "src/search/view.py", isPresent: false)]))
    #expect(!model.candidates("search view").map(\.path).contains("src/search/view.py"))
    #expect(FootprintModel().candidates("anything").isEmpty)
  }

  /// On a made-up history the order is as on real ones; docs/planning.md has the measured tables.
  @Test func betterThanTheBaselines() {
    var model = FootprintModel()
    var hits = [0, 0, 0]
    for (number, change) in history.enumerated() {
      if number >= 20 {
        let truth = Set(change.files.map(\.path))
        hits[0] += model.mostChanged(limit: 2).count { truth.contains($0) }
        hits[1] += model.wordsOnly(change.text, limit: 2).count { truth.contains($0) }
        hits[2] += model.candidates(change.text, limit: 2).count { truth.contains($0.path) }
      }
      model.add(change)
    }
    #expect(hits[2] >= hits[1] && hits[2] > hits[0])
  }

  @Test func declaredPathsAreCertain() {
    let backlog = Backlog(features: [
      Feature(id: "1", title: "login form", description: "", touches: ["src/login/"]),
      Feature(id: "2", title: "", description: String(repeating: "search ü ", count: 110_000)),
    ])
    let footprints = Footprint.of(backlog, FootprintModel(history))
    #expect(
      footprints[0].paths[0]
        == .init(path: "src/login/", likelihood: 1, reason: "declared in touches"))
    #expect(!footprints[0].paths.contains { $0.path == "src/login/view.py" })
    #expect(footprints[1].paths.contains { $0.path == "src/search/view.py" })
  }

  @Test func wordsOfNames() {
    #expect(
      FeatureWords.words("parseHTTPHeader_v2") == [
        "parse", "http", "header", "v2", "parsehttpheader_v2",
      ])
    #expect(FeatureWords.words("Testing the tests, tested.") == ["test", "test", "test"])
    #expect(FeatureWords.tokens("see src/a-b.c, (x)") == ["see", "src/a-b.c", "x"])
  }
}
