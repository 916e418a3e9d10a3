import Foundation
import Git
import Store
import TestSupport
import Testing

@testable import Engine

/// Repositories inside a lane: what points to them lands only where others can have it, and what they alone hold
/// is kept (P4).
@Suite(.bounded) struct SubmoduleTests {
  private let identity = Signature(name: "T", email: "t@example.org", time: 0)

  /// A repository with a submodule, and a lane in which it is filled.
  private struct Fixture {
    let lanes: LaneTests.Fixture
    let lane: LaneRecord
    let repository: Repository
    let tip: ObjectID

    init() throws {
      lanes = try LaneTests.Fixture()
      let test = lanes.test
      let made = try TestProgram.run(
        [
          "sh", "-c",
          "git init -q -b main lib; cd lib; git config receive.denyCurrentBranch ignore; echo 1 > l; "
            + "git add l; git commit -qm l; cd ../repo; git -c protocol.file.allow=always submodule --quiet add ../lib sub; "
            + "git commit -qm sub",
        ], directory: test.root.path, environment: test.environment)
      guard made.status == 0 else { throw TestProgramFailure(command: ["sub"], result: made) }
      tip = ObjectID(hex: try test.git("rev-parse", "HEAD"))!
      lane = try lanes.pool.take(commit: tip)
      try lanes.pool.enter(lane, branch: "refs/heads/lane/x", commit: tip)
      try test.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init",
        at: lane.path)
      repository = try Repository(opening: lane.path, environment: test.environment)
    }

    func sh(_ script: String) throws {
      let done = try TestProgram.run(
        ["sh", "-ec", script], directory: lane.path, environment: lanes.test.environment)
      guard done.status == 0 else { throw TestProgramFailure(command: [script], result: done) }
    }

    func refusals() throws -> [Gitlinks.Refusal] {
      let new = ObjectID(hex: try lanes.test.git("rev-parse", "lane/x^{tree}"))!
      return try Gitlinks(repository).refusals(
        repository.changes(from: repository.commit(tip).tree, to: new), tree: new,
        keptAs: "refs/lanekeeper/rescue/1/1")
    }

    func references() throws -> [String] {
      try lanes.test.git("for-each-ref", "--format=%(refname)", "refs/lanekeeper/rescue")
        .split(separator: "\n").map(String.init)
    }
  }

  @Test func p4_aSubmodulesCommitLandsOnceOthersHaveIt() throws {
    let fixture = try Fixture()
    try fixture.sh(
      "cd sub; echo fix > fix.c; git add -A; git commit -qm fix; cd ..; git commit -qam bump")
    let refusal = try #require(try fixture.refusals().first)
    let reference = try #require(refusal.reference)
    #expect(try fixture.lanes.test.git("show", reference + ":fix.c") == "fix")
    #expect(refusal.words.contains("sub") && refusal.words.contains(reference))
    try fixture.sh("cd sub; git push -q origin HEAD:refs/heads/fix")
    #expect(try fixture.refusals().isEmpty)
  }

  /// What a script of an agent makes of the pointers; it stands in the lane, whose submodule `sub` comes from `../lib`.
  @Test(arguments: [
    // Commits that only the lane has, whatever its copy says of remotes.
    "cd sub; echo f > f; git add f; git commit -qm f; git update-ref refs/remotes/origin/x HEAD",
    "git init -q --bare $T/own; cd sub; echo f > f; git add f; git commit -qm f; git remote add own $T/own; "
      + "git push -q own HEAD:refs/heads/main",
    "git init -q --bare $T/own; cd sub; echo f > f; git add f; git commit -qm f; "
      + "git config --file $T/repo/.git/config submodule.sub.url $T/own; git push -q $T/own HEAD:refs/heads/main",
    // Places that others do not reach, for new submodules.
    "made; git submodule --quiet add $T/own fe",
    "made; git submodule --quiet add file://$T/own fe",
    "git init -q fe; git -C fe commit -q --allow-empty -m s; names fe ./fe; git add .",
    "git init -q fe; git -C fe commit -q --allow-empty -m s; names fe ../lanes/1/fe; git add .",
    "git init -q fe; git -C fe commit -q --allow-empty -m s; names fe ../repo/.git/modules/sub; git add .",
    "names fe http://localhost:1/x; points fe",
    "names fe ssh://git@127.0.0.1/x; points fe",
    "names fe git@[::1]:x; points fe",
    "names fe localhost:x; points fe",
    "git config -f .gitmodules submodule.fe.path fe; points fe",
    "names fe ''; points fe",
    "names fe --upload-pack=x; points fe",
    // The pointer stays, and who follows it finds nothing.
    "made; git config -f .gitmodules submodule.sub.url $T/own",
    "git config -f .gitmodules submodule.sub.url ./sub",
    "git config -f .gitmodules --unset submodule.sub.url",
    "git rm -q --cached .gitmodules; mv .gitmodules x",
    "mv .gitmodules x; ln -s x .gitmodules",
    "git config -f .gitmodules submodule.sub.path other",
    // Nothing says of which repository it is.
    "points fe",
    "git init -q fe; git -C fe commit -q --allow-empty -m s; git add fe 2>/dev/null",
    "git mv sub moved; git rm -q --cached .gitmodules; rm .gitmodules",
  ]) func p4_whatOthersCannotFetchDoesNotLand(script: String) throws {
    let fixture = try Fixture()
    try fixture.sh(Self.words(fixture) + script)
    try fixture.sh("git add -A 2>/dev/null; git commit -qm change")
    let refusals = try fixture.refusals()
    #expect(refusals.count == 1)
    let name = try #require(refusals.first.map { String(decoding: $0.path, as: UTF8.self) })
    #expect(
      refusals.first?.words.hasPrefix("'\(name)'") == true
        || refusals.first?.words.hasPrefix(name) == true)
    // Whatever is here alone is kept.
    if let reference = refusals.first?.reference {
      #expect(try fixture.references().contains(reference))
    }
  }

  @Test(arguments: [
    "cd sub; echo f > f; git add f; git commit -qm f; git push -q origin HEAD:refs/heads/f",
    // Pushed, and gone on with by others since.
    "cd sub; echo f > f; git add f; git commit -qm f; git push -q origin HEAD:refs/heads/f; cd $T/lib; "
      + "git checkout -q f; git commit -q --allow-empty -m more",
    // The lane's copy knows nothing of it.
    "git -C $T/lib commit -q --allow-empty -m two; "
      + "git update-index --cacheinfo 160000,$(git -C $T/lib rev-parse HEAD),sub; git commit -qm bump",
    "git clone -q --bare $T/lib $T/more; git clone -q $T/more more; names more ../more",
    "git mv sub moved",
    "git rm -qf sub",
    "names other https://lanekeeper.invalid/x",
    // An address that does not answer, and nobody here has the commit.
    "names fe https://lanekeeper.invalid/x; points fe",
  ]) func whatOthersCanFetchLands(script: String) throws {
    let fixture = try Fixture()
    try fixture.sh("(" + Self.words(fixture) + script + ")")
    try fixture.sh(
      "[ $(git rev-parse HEAD) != \(fixture.tip.hex) ] || { git add -A 2>/dev/null; git commit -qm change; }"
    )
    #expect(try fixture.lanes.test.git("rev-parse", "lane/x") != fixture.tip.hex)
    #expect(try fixture.refusals() == [])
  }

  /// Abbreviations that the scripts use.
  private static func words(_ fixture: Fixture) -> String {
    """
    T='\(fixture.lanes.test.root.path)'; export GIT_ALLOW_PROTOCOL=file
    names() { git config -f .gitmodules submodule.$1.path $1; git config -f .gitmodules submodule.$1.url "$2"; }
    points() { git update-index --add --cacheinfo 160000,1111111111111111111111111111111111111111,$1; git add .gitmodules; mkdir -p $1; }
    made() { git init -q --bare -b main $T/own; git -C sub push -q $T/own HEAD:refs/heads/main; }

    """
  }

  /// The person's own check finds what of it has landed all the same.
  @Test func p4_whatOfTheTargetOnlyALaneHadIsTold() throws {
    let fixture = try Fixture()
    func told() throws -> [String] {
      let common = try Repository(
        opening: fixture.lanes.test.path, environment: fixture.lanes.test.environment)
      let tip = try #require(try common.reference("refs/heads/lane/x"))
      return try Gitlinks(common).unavailable(in: common.commit(tip).tree)
    }
    #expect(try told() == [])
    try fixture.sh("cd sub; echo f > f; git add f; git commit -qm f; cd ..; git commit -qam bump")
    #expect(try told().count == 1)
    try fixture.sh("git -C sub push -q origin HEAD:refs/heads/f")
    #expect(try told() == [])
    try fixture.sh(Self.words(fixture) + "names sub ./sub; git commit -qam here")
    #expect(try told().first?.contains("./sub") == true)
    try fixture.sh("git rm -q --cached .gitmodules; git commit -qm undeclared")
    #expect(try told().first?.contains(".gitmodules does not say") == true)
  }

  @Test func p4_aPointerThatNothingDeclaresDoesNotLand() throws {
    let fixture = try Fixture()
    try fixture.sh(
      "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),dir; git commit -qm dir")
    #expect(try fixture.refusals().map(\.path) == [Array("dir".utf8)])
  }

  @Test func p4_forgettingALaneKeepsWhatItsSubmodulesAloneHold() throws {
    let fixture = try Fixture()
    try fixture.sh(
      "cd sub; echo fix > fix.c; git add -A; git commit -qm fix; git checkout -q HEAD~1")
    try FileManager.default.removeItem(atPath: fixture.lane.path)
    try fixture.lanes.pool.enter(fixture.lane, branch: "refs/heads/lane/y", commit: fixture.tip)
    let kept = try #require(try fixture.references().first { $0.hasSuffix("-sub") })
    #expect(try fixture.lanes.test.git("show", kept + ":fix.c") == "fix")
    #expect(try fixture.lanes.test.git("fsck", "--no-dangling") == "")
  }

  @Test func p2_theNextFeatureFindsSubmodulesAsTheTargetHasThem() throws {
    let fixture = try Fixture()
    try fixture.sh("cd sub; echo fix > fix.c; git add -A; git commit -qm fix; echo open > open.c")
    try fixture.lanes.pool.enter(fixture.lane, branch: "refs/heads/lane/y", commit: fixture.tip)
    #expect(try fixture.lanes.test.git("status", "--porcelain", at: fixture.lane.path) == "")
    #expect(!fixture.lanes.test.root.exists("lanes/1/sub/open.c"))
    let kept = try #require(try fixture.references().first { $0.hasSuffix("-sub") })
    #expect(try fixture.lanes.test.git("show", kept + ":fix.c") == "fix")
    #expect(try fixture.lanes.test.git("show", kept + ":open.c") == "open")
  }

  @Test func p4_removingALaneKeepsEveryRepositoryInIt() throws {
    let fixture = try Fixture()
    try fixture.sh(
      "cd sub; echo fix > fix.c; git add -A; git commit -qm fix; cd ..; mkdir build; git init -q build/ign; "
        + "cd build/ign; echo ignored > i; git add i; git commit -qm i")
    let note = try #require(try fixture.lanes.pool.remove(fixture.lane))
    let references = try fixture.references()
    #expect(references.count >= 2 && references.allSatisfy { note.contains($0) })
    let texts = try references.map {
      try fixture.lanes.test.git("ls-tree", "-r", "--name-only", $0)
    }
    #expect(texts.joined(separator: "\n").contains("fix.c"))
    #expect(texts.contains("i"))
    #expect(!fixture.lanes.test.root.exists("lanes/1"))
    #expect(try fixture.lanes.test.git("fsck", "--no-dangling") == "")
  }

  @Test(arguments: [
    "mkdir fe; cd fe; git init -q; echo app > index.js; git add -A; git commit -qm scaffold; echo l > later.js",
    "mkdir fe; cd fe; git init -q; echo app > index.js; echo l > later.js",
    "mkdir fe; cd fe; git init -q; echo app > index.js; echo l > later.js; git add -A; git commit -qm s; "
      + "cd ..; git add fe 2>/dev/null",
    "mkdir fe; cd fe; git init -q; echo app > index.js; echo l > later.js; git add -A; git commit -qm s; "
      + "cd ..; git add fe 2>/dev/null; git commit -qm gitlink",
    "git clone -q ../../lib fe; cd fe; rm l; echo app > index.js; echo l > later.js; git add -A; "
      + "cd ..; git add fe 2>/dev/null; git commit -qm gitlink",
    "mkdir -p fe/deep; cd fe; git init -q; echo app > index.js; git init -q deep; echo l > deep/x; "
      + "cp deep/x later.js",
  ]) func p4_filesOfARepositoryMadeInsideBecomeFilesOfTheBranch(script: String) throws {
    let fixture = try Fixture()
    try fixture.sh(script)
    let tip = try #require(try fixture.repository.reference("refs/heads/lane/x"))
    let changes = try fixture.repository.changes(
      from: fixture.repository.commit(fixture.tip).tree, to: fixture.repository.commit(tip).tree)
    var notes: [String] = []
    let outcome = try Leftovers.commit(
      in: fixture.repository, litter: [], message: "left\n", adding: [:],
      repositories: { status in
        let found = try LaneRepositories(
          fixture.repository, keptAs: "refs/lanekeeper/rescue/1/1", identity: identity
        ).dissolve(status, changes)
        #expect(found.problem == nil)
        notes = found.notes
        return found.dissolved
      })
    guard case .committed = outcome else {
      Issue.record("\(outcome)")
      return
    }
    let test = fixture.lanes.test
    #expect(try test.git("show", "lane/x:fe/index.js") == "app")
    #expect(try test.git("show", "lane/x:fe/later.js") == "l")
    #expect(try test.git("ls-tree", "lane/x", "fe").hasPrefix("040000"))
    #expect(try test.git("status", "--porcelain", at: fixture.lane.path) == "")
    #expect(!notes.isEmpty)
    #expect(try fixture.refusals().isEmpty)
    #expect(try test.git("fsck", "--no-dangling") == "")
  }
}
