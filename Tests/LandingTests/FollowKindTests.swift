import Engine
import Foundation
import Git
import Store
import TestSupport
import Testing

/// Checkouts of every kind follow, whatever files are called.
@Suite(.bounded) struct FollowKindTests {
  /// Names as bytes; a shell writes them.
  private static let names = [
    "caf\\351.txt", "bad\\377utf", "\\303\\050", "new\\nline", "tab\\there", "quo\"te",
    "back\\\\slash", "-dash",
    " lead", "trail ", "e\\033[31mred", ":(glob)x", "*star",
  ]

  private func shell(_ fixture: LandingFixture, _ script: String, at directory: String) throws {
    let result = try TestProgram.run(
      ["bash", "-c", script], directory: directory, environment: fixture.test.environment)
    #expect(result.status == 0, "\(result)")
  }

  /// Puts a feature into the queue whose work a shell does.
  private func queue(
    _ fixture: LandingFixture, _ id: String, _ script: String, changed: [[UInt8]]? = nil
  ) throws {
    try fixture.addFeature(id)
    let work = fixture.test.root.path("work-\(id)")
    try fixture.test.git("worktree", "add", "-q", "-b", "lane/\(id)", work, "main")
    try shell(fixture, script + "\ngit add -A; git commit -q -m 'work \(id)'", at: work)
    try fixture.test.git("worktree", "remove", "--force", work)
    try fixture.attempt(id, tip: try fixture.test.git("rev-parse", "lane/\(id)"), changed: [])
  }

  private func status(_ fixture: LandingFixture) throws -> String {
    try fixture.test.git("status", "--porcelain")
  }

  @Test func p6_namesAreBytesWhenAddedChangedAndRemoved() async throws {
    let fixture = try LandingFixture()
    let listed = Self.names.map {
      "\"$(printf -- '\($0.replacingOccurrences(of: "%", with: "%%"))')\""
    }
    func all(_ body: String) -> String {
      "set -e; for n in \(listed.joined(separator: " ")) $(printf 'l%.0s' $(seq 255)); do \(body); done"
    }
    try queue(fixture, "1", all(#"printf one > "./$n"; mkdir -p "d/$n"; echo 1 > "d/$n/f""#))
    #expect(try await fixture.land().landed == ["1"])
    #expect(try status(fixture) == "")
    try shell(fixture, all(#"test "$(cat "./$n")" = one"#), at: fixture.test.path)
    try queue(fixture, "2", all(#"printf 'two' > "./$n"; rm -r "d/$n""#))
    #expect(try await fixture.land().landed == ["2"])
    #expect(try status(fixture) == "")
    try shell(fixture, all(#"test "$(cat "./$n")" = two; test ! -e "d/$n""#), at: fixture.test.path)
    // One in the way is named so that a person can read it.
    try queue(fixture, "3", #"printf x > "$(printf 'in\377way')""#)
    try shell(fixture, #"printf mine > "$(printf 'in\377way')""#, at: fixture.test.path)
    #expect(try await fixture.land().held.first?.contains(#""in\377way""#) == true)
    try shell(fixture, #"rm "$(printf 'in\377way')""#, at: fixture.test.path)
    #expect(try await fixture.land().landed == ["3"])
    #expect(try status(fixture) == "")
  }

  @Test func p6_aSparseCheckoutFollowsAndStaysSparse() async throws {
    let fixture = try LandingFixture(
      gate: "test -e b/f && test -e c/f", files: ["a/f": "1\n", "b/f": "1\n", "c/f": "1\n"])
    try fixture.test.git("sparse-checkout", "set", "a")
    #expect(!fixture.test.root.exists("repo/b"))
    try queue(
      fixture, "1",
      "git sparse-checkout disable; echo 1 > a/new; echo 2 > a/f; echo 1 > b/new; echo 2 > c/f")
    let result = try await fixture.land()
    #expect(result.landed == ["1"], "\(result)")
    #expect(try status(fixture) == "")
    #expect(try fixture.test.read("a/f") == "2\n" && fixture.test.root.exists("repo/a/new"))
    #expect(!fixture.test.root.exists("repo/b") && !fixture.test.root.exists("repo/c"))
    // What a person has changed there is not touched.
    try fixture.queue("2", ["a/f": "3\n"])
    try fixture.test.write("a/f", "mine\n")
    #expect(try await fixture.land().held.first?.contains("a/f is changed") == true)
    #expect(try fixture.test.read("a/f") == "mine\n")
    try fixture.test.git("checkout", "-q", "a/f")
    #expect(try await fixture.land().landed == ["2"])
    #expect(try status(fixture) == "")
  }

  @Test func p6_aCheckoutWithASplitIndexFollows() async throws {
    let fixture = try LandingFixture(files: ["b.txt": "1\n"])
    try fixture.test.git("config", "core.splitIndex", "true")
    try fixture.test.git("update-index", "--split-index")
    for (id, files) in [("1", ["b.txt": "2\n", "c.txt": "1\n"]), ("2", ["c.txt": "2\n"])] {
      try fixture.queue(id, files)
      #expect(try await fixture.land().landed == [id])
      #expect(try status(fixture) == "")
    }
  }

  @Test func p6_allCheckoutsOfTheTargetFollowOrAreNamed() async throws {
    let fixture = try LandingFixture(files: ["b.txt": "1\n"])
    let second = fixture.test.root.path("second")
    try fixture.test.git("worktree", "add", "-q", "-f", second, "main")
    try fixture.queue("1", ["b.txt": "2\n", "c.txt": "1\n"])
    #expect(try await fixture.land().landed == ["1"])
    #expect(try status(fixture) == "")
    #expect(try fixture.test.git("status", "--porcelain", at: second) == "")
    try fixture.test.root.write("second/b.txt", "mine\n")
    try fixture.queue("2", ["b.txt": "3\n"])
    let result = try await fixture.land()
    #expect(result.landed == ["2"])
    #expect(result.notes.contains { $0.contains("\(second) does not follow") }, "\(result.notes)")
    #expect(try fixture.test.root.read("second/b.txt") == "mine\n")
  }

  /// A repository with a submodule, and the submodule's commits.
  private func withSubmodule(_ fixture: LandingFixture) throws -> [String] {
    let library = fixture.test.root.path("library")
    try fixture.test.git("init", "-q", library)
    var commits: [String] = []
    for number in 1...4 {
      try fixture.test.root.write("library/v", "\(number)\n")
      try fixture.test.git("add", "-A", at: library)
      try fixture.test.git("commit", "-q", "-m", "v\(number)", at: library)
      commits.append(try fixture.test.git("rev-parse", "HEAD", at: library))
    }
    try fixture.test.git(
      "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "sub")
    try fixture.test.git("checkout", "-q", commits[0], at: fixture.test.path + "/sub")
    try fixture.test.commit("a submodule")
    return commits
  }

  @Test func p6_landingsMoveASubmoduleOneAfterTheOther() async throws {
    let fixture = try LandingFixture()
    let commits = try withSubmodule(fixture)
    for (number, id) in ["1", "2"].enumerated() {
      try fixture.addFeature(id)
      let work = fixture.test.root.path("work-\(id)")
      try fixture.test.git("worktree", "add", "-q", "-b", "lane/\(id)", work, "main")
      try shell(
        fixture,
        "git update-index --cacheinfo 160000,\(commits[number + 1]),sub && echo \(id) > f\(id) "
          + "&& git add f\(id) && git commit -q -m 'work \(id)'", at: work)
      try fixture.test.git("worktree", "remove", "--force", work)
      try fixture.attempt(id, tip: try fixture.test.git("rev-parse", "lane/\(id)"), changed: [])
      let result = try await fixture.land()
      #expect(result.landed == [id], "\(result)")
      #expect(result.notes.contains { $0.contains("submodule update") })
      #expect(try fixture.test.git("rev-parse", "main:sub") == commits[number + 1])
      // The submodule's checkout is the person's.
      #expect(
        try fixture.test.git("rev-parse", "HEAD", at: fixture.test.path + "/sub") == commits[0])
      #expect(try status(fixture) == "M sub" || status(fixture) == " M sub")
    }
    // What a person has staged there is in the way.
    try fixture.test.git("add", "sub")
    try fixture.addFeature("3")
    let work = fixture.test.root.path("work-3")
    try fixture.test.git("worktree", "add", "-q", "-b", "lane/3", work, "main")
    try shell(
      fixture,
      "git update-index --cacheinfo 160000,\(commits[3]),sub && git commit -q -m 'work 3'", at: work
    )
    try fixture.test.git("worktree", "remove", "--force", work)
    try fixture.attempt("3", tip: try fixture.test.git("rev-parse", "lane/3"), changed: [])
    #expect(try await fixture.land().held.first?.contains("sub is changed") == true)
  }

  @Test func p6_aSubmoduleThatComesAndGoes() async throws {
    let fixture = try LandingFixture(files: ["other": "a file\n"])
    let commits = try withSubmodule(fixture)
    func queueTree(_ id: String, _ script: String) throws {
      try fixture.addFeature(id)
      let work = fixture.test.root.path("work-\(id)")
      try fixture.test.git("worktree", "add", "-q", "-b", "lane/\(id)", work, "main")
      try shell(fixture, "set -e; \(script); git commit -q -m 'work \(id)'", at: work)
      try fixture.test.git("worktree", "remove", "--force", work)
      try fixture.attempt(id, tip: try fixture.test.git("rev-parse", "lane/\(id)"), changed: [])
    }
    // A file becomes a submodule, and another one is new.
    try queueTree(
      "1",
      """
      url=$(git config -f .gitmodules submodule.sub.url)
      for name in other more; do
        git config -f .gitmodules submodule.$name.path $name
        git config -f .gitmodules submodule.$name.url "$url"
      done
      git add .gitmodules; git rm -q other
      git update-index --add --cacheinfo 160000,\(commits[1]),other --cacheinfo 160000,\(commits[1]),more
      """)
    #expect(try await fixture.land().landed == ["1"])
    #expect(try status(fixture) == "")
    #expect(fixture.test.root.exists("repo/more"))
    // And back again; the one with a checkout is not thrown away for a file.
    try queueTree(
      "2", "git rm -q --cached other more; rmdir other; echo file > other; git add other")
    #expect(try await fixture.land().landed == ["2"])
    #expect(try fixture.test.read("other") == "file\n")
    #expect(try status(fixture) == "" && !fixture.test.root.exists("repo/more"))
    try queueTree("3", "git rm -q --cached sub; rmdir sub; echo file > sub; git add sub")
    #expect(try await fixture.land().held.first?.contains("submodule sub") == true)
    #expect(fixture.test.root.exists("repo/sub/v"))
  }
}

/// What a person has open, and what a person throws away.
@Suite(.bounded) struct OpenTargetTests {
  @Test(arguments: ["clean", "never"])
  func p4_nothingLandsWhileARebaseOfTheTargetIsOpen(follow: String) async throws {
    let fixture = try LandingFixture { $0.landing.follow = follow }
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.write("p.txt", "p\n")
    try fixture.test.commit("a person's")
    let start = try fixture.test.git("rev-parse", "main")
    _ = try fixture.test.runGit(["rebase", "-q", "-i", "HEAD~1", "-x", "false"])
    let result = try await fixture.land()
    #expect(result.landed == [] && result.progress == .held)
    #expect(result.held.first?.contains("a rebase of main is open in \(fixture.test.path)") == true)
    #expect(try fixture.test.git("rev-parse", "main") == start)
    try fixture.test.git("rebase", "--abort")
    #expect(try await fixture.land().landed == ["1"])
  }

  @Test func p3_aRebaseThatBeginsDuringTheGateHoldsTheLanding() async throws {
    let fixture = try LandingFixture(
      gate: #"cd "$PWD/../../repo"; git rebase -q -i HEAD~1 -x false >/dev/null 2>&1; true"#)
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.write("p.txt", "p\n")
    try fixture.test.commit("a person's")
    let result = try await fixture.land()
    #expect(result.landed == [] && result.progress == .held)
    #expect(try fixture.state("1") == .queued)
    try fixture.test.git("rebase", "--abort")
    #expect(try await fixture.land().landed == ["1"])
  }

  @Test func p4_whatAPersonThrowsAwayIsNoticedWhileNothingIsQueued() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    #expect(try await fixture.land().landed == ["1"])
    let old = try fixture.test.git("rev-parse", "main")
    #expect(try fixture.lander.noticeMoves() == [])
    try fixture.test.git("reset", "-q", "--hard", "main~1")
    let notes = try fixture.lander.noticeMoves()
    #expect(notes.count == 1 && "\(notes)".contains("#1"))
    #expect(try fixture.state("1") == .undone)
    let kept = try fixture.test.git(
      "for-each-ref", "--format=%(objectname)", "refs/lanekeeper/rescue/target/")
    #expect(kept == old)
    #expect(try fixture.lander.noticeMoves() == [])
  }
}
