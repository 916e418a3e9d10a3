import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// What becomes of a feature, from its first attempt to its landing.
@Suite(.bounded) struct WholeJobTests {
  @Test func p3_attemptsRunOutAndDependentsAreBlocked() async throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One}
          - {id: 2, title: Two, depends_on: [1]}
          - {id: 3, title: Three}

        """,
      agent: """
        case $id in
          1) echo unfinished > one.txt; exit 3 ;;
          *) echo $id > f$id.txt ;;
        esac
        """, configuration: "limits: {attempts: 2}")
    let result = try await shop.run()
    #expect(result.status == 1)
    #expect(try shop.landed() == ["3"])
    #expect(try shop.trace().filter { $0[0] == "begin" && $0[1] == "1" }.count == 2)
    #expect(try shop.states() == ["1": "failed", "2": "blocked", "3": "landed"])
    // What was done stays on the branch, and a person can have it tried again.
    #expect(try shop.repository.git("show", "lane/1-one:one.txt") == "unfinished")
    try shop.repository.root.write(
      "agent.sh", "cat > /dev/null; echo $LANEKEEPER_FEATURE_ID > done.txt")
    _ = try shop.control().retry("1")
    let again = try await shop.run()
    #expect(again.status == 0, "\(again.text)")
    #expect(try shop.landed() == ["3", "1", "2"] || shop.landed() == ["3", "1"])
  }

  @Test func whatTheAgentLeavesIsCommittedAndLitterIsNot() async throws {
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent: """
        echo one > one.txt; echo mess > .aider.chat; mkdir -p deep; echo two > "deep/two words.txt"
        git commit -q --allow-empty -m "agent's own"
        """, configuration: "lanes: {litter: [.aider*]}")
    #expect(try await shop.run().status == 0)
    #expect(try shop.repository.read("deep/two words.txt") == "two\n")
    #expect(!shop.repository.root.exists("repo/.aider.chat"))
    let trailers = try shop.repository.git(
      "log", "main", "--format=%(trailers:only)", "--grep=Lane-Feature")
    #expect(trailers.contains("Lane-Feature: 1") && trailers.contains("Agent: "))
    let landing = try shop.repository.git("log", "-1", "--format=%(trailers:only)", "main")
    #expect(landing.contains("Feature: 1") && landing.contains("Gate: make test"))
    #expect(landing.contains("Model: "))
  }

  @Test func p4_aLaneThatAPersonMovedIsLeftOut() async throws {
    let shop = try Workshop(
      features: Workshop.independent(3), agent: "echo $id > f$id.txt")
    #expect(try await shop.run(parallel: 1, only: ["1"]).status == 0)
    let lane = try #require(
      shop.repository.git("worktree", "list").split(separator: "\n").first {
        $0.contains("repo.lanes/1 ")
      })
    #expect(!lane.isEmpty)
    try shop.repository.git("worktree", "unlock", shop.repository.root.path("repo.lanes/1"))
    try shop.repository.git(
      "worktree", "move", shop.repository.root.path("repo.lanes/1"),
      shop.repository.root.path("mine"))
    let result = try await shop.run(parallel: 2)
    #expect(result.status == 0, "\(result.text)")
    #expect(try shop.landed().sorted() == ["1", "2", "3"])
    #expect(shop.repository.root.exists("mine/shared.txt"))
  }

  @Test func p2_aBranchGoesToTheFeatureWhoseItIs() async throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: auth, title: Session}
          - {id: auth-2, title: Login}

        """, agent: "echo \"$id\" >> $id.txt", gate: "")
    try shop.repository.git("switch", "-q", "-c", "lane/auth-2-login")
    try shop.repository.write("begun.txt", "begun\n")
    try shop.repository.git("add", "begun.txt")
    try shop.repository.git("commit", "-q", "-m", "begun")
    try shop.repository.git("switch", "-q", "main")
    let run = try await shop.run()
    #expect(run.status == 0, "\(run.text)")
    #expect(run.text.contains("1 features go on from branches"), "\(run.text)")
    let landing = try shop.repository.git(
      "log", "--first-parent", "--format=%(trailers:key=Feature,valueonly)", "-1", "--",
      "begun.txt"
    ).trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(landing == "auth-2")
  }

  @Test func aRunEndsWithAColdGate() async throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: "[ $id = 2 ] && echo x > broken.txt; echo $id > f$id.txt",
      gate: "'test -e x.cache || { test ! -e broken.txt && touch x.cache; }'",
      configuration: "landing: {window: 1}", files: [".gitignore": "*.cache\n"])
    let run = try await shop.run(parallel: 1)
    #expect(run.status == 1)
    #expect(run.text.contains("is red on main without caches"), "\(run.text)")
    #expect(try shop.landed() == ["1", "2"])
    #expect(try shop.processes() == [])
  }

  /// A person makes the change of a feature by hand while its agent is at work.
  @Test func whatThePersonHasDoneByHandIsNotAskedForThreeTimes() async throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: """
        while ! [ -e "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.05; done
        [ $id = 1 ] && echo same > one.txt || echo two > two.txt
        """)
    _ = try shop.project().hooks().install(forPersons: true)
    let run = shop.start(parallel: 2)
    #expect(try await eventually { try shop.trace().count { $0.first == "begin" } == 2 })
    try shop.repository.write("one.txt", "same\n")
    try shop.repository.git("add", "one.txt")
    try shop.repository.git("commit", "-q", "-m", "by hand")
    try shop.repository.root.write("go", "")
    let told = try await run.value
    #expect(told.status == 0 && told.text.contains("main has its changes already"), "\(told.text)")
    #expect(!told.text.contains("no changes"), "\(told.text)")
    #expect(try shop.states() == ["1": "landed", "2": "landed"] && shop.broken() == [])
  }

  @Test func strictClaimsLetAnUndoThroughAndAreNotTakenForOthersHooks() async throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: """
        [ $id = 2 ] || \(BuiltPrograms.path("lanekeeper")) claim f$id.txt > /dev/null || exit 9
        echo work > f$id.txt
        """, configuration: "claims: {policy: strict}\nlimits: {attempts: 1}")
    let run = try await shop.run(parallel: 1)
    #expect(try shop.landed() == ["1"], "\(run.text)")
    let explained = try shop.reasons("2")
    #expect(explained.contains("f2.txt") && explained.contains("lanekeeper claim"), "\(explained)")
    #expect(!run.text.contains("the repository's hooks refused"), "\(run.text)")
    let undo = try await shop.undo("1")
    #expect(undo.status == 0, "\(undo.text)")
    #expect(try shop.repository.runGit(["cat-file", "-e", "main:f1.txt"]).status != 0)
    #expect(try shop.broken() == [])
  }

  @Test func p4_whatAgentsSetForEverybodyHidesNoWork() async throws {
    let shop = try Workshop(
      features: Workshop.independent(5),
      agent: """
        case $id in
        1) git config core.fileMode false; git config core.trustctime false; chmod +x shared.txt ;;
        2) git config core.symlinks false; ln -s shared.txt link; git add link; rm -f link; ln -s shared.txt link ;;
        3) mkdir -p $(git rev-parse --git-path info); echo '*' >> $(git rev-parse --git-path info/exclude)
           echo new > new.txt ;;
        4) echo '*' > ../all; git config core.excludesFile $(realpath ../all)
           git config status.showUntrackedFiles no; git config core.ignoreCase true
           git config core.autocrlf true; printf 'x\r\n' > crlf.txt; echo new > NEW4.txt ;;
        5) git config extensions.worktreeConfig true; git config --worktree core.fileMode false
           git config --worktree core.sparseCheckout true; git config core.untrackedCache true
           chmod +x Makefile; echo five > 5.txt ;;
        esac
        """, configuration: "limits: {attempts: 1}")
    let test = shop.repository
    let before = try test.read(".git/config")
    let run = try await shop.run(parallel: 1)
    #expect(Set(try shop.landed()) == ["1", "2", "3", "4", "5"], "\(run.text)")
    #expect(try test.git("ls-tree", "main", "shared.txt").hasPrefix("100755"))
    #expect(try test.git("ls-tree", "main", "link").hasPrefix("120000"))
    #expect(try test.git("show", "main:new.txt") == "new")
    #expect(try test.git("show", "main:NEW4.txt") == "new")
    #expect(try test.git("show", "main:crlf.txt").hasPrefix("x"))
    #expect(try test.git("ls-tree", "main", "Makefile").hasPrefix("100755"))
    #expect(try test.git("show", "main:5.txt") == "five")
    #expect(try test.read(".git/config") == before)
    #expect(!test.root.exists("repo/.git/info/exclude"))
    #expect(!test.root.exists("repo/.git/config.worktree"))
    let status = try test.git("status", "--porcelain", "-uno")
    #expect(status == "", "\(status)")
    // A person is told of each.
    let told = try shop.store().events(after: 0, limit: .max).map { "\($0.data)" }.joined()
    for key in [
      "core.filemode", "core.symlinks", "exclude", "core.excludesfile", "core.untrackedcache",
    ] {
      #expect(told.contains(key), "\(key)")
    }
  }

  @Test func pipesInPlaceOfLogsAndInTheGatesWorktreeHoldNobodyUp() async throws {
    let shop = try Workshop(
      features: Workshop.independent(3),
      agent: """
        echo work > f$id.txt
        [ $id = 1 ] || exit 0
        for log in $LANEKEEPER_REPOSITORY/.git/lanekeeper/logs/*/*; do rm $log; mkfifo $log; done
        mkdir -p ../integration/deep; mkfifo ../integration/.gitignore ../integration/deep/.gitattributes
        """, configuration: "limits: {attempts: 1}")
    let run = try await shop.run(parallel: 1)
    #expect(try Set(shop.landed()).isSuperset(of: ["2", "3"]), "\(run.text)")
    #expect(try shop.leftovers() == [])
  }

  @Test func drainingLandsWhatIsUnderWayAndStartsNothing() async throws {
    let shop = try Workshop(
      features: Workshop.independent(4),
      agent: """
        while ! [ -e "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.05; done
        echo $id > f$id.txt
        """)
    let run = shop.start(parallel: 2)
    #expect(try await eventually { try shop.begun().count == 2 })
    try shop.control().ask(.drain)
    try shop.repository.root.write("go", "")
    let told = try await run.value
    #expect(told.status == 75, "\(told.text)")
    #expect(try shop.begun().count == 2 && Set(shop.landed()) == Set(shop.begun()))
  }
}
