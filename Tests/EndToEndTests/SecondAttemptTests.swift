import Foundation
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

  @Test func whereOnlyOurCommitWasRefusedNoSecondAgentIsNeeded() throws {
    let shop = try shop("sed -i 's/^9$/one/' shared.txt; echo work > f1.txt; echo all is done")
    let run = try shop.run("run", "--parallel", "2")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    #expect(try shop.trace().count { $0.prefix(2) == ["begin", "1"] } == 1, "\(run.text)")
    #expect(try shop.landed() == ["2", "1"])
    #expect(try shop.repository.git("show", "main:shared.txt").hasPrefix("two\n2"))
    #expect(try shop.repository.git("show", "main:shared.txt").hasSuffix("one"))
    #expect(run.text.contains("no agent was needed: attempt 1"), "\(run.text)")
    #expect(try shop.run("logs", "1", "--attempt", "2").text.contains("no agent was needed"))
    #expect(try shop.leftovers() == [])
  }

  /// git waited for a filter until the run was stopped.
  @Test(arguments: [1, 2])
  func p4_whatCouldNotBePutAwayIsTakenUpByTheNextRun(parallel: Int) throws {
    let shop = try Workshop(
      features: Workshop.independent(2), agent: "echo work > f$id.txt; echo $id > a$id.bin")
    let above = shop.repository.root.path
    try shop.repository.write(".gitattributes", "*.bin filter=slow\n")
    try shop.repository.commit("a filter")
    try shop.repository.root.write("hang", "")
    try shop.repository.git(
      "config", "filter.slow.clean",
      "sh -c 'test -f \(above)/hang && { : > \(above)/hangs; sleep 600; }; cat'")
    let run = try shop.start(["run", "--parallel", "\(parallel)"], output: "run")
    #expect(eventually { FileManager.default.fileExists(atPath: above + "/hangs") })
    run.signal(SIGTERM)
    let (status, said) = (run.wait(), try shop.repository.root.read("run"))
    #expect(status == 130, "\(said)")
    unlink(above + "/hang")
    let second = try shop.run("run", "--parallel", "\(parallel)")
    #expect(second.status == 0, "\(said)\(second.text)\(second.error)")
    #expect(try shop.landed().sorted() == ["1", "2"] && shop.leftovers() == [])
    #expect(try shop.repository.git("show", "main:a1.bin") == "1")
    #expect(try shop.trace().count { $0.prefix(2) == ["begin", "1"] } == 1, "\(second.text)")
  }

  @Test func anAgentThatWasRefusedIsToldOfToTheNextAndInExplain() throws {
    let shop = try shop(
      """
      if [ $LANEKEEPER_ATTEMPT = 1 ]; then
        sed -i 's/^9$/one/' shared.txt; git add -A
        git commit -qm one 2> /dev/null && exit 9
        \(Workshop.program) explain 1 > "$top/explain" 2>&1
        echo 'nothing is missing, shared.txt is held'; exit 0
      fi
      \(Workshop.program) explain 1 > "$top/explain-2" 2>&1
      git commit -qm one; exit 0
      """)
    let run = try shop.run("run", "--parallel", "2")
    #expect(run.status == 0, "\(run.text)\(run.error)")
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
  @Test func p4_anAgentIsToldWhatItsLastAttemptPutAway() throws {
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
    let run = try shop.run("run")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    let told = try shop.repository.root.read("told-2")
    #expect(told.contains("Beside your branch, of attempt 1: "), "\(told)")
    #expect(told.contains("refs/lanekeeper/rescue/1/1-left"), "\(told)")
    #expect(told.contains("refs/lanekeeper/rescue/1/1-head"), "\(told)")
    #expect(try shop.repository.git("show", "main:new.txt") == "stashed")
  }

  /// The agent has ended well, and its run is killed before the work is put away.
  @Test func p7_whatAnAgentHasFinishedIsTakenUpWithoutASecondOne() throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n", agent: "echo work > f1.txt")
    let root = shop.repository.root
    try shop.repository.write(
      ".git/hooks/pre-commit",
      "#!/bin/sh\n[ -e '\(root.path)/go' ] || { touch '\(root.path)/hangs'; exec sleep 100; }\n")
    chmod(shop.repository.path + "/.git/hooks/pre-commit", 0o755)
    let first = try shop.start(["run"], output: "out")
    while !root.exists("hangs") { usleep(20_000) }
    kill(first.pid, SIGKILL)
    _ = first.wait()
    try root.write("go", "")
    let run = try shop.run("run")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    #expect(try shop.landed() == ["1"])
    #expect(try shop.trace().count { $0.first == "begin" } == 1)
    #expect(try shop.leftovers() == [])
  }

  @Test func whatTheGateMakesIsToldWhereABranchAddsIt() throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n",
      agent: """
        printf '%s\\n' "$prompt" > "$LANEKEEPER_REPOSITORY/../prompt-$LANEKEEPER_ATTEMPT"
        if [ $LANEKEEPER_ATTEMPT = 1 ]; then
          echo work > f1.txt; mkdir -p out; echo x > out/test.bin; git add -A
        else git rm -q --cached out/test.bin; echo out/ > .gitignore; git add .gitignore; fi
        git commit -qm work
        """, gate: "mkdir -p out && echo x > out/test.bin", configuration: "review: required")
    let run = try shop.run("run")
    let words = "adds out/test.bin, which the gate makes by itself"
    #expect(run.status == 75 && run.text.contains("feature #1 \(words)"), "\(run.text)")
    for command in [["status"], ["explain", "1"]] {
      let told = try shop.run(command).text
      #expect(told.contains(words), "\(told)")
    }
    #expect(try shop.run("review", "1").text.contains("the gate makes this by itself"))
    let features = try shop.json("status")["features"] as? [[String: Any]]
    #expect(features?.first?["gate_products"] as? [String] == ["out/test.bin"])
    _ = try shop.run("review", "1", "--request-changes", "no products")
    _ = try shop.run("run")
    #expect(try shop.repository.root.read("prompt-2").contains("Your branch \(words)"))
    #expect(try !shop.repository.root.read("prompt-1").contains("which the gate makes"))
    let after = try shop.run("status").text
    #expect(!after.contains("which the gate makes"), "\(after)")
  }

  /// Who has its turn to start only after the verdict does not start.
  @Test func nobodyStartsOnceTheAgentIsFoundToBeAtFault() throws {
    let shop = try Workshop(
      features: Workshop.independent(6),
      agent: """
        grep -qs 'nobody else is started' "$LANEKEEPER_REPOSITORY/../out" \\
          && touch "$LANEKEEPER_REPOSITORY/../late"
        exit 3
        """, configuration: "limits: {stagger_seconds: 1}")
    let run = try shop.start(["run", "--parallel", "5"], output: "out")
    #expect(run.wait() == 1)
    let out = try shop.repository.root.read("out")
    #expect(out.contains("nobody else is started"), "\(out)")
    #expect(!shop.repository.root.exists("late"), "\(out)")
    let status = try shop.json("status")["features"] as? [[String: Any]]
    #expect(status?.allSatisfy { $0["state"] as? String == "ready" } == true)
  }
}
