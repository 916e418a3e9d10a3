import Engine
import Foundation
import Model
import Processes
import Store
import TestSupport
import Testing

/// What comes after a first attempt whose work could not be committed, and what is told of it.
@Suite(.bounded) struct SecondAttemptTests {
  private static let features =
    "features:\n  - {id: 1, title: One}\n  - {id: 2, title: Two, touches: [shared.txt]}\n"
  private static let lines = (1...9).map { "\($0)\n" }.joined()

  /// Feature 2 holds `shared.txt` until the first attempt on feature 1 could not commit its change of it.
  private func shop(_ one: String) throws -> Workshop {
    try Workshop(
      features: Self.features,
      agent: """
        top="$LANEKEEPER_REPOSITORY/.."
        if [ $id = 2 ]; then
          until git for-each-ref refs/lanekeeper/rescue/1/1 | grep -q .; do sleep 0.1; done
          sed -i 's/^1$/two/' shared.txt; git commit -qam two; exit 0
        fi
        printf '%s\\n' "$prompt" > "$top/prompt-$LANEKEEPER_ATTEMPT"
        \(one)
        """, files: ["shared.txt": Self.lines])
  }

  @Test func whereOnlyOurCommitWasRefusedNoSecondAgentIsNeeded() async throws {
    let shop = try shop("sed -i 's/^9$/one/' shared.txt; echo work > f1.txt; echo all is done")
    let run = try await shop.run(parallel: 2)
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.trace().count { $0.prefix(2) == ["begin", "1"] } == 1, "\(run.text)")
    #expect(try shop.landed() == ["2", "1"])
    #expect(try shop.repository.git("show", "main:shared.txt").hasPrefix("two\n2"))
    #expect(try shop.repository.git("show", "main:shared.txt").hasSuffix("one"))
    #expect(run.text.contains("no agent was needed: attempt 1"), "\(run.text)")
    #expect(
      try shop.repository.read(".git/lanekeeper/logs/1/2.log").contains("no agent was needed"))
    #expect(try shop.leftovers() == [])
  }

  /// git waited for a filter until the run was stopped.
  @Test(arguments: [1, 2])
  func p4_whatCouldNotBePutAwayIsTakenUpByTheNextRun(parallel: Int) async throws {
    let shop = try Workshop(
      features: Workshop.independent(2), agent: "echo work > f$id.txt; echo $id > a$id.bin")
    let above = shop.repository.root.path
    try shop.repository.write(".gitattributes", "*.bin filter=slow\n")
    try shop.repository.commit("a filter")
    try shop.repository.root.write("hang", "")
    try shop.repository.git(
      "config", "filter.slow.clean",
      "sh -c 'test -f \(above)/hang && { : > \(above)/hangs; sleep 600; }; cat'")
    let stop = StopSignal()
    let run = shop.start(parallel: parallel, stop: stop)
    #expect(await eventually { shop.repository.root.exists("hangs") })
    stop.set(forced: false)
    let first = try await run.value
    #expect(first.status == 130, "\(first.text)")
    unlink(above + "/hang")
    let second = try await shop.run(parallel: parallel)
    #expect(second.status == 0, "\(first.text)\(second.text)")
    #expect(try shop.landed().sorted() == ["1", "2"] && shop.leftovers() == [])
    #expect(try shop.repository.git("show", "main:a1.bin") == "1")
    #expect(try shop.trace().count { $0.prefix(2) == ["begin", "1"] } == 1, "\(second.text)")
  }

  @Test func anAgentThatWasRefusedIsToldOfToTheNextAndInExplain() async throws {
    let shop = try shop(
      """
      if [ $LANEKEEPER_ATTEMPT = 1 ]; then
        sed -i 's/^9$/one/' shared.txt; git add -A
        git commit -qm one 2> /dev/null && exit 9
        \(BuiltPrograms.path("lanekeeper")) explain 1 > "$top/explain" 2>&1
        echo 'nothing is missing, shared.txt is held'; exit 0
      fi
      \(BuiltPrograms.path("lanekeeper")) explain 1 > "$top/explain-2" 2>&1
      git commit -qm one; exit 0
      """)
    let run = try await shop.run(parallel: 2)
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.trace().count { $0.prefix(2) == ["begin", "1"] } == 2, "\(run.text)")
    let first = try shop.repository.root.read("explain")
    #expect(
      first.contains("it was last refused shared.txt (held by #2 Two, running) at "), "\(first)")
    let prompt = try shop.repository.root.read("prompt-2")
    #expect(
      prompt.contains("Attempt 1: it ended with 0, and so said that its work was done or"),
      "\(prompt)")
    #expect(prompt.contains("nothing is missing, shared.txt is held"), "\(prompt)")
    let second = try shop.repository.root.read("explain-2")
    #expect(second.contains("It was told of what came before:"), "\(second)")
    #expect(second.contains("is in your files again, staged and not committed"), "\(second)")
    #expect(!second.contains("last refused"), "\(second)")
  }

  /// What is kept of an attempt beside its branch, and no other way brings back.
  @Test func p4_anAgentIsToldWhatItsLastAttemptPutAway() async throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n",
      agent: """
        top="$LANEKEEPER_REPOSITORY/.."
        if [ $LANEKEEPER_ATTEMPT = 1 ]; then
          echo stashed > new.txt; git add new.txt
          env -u GIT_COMMITTER_DATE git -c core.hooksPath=/dev/null stash -q
          echo left > left.txt; git add left.txt; git commit -qm left; git reset -q --hard HEAD^
          echo own > own.txt; git add own.txt; git commit -qm own
          git checkout -q --detach main; echo head > head.txt; git add head.txt; git commit -qm head
          exit 9
        fi
        printf '%s\\n' "$prompt" > "$top/told-$LANEKEEPER_ATTEMPT"
        name=$(grep -o 'refs/lanekeeper/rescue/1/1-stash' "$top/told-$LANEKEEPER_ATTEMPT" | head -1)
        git checkout -q "$name" -- new.txt && git commit -qm one
        """, gate: "")
    let run = try await shop.run()
    #expect(run.status == 0, "\(run.text)")
    let told = try shop.repository.root.read("told-2")
    #expect(told.contains("Beside your branch, of attempt 1: "), "\(told)")
    #expect(told.contains("refs/lanekeeper/rescue/1/1-left"), "\(told)")
    #expect(told.contains("refs/lanekeeper/rescue/1/1-head"), "\(told)")
    #expect(try shop.repository.git("show", "main:new.txt") == "stashed")
  }

  @Test func whatTheGateMakesIsToldWhereABranchAddsIt() async throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n",
      agent: """
        printf '%s\\n' "$prompt" > "$LANEKEEPER_REPOSITORY/../prompt-$LANEKEEPER_ATTEMPT"
        if [ $LANEKEEPER_ATTEMPT = 1 ]; then
          echo work > f1.txt; mkdir -p out; echo x > out/test.bin; git add -A
        else git rm -q --cached out/test.bin; echo out/ > .gitignore; git add .gitignore; fi
        git commit -qm work
        """, gate: "mkdir -p out && echo x > out/test.bin", configuration: "review: required")
    let run = try await shop.run()
    let words = "adds out/test.bin, which the gate makes by itself"
    #expect(run.status == 75 && run.text.contains("feature #1 \(words)"), "\(run.text)")
    func products() throws -> JSON? {
      try shop.status()["features"]?.array?.first?["gate_products"]
    }
    #expect(try products() == ["out/test.bin"])
    #expect(try shop.look("1").files.filter(\.isProduct).map(\.path) == ["out/test.bin"])
    try shop.requestChanges("1", "no products")
    _ = try await shop.run()
    #expect(try shop.repository.root.read("prompt-2").contains("Your branch \(words)"))
    #expect(try !shop.repository.root.read("prompt-1").contains("which the gate makes"))
    #expect(try products() == [])
  }
}
