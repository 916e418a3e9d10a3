import Engine
import Foundation
import Git
import Store
import TestSupport
import Testing

/// A branch that no checkout takes goes back, with words, and holds nobody else.
@Suite(.bounded) struct UnfitTests {
  private static let longName = String(repeating: "n", count: 300)

  /// Puts a feature into the queue whose branch has an entry that no worktree made.
  private func queueEntry(
    _ fixture: LandingFixture, _ id: String, mode: String, content: String, path: String
  ) throws {
    let blob = try fixture.test.git(["hash-object", "-w", "--stdin"], input: Array(content.utf8))
    let index = ["GIT_INDEX_FILE": fixture.test.root.path("index-\(id)")]
    func git(_ arguments: String...) throws -> String {
      let result = try TestProgram.run(
        ["git"] + arguments, directory: fixture.test.path,
        environment: fixture.test.environment.merging(index) { $1 })
      guard result.status == 0 else { throw LandingFixture.Failed(result.text) }
      return result.text
    }
    _ = try git("read-tree", "main")
    _ = try git("update-index", "--add", "--cacheinfo", "\(mode),\(blob),\(path)")
    let tip = try git("commit-tree", "-p", "main", "-m", "work \(id)", try git("write-tree"))
    try fixture.test.git("update-ref", "refs/heads/lane/\(id)", tip)
    try fixture.addFeature(id)
    try fixture.attempt(id, tip: tip, changed: [path])
  }

  private func check(
    _ fixture: LandingFixture, _ result: LandingFixture.Landed, words: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(result.sentBack == ["1"], sourceLocation: sourceLocation)
    #expect(result.landed.sorted() == ["2", "3"], sourceLocation: sourceLocation)
    #expect(result.progress == .idle, sourceLocation: sourceLocation)
    let rework = try fixture.store.feature("1")?.rework ?? ""
    for word in words {
      #expect(rework.contains(word), "\(rework)", sourceLocation: sourceLocation)
    }
    #expect(try fixture.store.openLandings().isEmpty, sourceLocation: sourceLocation)
    #expect(try fixture.state("1") == .ready, sourceLocation: sourceLocation)
    #expect(
      try fixture.test.git("status", "--porcelain") == "", sourceLocation: sourceLocation)
  }

  @Test(arguments: ["", "true"], [1, 4])
  func whatTheEntriesTellIsFoundBeforeAnyGate(gate: String, window: Int) async throws {
    let fixture = try LandingFixture(gate: gate, window: .size(window))
    try queueEntry(
      fixture, "1", mode: "100644", content: "x", path: "d/" + Self.longName)
    for id in ["2", "3"] { try fixture.queue(id, ["\(id).txt": "x\n"]) }
    try check(fixture, try await fixture.land(), words: ["d/nnn", "300 bytes"])
  }

  @Test(arguments: [String(repeating: "x", count: 5000), ""])
  func aLinkThatCannotBeMadeGoesBack(text: String) async throws {
    let fixture = try LandingFixture(gate: "true", window: .size(4))
    try queueEntry(fixture, "1", mode: "120000", content: text, path: "link")
    for id in ["2", "3"] { try fixture.queue(id, ["\(id).txt": "x\n"]) }
    try check(fixture, try await fixture.land(), words: ["link"])
  }

  /// A filter that refuses is known only by trying.
  @Test(arguments: ["", "true"], [1, 4])
  func whatAFilterRefusesIsFoundByHalves(gate: String, window: Int) async throws {
    let fixture = try LandingFixture(
      gate: gate, window: .size(window), files: [".gitattributes": "*.dat filter=picky\n"])
    try fixture.test.git("config", "filter.picky.clean", "cat")
    try fixture.test.git("config", "filter.picky.required", "true")
    try fixture.test.git(
      "config", "filter.picky.smudge", "sh -c 'if grep -q BAD; then exit 1; else echo ok; fi'")
    try fixture.queue("2", ["2.txt": "x\n"])
    try fixture.queue("1", ["sub/a.dat": "BAD\n"])
    try fixture.queue("3", ["3.txt": "x\n"])
    try check(fixture, try await fixture.land(), words: ["sub/a.dat", "picky"])
  }

  @Test func whereTheTargetItselfCannotBeCheckedOutNobodyIsBlamed() async throws {
    let fixture = try LandingFixture(
      gate: "true", window: .size(4),
      files: [".gitattributes": "*.dat filter=picky\n", "a.dat": "x\n"])
    try fixture.queue("1", ["1.txt": "x\n"])
    try fixture.test.git("config", "filter.picky.clean", "cat")
    try fixture.test.git("config", "filter.picky.smudge", "false")
    try fixture.test.git("config", "filter.picky.required", "true")
    let result = try await fixture.land()
    #expect(result.progress == .heldByMachine)
    #expect(result.held.first?.contains("can't be made ready") == true)
    #expect(try fixture.state("1") == .queued)
    #expect(try fixture.store.heldLandings()["1"]?.contains("can't be made ready") == true)
    try fixture.test.git("config", "filter.picky.smudge", "cat")
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.store.heldLandings() == [:])
  }

  @Test func whatAServerRefusesGoesBack() async throws {
    let fixture = try LandingFixture(gate: "true", window: .size(4), files: ["d/f": "1\n"])
    let file = try fixture.test.git("rev-parse", "main:d/f")
    let bytes = try #require(ObjectID(hex: file)).bytes
    var content: [UInt8] = []
    for name in ["a.txt", "twice", "twice"] { content += Array("100644 \(name)\0".utf8) + bytes }
    let tree = try fixture.test.git(
      ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], input: content)
    let tip = try fixture.test.git("commit-tree", "-p", "main", "-m", "work 1", tree)
    try fixture.test.git("update-ref", "refs/heads/lane/1", tip)
    try fixture.addFeature("1")
    try fixture.attempt("1", tip: tip, changed: ["twice"])
    for id in ["2", "3"] { try fixture.queue(id, ["\(id).txt": "x\n"]) }
    try check(fixture, try await fixture.land(), words: ["duplicate"])
    let fsck = try fixture.test.runGit(["fsck", "--strict", "--no-dangling", "main"])
    #expect(try !fixture.test.git("log", "--format=%s", "main").contains("work 1"), "\(fsck)")
  }

  @Test func namesThatTheFileSystemTakesForOneGoBack() async throws {
    let fixture = try LandingFixture(gate: "true", window: .size(4), files: ["Read.md": "1\n"])
    try fixture.queue("1", ["read.MD": "2\n"])
    for id in ["2", "3"] { try fixture.queue(id, ["\(id).txt": "x\n"]) }
    var context = fixture.lander.context
    context.policies = .init([], naming: .init(ignoresCase: true))
    let lander = Lander(context, settings: fixture.lander.settings, store: fixture.store)
    let result = try await fixture.land(lander)
    #expect(result.sentBack == ["1"] && result.landed.sorted() == ["2", "3"])
    #expect(result.details.first?.contains("Read.md") == true)
  }
}
