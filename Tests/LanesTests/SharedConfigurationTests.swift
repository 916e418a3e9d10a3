import Engine
import Foundation
import Git
import TestSupport
import Testing

/// What attempts change in the configuration that they share with the person's checkout.
@Suite(.bounded) struct SharedConfigurationTests {
  private let test: TestRepository
  private let state: StateDirectory
  private let shared: SharedConfiguration

  init() throws {
    test = try TestRepository()
    try test.write("a", "1")
    try test.commit("one")
    state = StateDirectory(commonDirectory: test.path + "/.git")
    try state.create()
    shared = SharedConfiguration(state: state, environment: test.environment)
  }

  private func config() throws -> String { try test.root.read("repo/.git/config") }

  /// Lets an attempt change something; what was noticed.
  private func attempt(_ body: () throws -> Void) throws -> [SharedConfiguration.Change] {
    _ = try shared.begin("1-1", running: ["1-1"])
    try body()
    return try shared.end("1-1", words: "feature #1 (attempt 1)", running: ["1-1"])
  }

  @Test(arguments: [
    ["core.bare", "true"], ["core.worktree", "/elsewhere"], ["core.hooksPath", "/dev/null"],
    ["user.name", "Bot"], ["commit.gpgSign", "true"], ["gpg.program", "./x"],
    ["core.fsmonitor", "./x"], ["core.sshCommand", "./x"], ["filter.lfs.clean", "./x"],
    ["merge.Mine.driver", "./x"], ["diff.external", "./x"], ["diff.a.b.textconv", "./x"],
    ["alias.st", "!./x"], ["credential.helper", "!./x"], ["include.path", "/x"],
    ["includeIf.gitdir:/.path", "/x"], ["core.editor", "./x"], ["pager.log", "./x"],
    ["remote.origin.uploadpack", "./x"], ["extensions.x", "1"],
    // What git does with files everywhere.
    ["core.fileMode", "false"], ["core.symlinks", "false"], ["core.ignoreCase", "true"],
    ["core.autocrlf", "true"], ["core.eol", "crlf"], ["core.excludesFile", "/x"],
    ["core.sparseCheckout", "true"], ["core.sparseCheckoutCone", "true"],
    ["core.trustctime", "false"], ["core.checkStat", "minimal"], ["core.ignoreStat", "true"],
    ["core.untrackedCache", "true"], ["core.splitIndex", "true"], ["core.protectNTFS", "false"],
    ["core.logAllRefUpdates", "false"], ["core.sharedRepository", "world"],
    ["core.precomposeUnicode", "true"], ["core.commentChar", "x"], ["index.sparse", "true"],
    ["status.showUntrackedFiles", "no"], ["diff.ignoreSubmodules", "all"],
    ["submodule.sub.update", "!./x"], ["submodule.sub.ignore", "all"],
    ["submodule.recurse", "true"],
    ["url./x.insteadOf", "https://example.org/"], ["url.x.pushInsteadOf", "y"],
    ["commit.cleanup", "verbatim"], ["commit.template", "/x"], ["merge.ff", "only"],
    ["pull.rebase", "true"], ["push.default", "matching"], ["http.sslVerify", "false"],
    ["rebase.autoStash", "true"], ["fetch.prune", "true"], ["protocol.ext.allow", "always"],
    ["receive.denyCurrentBranch", "ignore"], ["transfer.fsckObjects", "false"],
    ["extensions.worktreeConfig", "true"], ["feature.manyFiles", "true"],
  ])
  func p6_whatEndangersIsPutBackByteForByte(_ setting: [String]) throws {
    let before = try config() + "# a comment\n[odd]\tkey\n"
    try test.root.write("repo/.git/config", before)
    let changes = try attempt {
      try test.git("config", "--file", test.path + "/.git/config", setting[0], setting[1])
    }
    #expect(try config() == before)
    let change = try #require(changes.first)
    #expect(changes.count == 1 && change.isRestored && change.now == [setting[1]])
    #expect(change.text.contains("feature #1 (attempt 1)") && change.text.contains(change.key))
    // What the agent wrote is kept.
    let kept = String(
      decoding: try #require(FileManager.default.contents(atPath: change.kept)), as: UTF8.self)
    #expect(kept.contains(setting[1]))
    #expect(shared.open() == changes)
    shared.forget()
    #expect(shared.open() == [])
  }

  /// The state file may have gone with the run, so that nobody ends its attempts.
  @Test(arguments: [["1-1"], ["2-1"], []])
  func p6_whatAnAttemptChangedThatNobodyEndedIsPutBack(running: Set<String>) throws {
    let before = try config()
    _ = try shared.begin("1-1", running: ["1-1"])
    try test.git("config", "--file", test.path + "/.git/config", "filter.x.clean", "sleep 600")
    let changes = try shared.begin("2-1", running: running.subtracting(["1-1"]))
    #expect(changes.map(\.key) == ["filter.x.clean"] && changes.allSatisfy(\.isRestored))
    #expect(try config() == before)
    // From then on the file counts as it is.
    #expect(try shared.end("2-1", words: "feature #2 (attempt 1)", running: []) == [])
  }

  /// What git ignores or filters everywhere is written in files of their own.
  @Test(arguments: ["info/exclude", "info/attributes", "info/sparse-checkout", "info/grafts"])
  func p6_filesThatCountEverywhereArePutBackAsAWhole(_ file: String) throws {
    let ways = [
      "echo '*.new' >> $F", "echo x > $F", "rm -f $F; ln -s /etc/passwd $F", "rm -f $F; mkdir $F",
      "rm -f $F; mkfifo $F", "rm -rf .git/info",
    ]
    for before in ["# mine\n*.log\n", nil] {
      for way in ways {
        let path = "repo/.git/" + file
        try? FileManager.default.removeItem(atPath: test.root.path(path))
        if let before { try test.root.write(path, before) }
        var isDone = false
        let changes = try attempt {
          let done = try TestProgram.run(
            ["sh", "-c", "mkdir -p .git/info; F=.git/\(file); \(way)"], directory: test.path,
            environment: test.environment)
          isDone = done.status == 0
        }
        #expect(isDone, "\(way)")
        #expect(test.root.exists(path) == (before != nil), "\(way)")
        if let before { #expect(try test.root.read(path) == before, "\(way)") }
        if before == nil, way.hasPrefix("rm -rf") {
          #expect(changes == [])
        } else {
          #expect(changes.count == 1 && changes.first?.isRestored == true, "\(way)")
        }
      }
    }
  }

  @Test func aLaneOfOursIsNoChange() throws {
    let lanes = test.path + "/lanes"
    let changes = try attempt {
      #expect(LanesExclusion.ensure(lanes, environment: test.environment) != nil)
    }
    #expect(changes == [])
    #expect(try test.root.read("repo/.git/info/exclude") == "/lanes/\n")
  }

  /// A repository with configurations of worktrees' own: the lane's is watched, that of another is not.
  @Test func p4_aLanesOwnConfigurationIsPutBack() throws {
    try test.git("config", "extensions.worktreeConfig", "true")
    for name in ["1", "2"] {
      try test.git("worktree", "add", "-q", "--detach", test.root.path("lanes/" + name))
    }
    let own = test.root.path("lanes/1")
    for before in [nil, "[core]\n\tsparseCheckout = false\n"] {
      let path = "repo/.git/worktrees/1/config.worktree"
      if let before { try test.root.write(path, before) }
      _ = try shared.begin("1-1", lane: "1", running: ["1-1"])
      try test.git("config", "--worktree", "core.fileMode", "false", at: own)
      try test.git("config", "--worktree", "core.hooksPath", "/dev/null", at: own)
      try test.git("config", "--worktree", "x.mine", "1", at: test.root.path("lanes/2"))
      let changes = try shared.end("1-1", lane: "1", words: "feature #1", running: ["1-1"])
      #expect(changes.map(\.key) == ["core.filemode", "core.hookspath"])
      #expect(test.root.exists(path) == (before != nil))
      if let before { #expect(try test.root.read(path) == before) }
      #expect(try test.git("config", "x.mine", at: test.root.path("lanes/2")) == "1")
    }
  }

  @Test func whatIsHarmlessStaysAndIsTold() throws {
    try test.git("config", "remote.origin.url", "/a")
    let changes = try attempt {
      try test.git("config", "remote.origin.url", "/b")
      try test.git("config", "branch.x.remote", "origin")
      try test.git("config", "user.email", "bot@example.org")
    }
    #expect(changes.map(\.key) == ["user.email", "remote.origin.url"])
    #expect(changes.map(\.isRestored) == [true, false])
    #expect(try test.git("config", "remote.origin.url") == "/b")
    #expect(try test.git("config", "branch.x.remote") == "origin")
    #expect(try test.runGit(["config", "--local", "user.email"]).status == 1)
    // Once a person has put it right there is nothing to tell.
    try test.git("config", "remote.origin.url", "/a")
    #expect(shared.open().map(\.key) == ["user.email"])
  }

  @Test func p6_whatAPersonChangesBetweenAttemptsStays() throws {
    #expect(try attempt {} == [])
    try test.git("config", "core.hooksPath", ".husky/_")
    try test.git("config", "user.name", "Person")
    #expect(try attempt {} == [])
    #expect(try shared.repair() == [])
    #expect(try test.git("config", "core.hooksPath") == ".husky/_")
  }

  @Test func whatOthersAtWorkHaveChangedIsSeenWhenTheNextBegins() throws {
    _ = try shared.begin("1-1", running: ["1-1"])
    try test.git("config", "user.name", "Bot")
    #expect(try shared.begin("2-1", running: ["1-1", "2-1"]).map(\.key) == ["user.name"])
    #expect(try shared.end("1-1", words: "feature #1 (attempt 1)", running: ["1-1", "2-1"]) == [])
    try test.git("config", "core.editor", "./x")
    #expect(
      try shared.end("2-1", words: "feature #2 (attempt 1)", running: ["2-1"]).map(\.key)
        == ["core.editor"])
  }

  @Test func p6_attemptsThatBeginAndEndTogetherLeaveWhatAPersonChangesInBetween() throws {
    for round in ["1", "2"] {
      let both: Set = ["1-\(round)", "2-\(round)"]
      for attempt in both.sorted() {
        #expect(try shared.begin(attempt, running: both) == [])
      }
      // Neither has been put away yet.
      for attempt in both.sorted() {
        #expect(try shared.end(attempt, words: attempt, running: both) == [])
      }
      try test.git("config", "commit.gpgsign", round == "1" ? "true" : "false")
    }
    // Nor is a person's change taken back where the run before was killed.
    _ = try shared.begin("1-3", running: ["1-3"])
    try test.git("config", "user.name", "Person")
    #expect(try shared.begin("1-4", running: ["1-4"]) == [])
    #expect(try test.git("config", "user.name") == "Person")
    #expect(try test.git("config", "commit.gpgsign") == "false")
  }

  /// Who looks may have waited for the last attempt's end.
  @Test func p6_whereNothingWasWrittenDownNothingIsPutBack() throws {
    let before = try config()
    for path in ["config-seen", "config-seen/at-work"] {
      try FileManager.default.createDirectory(
        atPath: state.path + "/" + path, withIntermediateDirectories: true)
      #expect(try shared.look() == [] && shared.repair() == [])
      #expect(try config() == before)
    }
    #expect(try shared.end("1-1", words: "feature #1", running: []) == [])
    #expect(try config() == before)
  }

  @Test func aCommandAfterAKilledRunFindsTheCheckoutAgain() throws {
    _ = try shared.begin("1-1", running: ["1-1"])
    let before = try config()
    try test.git("config", "core.worktree", test.root.path("home"))
    #expect(try shared.repair().map(\.key) == ["core.worktree"])
    #expect(try config() == before)
    try test.root.write("repo/.git/config", "[core\nbroken")
    #expect(try shared.repair().count == 1)
    #expect(try config() == before)
    // A pipe in its place holds nobody up.
    unlink(test.path + "/.git/config")
    mkfifo(test.path + "/.git/config", 0o600)
    _ = try shared.end("1-1", words: "feature #1 (attempt 1)", running: ["1-1"])
    #expect(try config() == before)
  }

  @Test func ourOwnChangesCountAsKnown() throws {
    let hooks = HookInstallation(
      state: state, repository: test.path, program: BuiltPrograms.path("lanekeeper-hook"),
      environment: test.environment)
    _ = try shared.begin("1-1", running: ["1-1"])
    _ = try shared.begin("2-1", running: ["1-1", "2-1"])
    _ = try hooks.install(forPersons: true)
    #expect(try shared.end("1-1", words: "feature #1 (attempt 1)", running: ["1-1", "2-1"]) == [])
    #expect(try hooks.isInstalled() && hooks.isInstalledForPersons())
    // An agent that takes them out does not get far.
    try test.git("config", "--unset-all", "include.path")
    #expect(
      try shared.end("2-1", words: "feature #2 (attempt 1)", running: ["2-1"]).map(\.key)
        == ["include.path"])
    #expect(try hooks.isInstalledForPersons())
  }
}
