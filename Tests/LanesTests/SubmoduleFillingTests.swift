import Engine
import Foundation
import Git
import Store
import TestSupport
import Testing

@Suite(.bounded) struct SubmoduleFillingTests {
  /// A repository with a submodule in `vendor/lib`, that has one itself where `isDeep`.
  private struct Fixture {
    let base: LaneTests.Fixture
    let tip: ObjectID
    var test: TestRepository { base.test }

    init(isDeep: Bool = false) throws {
      base = try LaneTests.Fixture()
      let test = base.test
      func make(_ name: String) throws {
        try test.root.write("\(name)/file", "1\n")
        try test.git("init", "-q", at: test.root.path(name))
        try test.git("add", "-A", at: test.root.path(name))
        try test.git("commit", "-qm", "one", at: test.root.path(name))
      }
      func add(_ name: String, _ path: String, at place: String) throws {
        try test.git(
          "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", test.root.path(name),
          path, at: place)
        try test.git("commit", "-qm", "submodule", at: place)
      }
      try make("lib")
      if isDeep {
        try make("inner")
        try add("inner", "inner", at: test.root.path("lib"))
      }
      try add("lib", "vendor/lib", at: test.path)
      try test.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init",
        "--recursive")
      tip = ObjectID(hex: try test.git("rev-parse", "HEAD"))!
    }

    /// Moves the submodule on to a further commit.
    func moveOn(_ text: String) throws -> ObjectID {
      try test.write("vendor/lib/file", text)
      try test.git("commit", "-qam", "more", at: test.path + "/vendor/lib")
      return ObjectID(hex: try test.commit("move on"))!
    }
  }

  @Test(arguments: [false, true]) func aLaneHasItsSubmodulesWithoutANetwork(isDeep: Bool) throws {
    let fixture = try Fixture(isDeep: isDeep)
    // Nothing can be fetched any more.
    for name in ["lib", "inner"] {
      try? FileManager.default.removeItem(atPath: fixture.test.root.path(name))
    }
    let lane = try fixture.base.pool.take(commit: fixture.tip)
    try fixture.base.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/vendor/lib/file") == "1\n")
    #expect(fixture.test.root.exists("lanes/1/vendor/lib/inner/file") == isDeep)
    #expect(try fixture.test.git("status", "--porcelain", at: lane.path) == "")
    // Pushes go to where the person's go.
    #expect(
      try fixture.test.git("remote", "get-url", "origin", at: lane.path + "/vendor/lib")
        == fixture.test.root.path("lib"))
  }

  @Test func aLaneThatIsUsedAgainHasTheCommitThatItsOwnNames() throws {
    let fixture = try Fixture()
    let lane = try fixture.base.pool.take(commit: fixture.tip)
    try fixture.base.pool.enter(lane, branch: nil, commit: fixture.tip)
    let second = try fixture.moveOn("2\n")
    try fixture.base.pool.enter(lane, branch: nil, commit: second)
    #expect(try fixture.test.root.read("lanes/1/vendor/lib/file") == "2\n")
    try fixture.base.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/vendor/lib/file") == "1\n")
    #expect(try fixture.test.git("status", "--porcelain", at: lane.path) == "")
  }

  @Test func p4_whatAnAgentChangedInASubmoduleIsKept() throws {
    let fixture = try Fixture()
    let lane = try fixture.base.pool.take(commit: fixture.tip)
    try fixture.base.pool.enter(lane, branch: nil, commit: fixture.tip)
    let second = try fixture.moveOn("2\n")
    try fixture.test.root.write("lanes/1/vendor/lib/file", "an agent's\n")
    try fixture.base.pool.enter(lane, branch: nil, commit: second)
    #expect(try fixture.test.root.read("lanes/1/vendor/lib/file") == "2\n")
    let references = try fixture.test.git("for-each-ref", "--format=%(refname)", "refs/lanekeeper")
      .split(separator: "\n").map(String.init)
    let kept = try references.filter {
      try fixture.test.runGit(["grep", "-q", "an agent's", $0]).status == 0
    }
    #expect(!kept.isEmpty, "\(references)")
  }

  @Test func aSubmoduleThatCantBeHadIsTold() throws {
    let fixture = try Fixture()
    for path in [fixture.test.root.path("lib"), fixture.test.path + "/.git/modules"] {
      try FileManager.default.removeItem(atPath: path)
    }
    #expect(throws: LaneError.self) {
      _ = try fixture.base.pool.take(commit: fixture.tip)
    }
  }

  @Test(arguments: ["../../escape", "/etc", ".git/hooks", "-x"])
  func namesThatLeadElsewhereAreLeftAlone(name: String) throws {
    let fixture = try Fixture()
    let gitlink = try fixture.test.git("rev-parse", "HEAD:vendor/lib")
    try fixture.test.write(
      ".gitmodules",
      "[submodule \"\(name)\"]\n\tpath = vendor/lib\n\turl = \(fixture.test.root.path("lib"))\n")
    let tip = ObjectID(hex: try fixture.test.commit("odd"))!
    #expect(try fixture.test.git("rev-parse", "HEAD:vendor/lib") == gitlink)
    let lane = try fixture.base.pool.take(commit: tip)
    #expect(!fixture.test.root.exists("lanes/1/vendor/lib/file"))
    #expect(lane.number == 1)
  }
}
