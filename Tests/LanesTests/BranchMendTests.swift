import Foundation
import Git
import Model
import Store
import TestSupport
import Testing

@testable import Lanes

/// Branches of which a failing disk, a power cut or a program has spoiled objects.
@Suite struct BranchMendTests {
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
    try store.takeOver([
      FeatureEntry(
        id: "1", title: "One", category: "", description: "", steps: [], touches: [], priority: 0,
        model: nil, agent: nil, dependencies: [])
    ])
    let path = test.root.path("lane-1")
    try test.git("worktree", "add", "-q", "-b", "lane/1-one", path)
    let made = try store.addLane { _ in path }
    try store.finishLane(made.number)
    let start = base.hex
    _ = try store.startAttempt(
      AttemptRequest(
        feature: "1", participant: "p", lane: made.number, branch: "refs/heads/lane/1-one",
        tier: "haiku", modelName: "haiku", choice: "", mark: "m", claims: [],
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

  private var mend: BranchMend {
    BranchMend(
      store: store, state: state, target: "refs/heads/main", environment: test.environment)
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

  private func place() throws -> ObjectID? {
    try Repository(opening: test.path, environment: test.environment).reference(branch)
  }

  private func events(_ type: String) throws -> Int {
    try store.events(after: 0, limit: 100).count { $0.type == type }
  }

  @Test func whatIsWholeStaysAsItIs() throws {
    #expect(try mend.mend("1", branch: branch, lane: lane) == nil)
    #expect(try mend.mend("1", branch: "refs/heads/none") == nil)
    #expect(try place() == tip)
    #expect(try events("branch_mended") == 0)
  }

  /// git reads them, and libgit2 does not.
  @Test(arguments: [
    "author X <x> 99999999999999999999 +0000\ncommitter X <x> 1 +0000\n",
    "author X 1700000000 +0000\ncommitter X 1700000000 +0000\n",
    "author X <x> 1700000000 +0000\n",
  ])
  func p4_p7_aCommitThatLibgit2CantReadIsSetBackAndKept(people: String) throws {
    let text =
      "tree \(try test.git("rev-parse", "\(tip.hex)^{tree}"))\nparent \(tip.hex)\n\(people)\nmessage\n"
    let odd = try test.git(
      ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], input: Array(text.utf8))
    try test.root.write("lane-1/b.txt", "made later\n")
    try test.git("update-ref", branch, odd, at: lane.path)
    let report = try #require(try mend.mend("1", branch: branch, lane: lane))
    #expect(try place() == tip)
    let kept = try #require(report.kept)
    #expect(try test.git("rev-parse", kept) == odd)
    #expect(try test.root.read("lane-1/b.txt") == "made later\n")
    #expect(try events("branch_mended") == 1)
    #expect(try mend.mend("1", branch: branch, lane: lane) == nil)
  }

  /// A file, a directory, the top, a commit; overwritten, emptied as a power cut leaves it, or gone.
  @Test(
    arguments: [
      "lane/1-one:b.txt", "lane/1-one:deep/a.txt", "lane/1-one:deep", "lane/1-one^{tree}",
      "lane/1-one",
    ],
    ["junk", "", nil])
  func p4_whatTheLaneHoldsIsCommittedAgain(spoiled: String, text: String?) throws {
    let id = try spoil(spoiled, with: text)
    let report = try #require(try mend.mend("1", branch: branch, lane: lane))
    #expect(report.objects == [id])
    // The commit before is found by its child, or by the branch's log.
    #expect(try place() == first)
    #expect(report.moved?.from == tip && report.moved?.to == first)
    let path = test.root.path("lane-1")
    let status = try test.git("status", "--porcelain", at: path).split(separator: "\n")
    #expect(status.map { $0.suffix(10) } == ["deep/a.txt", "?? b.txt"])
    try test.git("add", "-A", at: path)
    try test.git("commit", "-qm", "again", at: path)
    #expect(try test.git("show", "lane/1-one:deep/a.txt") == "second")
    #expect(try test.git("show", "lane/1-one:b.txt") == "made")
    #expect(try mend.mend("1", branch: branch, lane: lane) == nil)
    // git itself can go on, too: it packs what stands in logs.
    #expect(try test.runGit(["gc", "-q"]).status == 0)
    #expect(try test.runGit(["fsck", "--no-dangling"]).status == 0)
    #expect(try events("branch_mended") == 1)
    let kept = FileManager.default.fileExists(atPath: state.damaged + "/" + id.hex)
    #expect(kept == (text != nil))
  }

  @Test func aLaneWhoseHeadWasTakenOffIsPutBackOn() throws {
    try test.git("checkout", "-q", "--detach", at: test.root.path("lane-1"))
    _ = try spoil("lane/1-one:b.txt")
    _ = try mend.mend("1", branch: branch, lane: lane)
    #expect(
      try test.git("symbolic-ref", "HEAD", at: test.root.path("lane-1")) == branch)
    #expect(try test.git("status", "--porcelain", at: test.root.path("lane-1")).contains("b.txt"))
  }

  @Test func withoutALaneOnlyTheBranchGoesBack() throws {
    try test.git("worktree", "remove", "--force", test.root.path("lane-1"))
    _ = try spoil("lane/1-one~1:deep/a.txt")
    let report = try #require(try mend.mend("1", branch: branch))
    #expect(report.moved?.to == base)
    #expect(try place() == base)
    #expect(report.description.contains("the last commit that is whole"))
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
    let report = try mend.mend("1", branch: branch, lane: lane)
    #expect(report?.moved == nil)
    #expect(try place() == tip)
  }

  @Test func whatTheTargetHasLostIsLeftAlone() throws {
    let file = try spoil("main:old.txt")
    #expect(try mend.mend("1", branch: branch, lane: lane) == nil)
    let commit = try spoil("main")
    #expect(throws: GitProgramError.self) { try mend.mend("1", branch: branch, lane: lane) }
    #expect(try place() == tip)
    for id in [file, commit] {
      #expect(!FileManager.default.fileExists(atPath: state.damaged + "/" + id.hex))
    }
  }

  /// What reads well is spoiled all the same where it is not what its name says.
  @Test func contentUnderAnotherNameIsFoundOut() throws {
    let repository = try Repository(opening: test.path, environment: test.environment)
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

  @Test func p4_rescuedWorkLosesOnlyWhatCantBeRead() throws {
    for (name, commit) in [("1/1", tip), ("lane-1/5", first), ("2/1", base)] {
      try test.git("update-ref", "refs/lanekeeper/rescue/\(name)", commit.hex)
    }
    // What the second commit changed is lost with its directory; of the first only the commit itself is.
    _ = try spoil("lane/1-one:b.txt")
    _ = try spoil("lane/1-one~1:deep/a.txt")
    _ = try mend.mend("1", branch: branch, lane: lane)
    let left = try test.git("for-each-ref", "--format=%(refname)", "refs/lanekeeper")
    #expect(left == "refs/lanekeeper/rescue/2/1")
    #expect(try events("rescue_mended") == 2)
  }

  @Test func p4_rescuedWorkOutlivesItsHistory() throws {
    try test.git("update-ref", "refs/lanekeeper/rescue/lane-1/5", tip.hex)
    _ = try spoil("lane/1-one~1")
    _ = try mend.mend("1", branch: branch, lane: lane)
    #expect(try place() == base)
    let rescue = "refs/lanekeeper/rescue/lane-1/5"
    #expect(try test.git("show", "\(rescue):b.txt") == "made")
    #expect(try test.git("rev-parse", "\(rescue)~1") == base.hex)
    #expect(try test.runGit(["gc", "-q"]).status == 0)
  }

  @Test func p4_p9_whatOthersLandedMeanwhileIsNotDeleted() throws {
    try test.git("update-ref", "refs/lanekeeper/rescue/lane-1/5", tip.hex)
    try test.git("update-ref", "refs/lanekeeper/rescue/1/1", tip.hex)
    try test.write("others.txt", "landed since\n")
    try test.commit("others")
    _ = try spoil("lane/1-one~1")
    _ = try mend.mend("1", branch: branch, lane: lane)
    #expect(try place() == base)
    for name in ["1/1", "lane-1/5"] {
      let rescue = "refs/lanekeeper/rescue/\(name)"
      #expect(try test.git("rev-parse", "\(rescue)~1") == base.hex)
      #expect(try test.git("diff", "--name-only", "--diff-filter=D", "\(rescue)~1", rescue) == "")
    }
    let status = try test.git("status", "--porcelain", at: test.root.path("lane-1"))
    #expect(!status.contains("others.txt"))
  }

  @Test func anIdleLaneIsPutBackWithItsFiles() throws {
    try test.write("others.txt", "landed since\n")
    try test.commit("others")
    try test.git("checkout", "-q", "--detach", at: test.root.path("lane-1"))
    try store.endAttempt("1", 1, .interrupted(detail: ""), tip: tip.hex, changed: [])
    let spoiled = try spoil("lane/1-one:b.txt")
    try mend.mendIdleLanes()
    #expect(try test.git("rev-parse", "HEAD", at: test.root.path("lane-1")) == first.hex)
    #expect(try test.root.read("lane-1/deep/a.txt") == "second\n")
    #expect(try events("lane_mended") == 1)
    #expect(FileManager.default.fileExists(atPath: state.damaged + "/" + spoiled.hex))
    try mend.mendIdleLanes()
    #expect(try events("lane_mended") == 1)
  }

  @Test func whatFailsForAnotherReasonFails() throws {
    struct Other: Error {}
    #expect(throws: Other.self) {
      try mend.retrying("1", branch: branch) { throw Other() }
    }
    _ = try spoil("lane/1-one:b.txt")
    var tries = 0
    let answer = try mend.retrying("1", branch: branch) {
      tries += 1
      if tries == 1 { throw Other() }
      return tries
    }
    #expect(answer == 2)
  }
}
