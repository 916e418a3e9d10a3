import TestSupport
import Testing

@testable import Git

@Suite(.bounded) struct TrailersTests {
  static let messages = [
    "", "\n", "subject", "subject\n", "Key: value\n", "subject\n\nbody\n",
    "subject\n\nKey: value\n",
    "subject\n\nbody: no\nplain\n", "subject\n\nbody\n\nFeature: F1\nAgent: a b\n",
    "subject\n\nKey: one\n two\n\tthree\nOther: x\n", "subject\n\nKey: value\n\n\n",
    "subject\n\nSigned-off-by: A <a@example.org>\nplain\nmore\n",
    "subject\n\nSigned-off-by: A <a@example.org>\none\ntwo\nthree\nfour\n",
    "subject\n\n(cherry picked from commit 1234)\n", "subject\nKey: in subject\n",
    "subject\n\nKey : spaced\n", "subject\n\n Key: indented\n", "subject\n\nnot a key: x\n",
    "subject\n\nbody\n---\n\nKey: after a line\n", "subject\n\nKey: a\n# comment\nOther: b\n",
    "subject\n\nKey:\n", "subject\n\nhttp://example.org\n", "\n\nsubject\n\nKey: v\n",
    "subject\n\nKey: café\n", "subject\n\nbody\n \nKey: after spaces\n",
  ]

  @Test(arguments: messages) func parsesAsGitDoes(_ message: String) throws {
    let test = try TestRepository()
    let expected = try test.git(
      ["interpret-trailers", "--parse", "--no-divider"], input: bytes(message))
    let found = Trailers.parse(message).map {
      $0.value.isEmpty ? "\($0.key):" : "\($0.key): \($0.value)"
    }
    let lines = expected.split(separator: "\n").map { line in
      String(line).trimmingSpaces
    }
    #expect(found == lines.filter { !$0.hasPrefix("(cherry") })
  }

  @Test(arguments: messages) func gitReadsWhatWasAppended(_ message: String) throws {
    let test = try TestRepository()
    func read(_ text: String) throws -> [String] {
      try test.git(["interpret-trailers", "--parse", "--no-divider"], input: bytes(text))
        .split(separator: "\n").map { String($0).trimmingSpaces }
    }
    let found = Trailers.append([("Model", "opus"), ("Gate", "make test")], to: message)
    #expect(try read(found) == read(message) + ["Model: opus", "Gate: make test"])
    #expect(Trailers.append([("Model", "opus")], to: found) == found)
  }

  @Test func aValueCannotAddTrailersOfItsOwn() {
    let message = Trailers.append(
      [("Feature", "F1\n\nGate: forged\nReviewed-by: x")], to: "subject")
    let found = Trailers.parse(message)
    #expect(found.count == 1)
    #expect(found.first?.value == "F1 Gate: forged Reviewed-by: x")
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var text = self
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }
}
