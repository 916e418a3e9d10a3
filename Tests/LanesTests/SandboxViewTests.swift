import Foundation
import Git
import Store
import TestSupport
import Testing

@testable import Engine

/// A lane with the view of it that an agent in a sandbox can write.
private struct ViewFixture {
  let test: TestRepository
  let view: SandboxView
  let base: String

  init() throws {
    test = try TestRepository()
    try test.write("a.txt", "a\n")
    base = try test.commit("base")
    let common = try Repository(opening: test.path, environment: test.environment)
    let state = StateDirectory(commonDirectory: common.commonDirectory)
    try state.create()
    let store = try Store(path: state.stateFile)
    let path = test.root.path("lanes/1")
    try FileManager.default.createDirectory(
      atPath: test.root.path("lanes"), withIntermediateDirectories: true)
    try common.addWorktree(
      name: "lane-1", path: path, commit: ObjectID(hex: base)!, branch: "refs/heads/lane/1")
    view = SandboxView(
      state: state, lane: try store.addLane { _ in path }, environment: test.environment)
    try view.make(branch: "refs/heads/lane/1")
  }

  func bringIn() throws -> SandboxView.Arrival {
    try view.bringIn(branch: "refs/heads/lane/1", rescue: "refs/lanekeeper/rescue/1/1")
  }
}

@Suite(.bounded) struct SandboxViewTests {
  @Test(arguments: ["packed-refs", "objects/pack/pack-1.idx"])
  func aSparseGiantIsNotRead(name: String) throws {
    let fixture = try ViewFixture()
    let file = fixture.view.git + "/" + name
    // The agent's branch is packed, too.
    unlink(fixture.view.git + "/refs/heads/lane/1")
    close(open(file, O_WRONLY | O_CREAT, 0o644))
    truncate(file, 300 << 30)
    let arrival = try fixture.bringIn()
    #expect(arrival.problems.contains { $0.contains("holds more than") }, "\(arrival.problems)")
    #expect(arrival.tip?.hex == fixture.base)
    try fixture.view.putAside("1-1")
    #expect(!fixture.view.isThere)
  }

  @Test(arguments: ["HEAD", "MERGE_HEAD", "logs/HEAD"]) func aGiantInTheLanesPartGoes(name: String)
    throws
  {
    let fixture = try ViewFixture()
    let file = fixture.view.administration + "/" + name
    close(open(file, O_WRONLY | O_CREAT, 0o644))
    truncate(file, 300 << 30)
    _ = try fixture.bringIn()
    #expect(!FileManager.default.fileExists(atPath: file))
    #expect(FileManager.default.fileExists(atPath: fixture.view.administration + "/index"))
  }

  @Test func moreReferencesThanAnybodyNeedsAreNotFollowed() throws {
    let fixture = try ViewFixture()
    let names = (0..<1200).map { "\(fixture.base) refs/tags/t\($0)\n" }
    let file = fixture.view.git + "/packed-refs"
    let before = try String(contentsOfFile: file, encoding: .utf8)
    try Data((before + names.sorted().joined()).utf8).write(to: URL(fileURLWithPath: file))
    #expect(throws: Never.self) { try fixture.view.movedReferences(branch: "refs/heads/lane/1") }
    #expect(try fixture.view.movedReferences(branch: "refs/heads/lane/1").count == 1200)
  }

  /// Links, pipes and directories in the place of everything that is read outside.
  @Test(arguments: ["link", "pipe", "directory"]) func whatIsNoFileIsNotRead(kind: String) throws {
    let fixture = try ViewFixture()
    try fixture.test.root.write("outside/secret", String(repeating: "1", count: 40))
    let administration = fixture.view.administration
    for place in [
      fixture.view.git + "/packed-refs", fixture.view.git + "/refs/heads/lane/1",
      fixture.view.git + "/refs/tags/x", fixture.view.git + "/objects/11",
      fixture.view.git + "/objects/pack/pack-1.idx", administration + "/ORIG_HEAD",
      administration + "/MERGE_HEAD",
    ] {
      unlink(place)
      switch kind {
      case "link": symlink(fixture.test.root.path("outside/secret"), place)
      case "pipe": mkfifo(place, 0o600)
      default: mkdir(place, 0o700)
      }
    }
    let arrival = try fixture.bringIn()
    #expect(arrival.tip?.hex == fixture.base && arrival.rescued == [])
    try fixture.view.follow("refs/heads/main")
    #expect(fixture.test.root.exists("outside/secret"))
    try fixture.view.remove()
    #expect(!fixture.view.isThere && fixture.test.root.exists("outside/secret"))
  }

  /// A directory of references that leads out.
  @Test func aReferenceIsNotFollowedOut() throws {
    let fixture = try ViewFixture()
    let outside = fixture.test.root.path("outside")
    try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
    let heads = fixture.view.git + "/refs/heads"
    try FileManager.default.removeItem(atPath: heads)
    symlink(outside, heads)
    try? fixture.view.follow("refs/heads/main")
    try? fixture.view.follow("refs/heads/lane/1")
    #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == [])
  }

  @Test func anotherFeatureGetsAHomeOfItsOwn() throws {
    let fixture = try ViewFixture()
    try fixture.view.makeHome(for: "1")
    let file = fixture.view.home + "/.bashrc"
    try Data("mine\n".utf8).write(to: URL(fileURLWithPath: file))
    try fixture.view.makeHome(for: "1")
    #expect(FileManager.default.fileExists(atPath: file))
    try fixture.view.makeHome(for: "2")
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.view.home) == [])
  }
}
