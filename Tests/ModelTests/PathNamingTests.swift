import Foundation
import Model
import TestSupport
import Testing

@Suite(.bounded) struct PathNamingTests {
  private let folding = PathNaming(ignoresCase: true)
  private let composing = PathNaming(composesUnicode: true)

  @Test func caseCountsOnlyWhereTheFileSystemSaysSo() throws {
    #expect(try ClaimPath(normalising: "A/b") != ClaimPath(normalising: "a/B"))
    let one = try ClaimPath(normalising: "Docs/README.md", naming: folding)
    let two = try ClaimPath(normalising: "docs/Readme.MD", naming: folding)
    #expect(one == two && one.hashValue == two.hashValue)
    // It is shown as it was written.
    #expect(one.description == "Docs/README.md" && two.description == "docs/Readme.MD")
    #expect(folding.key(Array("ÄÖ".utf8)) == folding.key(Array("äö".utf8)))
  }

  @Test func unicodeFormsAreOneWhereTheFileSystemSaysSo() throws {
    let composed = Array("caf\u{e9}".utf8)
    let decomposed = Array("cafe\u{301}".utf8)
    #expect(ClaimPath(file: composed) != ClaimPath(file: decomposed))
    #expect(
      ClaimPath(file: composed, naming: composing) == ClaimPath(file: decomposed, naming: composing)
    )
    let both = PathNaming(ignoresCase: true, composesUnicode: true)
    #expect(both.key(Array("CAFE\u{301}".utf8)) == both.key(composed))
  }

  @Test func bytesThatAreNoTextStayAsTheyAre() throws {
    let name: [UInt8] = [0x41, 0xff, 0xfe, 0x2f, 0x62]
    #expect(try ClaimPath(normalising: name, naming: composing).bytes == name)
    #expect(
      try ClaimPath(normalising: name, naming: folding).bytes == [0x61, 0xff, 0xfe, 0x2f, 0x62])
    #expect(try ClaimPath(normalising: name) != ClaimPath(normalising: [0x41, 0xfe, 0xfe]))
  }

  @Test func gitsOwnDirectoryIsRefusedInEverySpelling() {
    for text in [".git/config", "a/.git/x", "sub/.GIT", ".Git/hooks/pre-commit"] {
      #expect(throws: ClaimPathError.insideGitDirectory(text)) { try ClaimPath(normalising: text) }
    }
    #expect(throws: ClaimPathError.insideGitDirectory("GIT~1/x")) {
      try ClaimPath(normalising: "GIT~1/x", naming: folding)
    }
  }

  @Test func theNamingIsWrittenDownAndReadAgain() {
    for naming in [
      PathNaming.exact, folding, composing, PathNaming(ignoresCase: true, composesUnicode: true),
    ] { #expect(PathNaming(text: naming.text) == naming) }
    #expect(PathNaming(text: nil) == .exact && PathNaming(text: "nonsense") == .exact)
  }

  @Test func whatIsPrintedCanBePasted() {
    for bytes: [UInt8] in [
      Array("a b\"c\\d\n\te".utf8), [0xff, 0x00, 0x41, 0x7f], Array("grün\u{1}".utf8),
    ] {
      let text = PathText.quoted(bytes)
      #expect(PathText.unquoted(Array(text.utf8)) == bytes)
    }
    #expect(PathText.unquoted(Array("plain".utf8)) == nil)
    for broken in ["\"", "\"a", "\"\\9\"", "\"\\400\"", "\"\\\"", "\"a\"b\""] {
      #expect(PathText.unquoted(Array(broken.utf8)) == nil, "\(broken)")
    }
  }

  /// `LANEKEEPER_FUZZ` sets the number of inputs.
  @Test func fuzzedPathsNeverLeaveTheRepository() {
    let count = Int(ProcessInfo.processInfo.environment["LANEKEEPER_FUZZ"] ?? "") ?? 20_000
    var random = Generator(state: 4)
    let pieces: [[UInt8]] = [
      [], [0x2e], [0x2e, 0x2e], Array(".git".utf8), Array(".GiT".utf8), [0x61], [0x41, 0xcc, 0x81],
      [0xff, 0xc3], [0x20], [0x0a], Array("git~1".utf8), [0x2e, 0x2e, 0x2e], [0], [0xc3, 0xa9],
    ]
    for number in 0..<count {
      var raw: [UInt8] = []
      for _ in 0..<random.below(9) {
        raw +=
          random.below(5) == 0 ? [UInt8(random.below(256))] : pieces[random.below(pieces.count)]
        if random.below(4) != 0 { raw.append(0x2f) }
      }
      let naming = [PathNaming.exact, folding, composing][number % 3]
      guard let path = try? ClaimPath(normalising: raw, naming: naming) else { continue }
      let names = path.bytes.split(separator: 0x2f, omittingEmptySubsequences: false).map(
        Array.init)
      let isInside = names.allSatisfy { name in
        !name.isEmpty && name != [0x2e] && name != [0x2e, 0x2e] && !name.contains(0)
          && String(decoding: name, as: UTF8.self).lowercased() != ".git"
      }
      if !isInside { Issue.record("\(raw) became \(path.bytes)") }
      // What was normalised once stays as it is.
      let again = try? ClaimPath(
        normalising: (path.spelled ?? path.bytes) + (path.isSubtree ? [0x2f] : []), naming: naming)
      if again != path { Issue.record("\(raw): \(path.bytes) became \(again?.bytes ?? [])") }
      if raw.allSatisfy({ $0 != 0 }), Naive.normalised(raw) != (path.spelled ?? path.bytes) {
        Issue.record("\(raw) is \(Naive.normalised(raw) ?? []), not \(path.bytes)")
      }
    }
  }
}

/// The plainest way to normalise a path: one component after the other, on text.
private enum Naive {
  static func normalised(_ raw: [UInt8]) -> [UInt8]? {
    var done: [[UInt8]] = []
    var current: [UInt8] = []
    for byte in raw + [0x2f] {
      if byte != 0x2f {
        current.append(byte)
        continue
      }
      switch current {
      case [], [0x2e]: break
      case [0x2e, 0x2e]:
        if done.isEmpty { return nil }
        done.removeLast()
      default: done.append(current)
      }
      current = []
    }
    var out: [UInt8] = []
    for name in done { out += (out.isEmpty ? [] : [0x2f]) + name }
    return out.isEmpty ? nil : out
  }
}

/// Random numbers that repeat.
struct Generator {
  var state: UInt64
  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }
}
