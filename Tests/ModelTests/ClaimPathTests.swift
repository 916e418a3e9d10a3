import Model
import TestSupport
import Testing

@Suite(.bounded) struct ClaimPathTests {
  @Test(arguments: [
    ("src/a.swift", "src/a.swift"), ("./src//a.swift", "src/a.swift"), ("src/", "src/"),
    ("src/x/../a", "src/a"), ("src/.", "src/"), ("a/b/..", "a/"), ("..a/b", "..a/b"),
    (".github/x", ".github/x"), ("git/.gitx", "git/.gitx"),
  ])
  func normalises(raw: String, expected: String) throws {
    #expect(try ClaimPath(normalising: raw).description == expected)
  }

  @Test func refusesWhatIsNoPathOfTheRepository() {
    #expect(throws: ClaimPathError.empty) { try ClaimPath(normalising: "") }
    #expect(throws: ClaimPathError.empty) { try ClaimPath(normalising: "./") }
    #expect(throws: ClaimPathError.leavesRepository("../x")) { try ClaimPath(normalising: "../x") }
    #expect(throws: ClaimPathError.leavesRepository("a/../../x")) {
      try ClaimPath(normalising: "a/../../x")
    }
    #expect(throws: ClaimPathError.leavesRepository("/etc")) { try ClaimPath(normalising: "/etc") }
    #expect(throws: ClaimPathError.insideGitDirectory(".GIT/x")) {
      try ClaimPath(normalising: ".GIT/x")
    }
    #expect(throws: ClaimPathError.containsNUL) { try ClaimPath(normalising: [0x61, 0]) }
    #expect(throws: ClaimPathError.tooLong(5000)) {
      try ClaimPath(normalising: String(repeating: "a", count: 5000))
    }
  }

  @Test func quotesOddBytes() throws {
    #expect(try ClaimPath(normalising: [0x61, 0xff]).description == "\"a\\377\"")
    #expect(try ClaimPath(normalising: "a\"b").description == "\"a\\\"b\"")
    #expect(try ClaimPath(normalising: "grün.txt").description == "grün.txt")
  }

  @Test func policiesByTheLongestMatch() throws {
    let policies = PathPolicies([
      (try ClaimPath(normalising: "docs/"), .free),
      (try ClaimPath(normalising: "docs/legal/"), .frozen),
      (try ClaimPath(normalising: "CHANGELOG.md"), .shared(strategy: "union")),
    ])
    #expect(policies.policy(for: try ClaimPath(normalising: "docs/a.md")) == .free)
    #expect(policies.policy(for: try ClaimPath(normalising: "docs/legal/a.md")) == .frozen)
    #expect(policies.policy(for: try ClaimPath(normalising: "docs/")) == .frozen)
    #expect(policies.policy(for: try ClaimPath(normalising: "docsx/a")) == .strict)
    #expect(
      policies.policy(for: try ClaimPath(normalising: "CHANGELOG.md")) == .shared(strategy: "union")
    )
  }
}
