import Engine
import Foundation
import Git
import Store
import TestSupport
import Testing

@Suite(.bounded) struct ProvisionTests {
  private typealias Fixture = LaneTests.Fixture

  @Test func aLaneThatIsThereAlreadyGetsWhatTheSettingsNameNow() throws {
    let fixture = try Fixture(files: ["deps/one.ignored": "1\n", "deps/sub/two.ignored": "2\n"])
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(!fixture.test.root.exists("lanes/1/deps"))
    let changed = fixture.pool(copy: ["deps/"], setup: "echo x >> made.ignored")
    try changed.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/deps/one.ignored") == "1\n")
    #expect(try fixture.test.root.read("lanes/1/deps/sub/two.ignored") == "2\n")
    #expect(try fixture.test.root.read("lanes/1/made.ignored") == "x\n")
    // Nothing has changed since, so nothing is done.
    try changed.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/made.ignored") == "x\n")
  }

  @Test func aCopyIsRenewedWhenItsSourceHasChanged() throws {
    let fixture = try Fixture(
      copy: ["deps"], files: ["deps/one.ignored": "1\n", "deps/old.ignored": "o\n"])
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    // What is not in the source stays until the source changes.
    try fixture.test.root.write("lanes/1/deps/own.ignored", "own\n")
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(fixture.test.root.exists("lanes/1/deps/own.ignored"))
    try FileManager.default.removeItem(atPath: fixture.test.path + "/deps/old.ignored")
    try fixture.test.write("deps/one.ignored", "newer\n")
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/deps/one.ignored") == "newer\n")
    #expect(!fixture.test.root.exists("lanes/1/deps/old.ignored"))
  }

  @Test(arguments: ["package-lock.json", "uv.lock", "go.sum", "Gemfile.lock"])
  func theSetUpCommandRunsAgainWhenALockFileOfTheCommitHasChanged(name: String) throws {
    let fixture = try Fixture(
      setup: "cat \(name) >> made.ignored; echo changed >> a.txt", files: [name: "one\n"])
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    try fixture.test.write("a.txt", "2\n")
    let second = ObjectID(hex: try fixture.test.commit("two"))!
    try fixture.pool.enter(lane, branch: nil, commit: second)
    #expect(try fixture.test.root.read("lanes/1/made.ignored") == "one\n")
    try fixture.test.write(name, "three\n")
    let third = ObjectID(hex: try fixture.test.commit("three"))!
    try fixture.pool.enter(lane, branch: nil, commit: third)
    #expect(try fixture.test.root.read("lanes/1/made.ignored") == "one\nthree\n")
    // What it changed of the commit's own files is put right.
    #expect(try fixture.test.root.read("lanes/1/a.txt") == "2\n")
  }

  @Test func aSetUpThatFailedIsTriedAgain() throws {
    let fixture = try Fixture()
    let lane = try fixture.pool.take(commit: fixture.tip)
    let pool = fixture.pool(setup: "echo x >> made.ignored; test -e ../../allowed")
    for _ in 0..<2 {
      #expect(throws: LaneError.self) {
        try pool.enter(lane, branch: nil, commit: fixture.tip)
      }
    }
    try fixture.test.root.write("allowed", "")
    try pool.enter(lane, branch: nil, commit: fixture.tip)
    try pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/made.ignored") == "x\nx\nx\n")
  }

  /// A link that a commit has where a copy goes leads nothing out of the lane.
  @Test func nothingIsCopiedThroughALinkOfTheCommit() throws {
    let fixture = try Fixture(
      copy: ["vendor/bundle"], files: ["vendor/bundle/x.ignored": "x\n"])
    let outside = fixture.test.root.path("outside")
    try FileManager.default.createDirectory(
      atPath: outside + "/bundle", withIntermediateDirectories: true)
    try fixture.test.root.write("outside/bundle/mine", "mine\n")
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(fixture.test.root.exists("lanes/1/vendor/bundle/x.ignored"))
    let linked = fixture.test.root.path("linked")
    try fixture.test.git("worktree", "add", "-q", "--detach", linked)
    try FileManager.default.createSymbolicLink(
      atPath: linked + "/vendor", withDestinationPath: outside)
    try fixture.test.git("add", "-A", at: linked)
    try fixture.test.git("commit", "-qm", "link", at: linked)
    let tip = ObjectID(hex: try fixture.test.git("rev-parse", "HEAD", at: linked))!
    try fixture.test.write("vendor/bundle/y.ignored", "y\n")
    try? FileManager.default.removeItem(atPath: lane.path + "/vendor")
    try fixture.pool.enter(lane, branch: nil, commit: tip)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: outside + "/bundle") == ["mine"])
  }
}
