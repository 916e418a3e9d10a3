import Foundation
import Git
import Model
import Store
import TestSupport
import Testing

@testable import Engine

/// Branches of which a failing disk, a power cut or a program has spoiled objects.
@Suite(.bounded) struct BranchDamageTests {
  private let test: TestRepository
  private let store: Store
  private let state: StateDirectory
  private let lane: LaneRecord
  private let base: ObjectID
  private let first: ObjectID
  private let tip: ObjectID
  private let branch = "refs/heads/lane/1-one"

  /// A lane on a branch of two commits; the second one changes `deep/a.txt` and makes `b.txt`.
  init() throws {
    test = try TestRepository()
    try test.write("deep/a.txt", "base\n")
    try test.write("old.txt", "old\n")
    base = ObjectID(hex: try test.commit("base"))!
    state = StateDirectory(commonDirectory: test.path + "/.git")
    try state.create()
    store = try Store(path: state.stateFile)
    try store.takeOver([Feature(id: "1", title: "One", category: "")])
    let path = test.root.path("lane-1")
    try test.git("worktree", "add", "-q", "-b", "lane/1-one", path)
    let made = try store.addLane { _ in path }
    try store.finishLane(made.number)
    let start = base.hex
    _ = try store.startAttempt(
      AttemptRequest(
        feature: "1", participant: "p", lane: made.number, branch: "refs/heads/lane/1-one",
        tier: .haiku, modelName: "haiku", choice: "", mark: "m", claims: [],
        policies: PathPolicies([]))
    ) { start }
    lane = try store.lane(made.number)!
    try test.root.write("lane-1/deep/a.txt", "first\n")
    try test.git("commit", "-qam", "first", at: path)
    first = ObjectID(hex: try test.git("rev-parse", "HEAD", at: path))!
    try test.root.write("lane-1/deep/a.txt", "second\n")
    try test.root.write("lane-1/b.txt", "made\n")
    try test.git("add", "-A", at: path)
    try test.git("commit", "-qm", "second", at: path)
    tip = ObjectID(hex: try test.git("rev-parse", "HEAD", at: path))!
  }

  private func repository() throws -> Repository {
    try Repository(opening: test.path, environment: test.environment)
  }

  private func find() throws -> BranchDamage? {
    BranchDamage.find(branch, of: "1", beyond: "refs/heads/main", try repository())
  }

  private func lastWhole() throws -> ObjectID? {
    try BranchDamage.lastWhole(branch, tip: tip, beyond: "refs/heads/main", repository())
  }

  private func spoil(_ revision: String, with text: String? = "junk") throws -> ObjectID {
    let id = try test.git("rev-parse", revision)
    let path = test.path + "/.git/objects/" + id.prefix(2) + "/" + id.dropFirst(2)
    _ = chmod(path, 0o644)
    if let text {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    } else {
      unlink(path)
    }
    return ObjectID(hex: id)!
  }

  private func isMovedAside(_ id: ObjectID) -> Bool {
    FileManager.default.fileExists(atPath: state.path + "/damaged/" + id.hex)
  }

  @Test func aBranchThatCanBeReadHasNoDamage() throws {
    #expect(try find() == nil)
    #expect(try lastWhole() == tip)
    #expect(
      BranchDamage.find("refs/heads/none", of: "1", beyond: "refs/heads/main", try repository())
        == nil)
  }

  /// git reads them, and libgit2 does not.
  @Test(arguments: [
    "author X <x> 99999999999999999999 +0000\ncommitter X <x> 1 +0000\n",
    "author X 1700000000 +0000\ncommitter X 1700000000 +0000\n",
    "author X <x> 1700000000 +0000\n",
  ])
  func p4_p7_aCommitThatIsNotInGitsFormIsFound(people: String) throws {
    let text =
      "tree \(try test.git("rev-parse", "\(tip.hex)^{tree}"))\nparent \(tip.hex)\n\(people)\nmessage\n"
    let odd = try test.git(
      ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], input: Array(text.utf8))
    try test.git("update-ref", branch, odd, at: lane.path)
    let damage = try #require(try find())
    #expect(damage.form != nil && damage.objects == [])
    #expect(damage.description.contains("git fsck"), "\(damage)")
    #expect(damage.advice.contains("lanekeeper retry 1 --fresh"))
    #expect(try test.git("rev-parse", branch) == odd)
    let whole = try BranchDamage.lastWhole(
      branch, tip: ObjectID(hex: odd)!, beyond: "refs/heads/main", repository())
    #expect(whole == tip)
  }

  /// A file, a directory, the top, a commit; overwritten, emptied as a power cut leaves it, or gone.
  @Test(
    arguments: [
      "lane/1-one:b.txt", "lane/1-one:deep/a.txt", "lane/1-one:deep", "lane/1-one^{tree}",
      "lane/1-one",
    ],
    ["junk", "", nil])
  func p4_damageIsFoundAndTheBranchStays(spoiled: String, text: String?) throws {
    let id = try spoil(spoiled, with: text)
    #expect(throws: BranchDamage.self) {
      try BranchDamage.verify(branch, of: "1", tip: tip, beyond: [base], repository())
    }
    let damage = try #require(try find())
    #expect(damage.objects == [id])
    #expect(damage.description.contains(id.short))
    #expect(try test.git("rev-parse", branch) == tip.hex)
    #expect(isMovedAside(id) == (text != nil))
    // The commit before is found by its child, or by the branch's log.
    #expect(try lastWhole() == first)
  }

  /// What is stored again as it was makes the branch whole.
  @Test(arguments: ["lane/1-one:b.txt", "lane/1-one:deep", "lane/1-one~1"])
  func p4_restoredObjectsEndTheDamage(spoiled: String) throws {
    let type = try test.git("cat-file", "-t", spoiled)
    let content = try TestProgram.run(
      ["git", "cat-file", type, spoiled], directory: test.path, environment: test.environment
    ).output
    let id = try spoil(spoiled, with: "")
    #expect(try find()?.objects == [id])
    #expect(
      try test.git(["hash-object", "-t", type, "-w", "--stdin"], input: content) == id.hex)
    #expect(try find() == nil)
  }

  @Test func p4_nothingButTheTargetIsLeftOfABranchWhoseFirstCommitIsLost() throws {
    _ = try spoil("lane/1-one~1:deep/a.txt")
    _ = try find()
    #expect(try lastWhole() == nil)
  }

  @Test func anObjectThatAPackHasIsNoLoss() throws {
    let file = try test.git("rev-parse", "lane/1-one:b.txt")
    let loose = test.path + "/.git/objects/" + file.prefix(2) + "/" + file.dropFirst(2)
    let content = try Data(contentsOf: URL(fileURLWithPath: loose))
    try test.git("repack", "-adq")
    try FileManager.default.createDirectory(
      atPath: (loose as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try content.write(to: URL(fileURLWithPath: loose))
    _ = try spoil("lane/1-one:b.txt")
    // libgit2 and git ask packs first.
    #expect(try find() == nil)
  }

  @Test func whatTheTargetHasLostIsLeftAlone() throws {
    let file = try spoil("main:old.txt")
    #expect(try find() == nil)
    let commit = try spoil("main")
    #expect(try find() == nil)
    for id in [file, commit] { #expect(!isMovedAside(id)) }
  }

  /// An object that can be read is damaged all the same where its content is not what its name says.
  @Test func contentUnderAnotherNameIsFoundOut() throws {
    let repository = try repository()
    let file = ObjectID(hex: try test.git("rev-parse", "lane/1-one:b.txt"))!
    let path = test.path + "/.git/objects/" + file.hex.prefix(2) + "/" + file.hex.dropFirst(2)
    let kept = try Data(contentsOf: URL(fileURLWithPath: path))
    let other = try test.git("rev-parse", "main:old.txt")
    let otherPath = test.path + "/.git/objects/" + other.prefix(2) + "/" + other.dropFirst(2)
    chmod(path, 0o644)
    try Data(contentsOf: URL(fileURLWithPath: otherPath)).write(to: URL(fileURLWithPath: path))
    #expect(try repository.unreadable(from: tip, beyond: [base]) == [file])
    try kept.write(to: URL(fileURLWithPath: path))
    #expect(try repository.unreadable(from: tip, beyond: [base]).isEmpty)
  }

  @Test func anErrorOfAnotherCauseStays() throws {
    struct Other: Error {}
    let repository = try repository()
    func fail() throws {
      try BranchDamage.naming(branch, of: "1", beyond: "refs/heads/main", repository) {
        throw Other()
      }
    }
    #expect(throws: Other.self) { try fail() }
    _ = try spoil("lane/1-one:b.txt")
    #expect(throws: BranchDamage.self) { try fail() }
  }

  /// What a lane's files hold is rescued with objects that can all be read.
  @Test(
    arguments: [
      "lane/1-one:b.txt", "lane/1-one:deep/a.txt", "lane/1-one:deep", "lane/1-one^{tree}",
      "lane/1-one",
    ], ["", nil])
  func p4_whatALaneHoldsIsKeptWithObjectsThatCanBeRead(spoiled: String, text: String?) throws {
    try test.root.write("lane-1/c.txt", "uncommitted\n")
    _ = try spoil(spoiled, with: text)
    let lane = try Repository(
      opening: test.root.path("lane-1"), environment: test.environment)
    try BranchDamage.detach(lane, onto: base)
    let name = "refs/lanekeeper/rescue/lane-1/5"
    let kept = try Rescue.snapshot(
      lane, reference: name, message: "kept",
      identity: Signature(name: "T", email: "t@example.org", time: 0))
    #expect(kept.reference == name)
    for (file, text) in ["deep/a.txt": "second", "b.txt": "made", "c.txt": "uncommitted"] {
      #expect(try test.git("show", "\(name):\(file)") == text)
    }
  }
}
