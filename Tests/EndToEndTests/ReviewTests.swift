import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct ReviewTests {
  private func shop(
    _ features: String = Workshop.independent(2), agent: String = "echo $id > f$id.txt",
    review: String = "required", more: String = ""
  ) throws -> Workshop {
    try Workshop(features: features, agent: agent, configuration: "review: \(review)\n\(more)")
  }

  private func state(_ shop: Workshop, _ id: String) throws -> String {
    let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
    return features.first { $0["id"] as? String == id }?["state"] as? String ?? "none"
  }

  private func branch(_ shop: Workshop, _ id: String) throws -> String {
    try shop.repository.git("for-each-ref", "--format=%(refname:short)", "refs/heads/lane/\(id)-*")
  }

  @Test func aBranchIsShownWithAllThereIsToKnow() throws {
    let shop = try shop(
      """
      features:
        - {id: 1, title: One}
        - id: 2
          title: Two
          description: The second of three.
          steps: [it prints two]
          depends_on: [1]
        - {id: 3, title: Three, depends_on: [2]}

      """, agent: "echo last words of $id; echo $id > f$id.txt",
      review: "{categories: [none], paths: [f2.txt]}")
    #expect(try shop.run("run").status == 75)
    #expect(try state(shop, "1") == "landed")
    let list = try shop.json("review")["reviews"] as? [[String: Any]] ?? []
    #expect(list.map { $0["feature"] as? String } == ["2"])
    #expect(list.first?["files"] as? Int == 1)
    #expect(list.first?["additions"] as? Int == 1)
    #expect(list.first?["state"] as? String == "in_review")
    #expect(list.first?["branch"] as? String == "lane/2-two")
    #expect(try shop.run("review").text.contains("lane/2-two"))
    let shown = try shop.run("review", "2").text
    for words in [
      "#2 Two: in_review", "- it prints two", "The second of three.", "#1 One (landed)",
      "#3 Three (pending)", "f2.txt  +1 -0", "Holds: f2.txt", "[attempt 1]", "last words of 2",
      "+2", "Agent: command with", "$0.00", "not run on the tree that would land",
      "lanekeeper review 2 --approve",
    ] {
      #expect(shown.contains(words), "\(words) is missing in \(shown)")
    }
    let one = try #require((try shop.json("review", "2")["reviews"] as? [[String: Any]])?.first)
    #expect((one["diff"] as? String)?.contains("+2") == true)
    #expect(one["steps"] as? [String] == ["it prints two"])
    #expect((one["log_tail"] as? [String])?.last == "last words of 2")
    #expect((one["commits"] as? [[String: Any]])?.first?["by"] as? String == "agent")
    #expect(try shop.run("review", "9").status == 64)
  }

  @Test func whoApprovedStandsInTheLanding() throws {
    let shop = try shop()
    #expect(try shop.run("run").status == 75)
    #expect(try shop.landed() == [])
    #expect(try shop.run("review", "1", "--approve").status == 0)
    #expect(try shop.run("review", "1", "--approve").status == 1)
    #expect(try shop.run("land").status == 0)
    #expect(try shop.landed() == ["1"])
    let reviewer = try shop.repository.git(
      "log", "-1", "--format=%(trailers:key=Reviewed-by,valueonly)", "main")
    #expect(
      reviewer == "Test Committer <committer@example.org>\n"
        || reviewer == "Test Committer <committer@example.org>")
    #expect(try state(shop, "2") == "in_review")
    #expect(try shop.run("review", "--approve").status == 64)
    #expect(try shop.run("review", "2", "--approve", "--request-changes", "x").status == 64)
  }

  @Test func onlyAPersonGivesAVerdict() throws {
    let shop = try shop(
      Workshop.independent(2),
      agent: """
        echo $id > f$id.txt
        if [ $id = 2 ]; then
          cd "$LANEKEEPER_REPOSITORY"
          "\(Workshop.program)" review 1 --approve > ../said 2>&1; echo $? >> ../said
          "\(Workshop.program)" review 1 --request-changes x >> ../said 2>&1; echo $? >> ../said
        fi
        """)
    #expect(try shop.run("run", "--feature", "1").status == 75)
    #expect(try shop.run("run").status == 75)
    let said = try shop.repository.root.read("said")
    #expect(said.contains("is a person's command; an agent can't give it\n1\n"), "\(said)")
    #expect(said.hasSuffix("\n1\n"))
    #expect(try state(shop, "1") == "in_review")
    let lane = shop.repository.root.path("repo.lanes/1")
    for place in [lane, shop.repository.path] {
      let arguments = ["--project-dir", place == lane ? shop.repository.path : lane]
      let refused = try shop.run(["review", "1", "--approve"] + arguments, at: place)
      #expect(refused.status == 1)
      #expect(refused.error.contains("this is a lane"), "\(refused.error)")
    }
    #expect(try state(shop, "1") == "in_review")
  }

  @Test func commentsReachTheNextAttemptWordForWord() throws {
    let nasty = "--use `id` $(touch pwned) \"quotes\" 'single' $HOME #hash %s {{title}} & <b>"
    let shop = try shop(
      Workshop.independent(1),
      agent: """
        cp "$LANEKEEPER_PROMPT_FILE" "$LANEKEEPER_REPOSITORY/../prompt-$LANEKEEPER_ATTEMPT"
        [ $LANEKEEPER_ATTEMPT = 2 ] && exit 3
        echo $LANEKEEPER_ATTEMPT >> f$id.txt
        """)
    #expect(try shop.run("run").status == 75)
    try shop.repository.root.write(
      "comments.txt", "Mind the style.\nAll of it.\n\nf1.txt:1: from a file\nand more\n  of it\n")
    let wrong = try shop.run("review", "1", "--at", "f2.txt:1", "x")
    #expect(wrong.status == 64)
    #expect(wrong.error.contains("f2.txt is not a file of the branch"))
    let beyond = try shop.run("review", "1", "--at", "f1.txt:7", "x")
    #expect(beyond.error.contains("f1.txt has 1 lines"), "\(beyond.error)")
    #expect(try shop.run("review", "1", "--at", "f1.txt:1").status == 64)
    #expect(try shop.run("review", "1", "--request-changes", "  ").status == 64)
    #expect(try shop.run("review", "1", "--file", "../nowhere.txt").status == 65)
    let back = try shop.run(
      "review", "1", "--at", "f1.txt:1", nasty, "--at=f1.txt:1", "--and this", "--request-changes",
      "-n is missing\nsecond line",
      "--file", "../comments.txt")
    #expect(back.status == 0, "\(back.error)")
    #expect(try state(shop, "1") == "ready")
    #expect(try shop.run("run").status == 75)
    // The second attempt failed; the third is told all of it still.
    for number in [2, 3] {
      let prompt = try shop.repository.root.read("prompt-\(number)")
      for words in [
        "-n is missing\nsecond line", "f1.txt:1:\n" + nasty + "\n", "f1.txt:1:\n--and this\n",
        "Mind the style.\nAll of it.", "f1.txt:1:\nfrom a file\nand more\n  of it",
      ] {
        #expect(prompt.contains(words), "\(words) is missing in \(prompt)")
        #expect(prompt.components(separatedBy: words).count == 2, "\(words) stands twice")
      }
    }
    #expect(!shop.repository.root.exists("repo/pwned"))
    let shown = try shop.run("review", "1").text
    #expect(shown.contains("Changed since the last verdict"), "\(shown)")
    #expect(shown.contains("asked for changes to"))
    #expect(shown.contains(nasty))
    #expect(try shop.run("review", "1", "--approve").status == 0)
    #expect(try shop.run("land").status == 0)
    #expect(try shop.repository.read("f1.txt") == "1\n3\n")
    _ = try shop.run("review")
    #expect(try shop.repository.git("for-each-ref", "refs/lanekeeper/reviewed") == "")
  }

  @Test func commentsComeFromStandardInputAndMayBeForAFileAsAWhole() throws {
    let shop = try shop(
      Workshop.independent(1),
      agent: "cp \"$LANEKEEPER_PROMPT_FILE\" ../../prompt; echo $LANEKEEPER_ATTEMPT >> f$id.txt")
    #expect(try shop.run("run").status == 75)
    let sent = try TestProgram.run(
      [
        "sh", "-c",
        "printf 'In general.\\nf1.txt:1: here\\n' | \"$0\" review 1 --file - --at f1.txt all",
        Workshop.program,
      ], directory: shop.repository.path, environment: shop.environment)
    #expect(sent.status == 0, "\(sent.error)")
    #expect(try shop.run("run").status == 75)
    let prompt = try shop.repository.root.read("prompt")
    for words in ["In general.", "f1.txt:1:\nhere", "f1.txt:\nall"] {
      #expect(prompt.contains(words), "\(words) is missing in \(prompt)")
    }
  }

  @Test func aPersonMayGoOnInTheLaneItself() throws {
    let shop = try shop(
      """
      features:
        - {id: 1, title: One, touches: [shared.txt]}
        - {id: 2, title: Two}

      """,
      agent: """
        echo $LANEKEEPER_ATTEMPT >> f$id.txt; [ $id = 1 ] && echo one >> shared.txt
        [ $id = 2 ] && cp "$LANEKEEPER_PROMPT_FILE" ../../prompt; true
        """)
    #expect(try shop.run("hooks", "install").status == 0)
    #expect(try shop.run("run").status == 75)
    let lanes = try shop.json("lanes")["lanes"] as? [[String: Any]] ?? []
    let lane = try #require(lanes.last?["path"] as? String)
    let branch = try branch(shop, "2")
    try shop.repository.git(["switch", "-q", branch], at: lane)
    func commit(_ name: String) throws -> TestProgramResult {
      try Data("mine\n".utf8).write(to: URL(fileURLWithPath: lane + "/" + name))
      try shop.repository.git(["add", "-A"], at: lane)
      return try shop.repository.runGit(
        [
          "-c", "user.name=Ruth", "commit", "-q", "--author=Ruth <ruth@example.org>", "-m",
          "by hand",
        ],
        at: lane)
    }
    let refused = try commit("shared.txt")
    #expect(refused.status != 0)
    #expect(refused.error.contains("shared.txt: held by feature #1"), "\(refused.error)")
    try shop.repository.git(["reset", "-q", "--hard"], at: lane)
    let taken = try commit("mine.txt")
    #expect(taken.status == 0, "\(taken.error)")
    let shown = try shop.run("review", "2").text
    #expect(shown.contains("by hand  [by Ruth, no agent]"), "\(shown)")
    #expect(shown.contains("Two  [attempt 1]"), "\(shown)")
    #expect(shown.contains("Holds: f2.txt, mine.txt"), "\(shown)")
    // The agent goes on upon it, wherever the person has left the branch.
    #expect(try shop.run("review", "2", "--at", "mine.txt:1", "and now you").status == 0)
    #expect(try shop.run("run", "--feature", "2").status == 75)
    #expect(try shop.repository.root.read("prompt").contains("mine.txt:1:\nand now you\n"))
    let again = try shop.run("review", "2").text
    #expect(again.contains("by hand  [by Ruth, no agent]"), "\(again)")
    #expect(again.contains("Two  [attempt 2]"), "\(again)")
    #expect(try shop.run("review", "2", "--approve").status == 0)
    #expect(try shop.run("land").status == 0)
    #expect(try shop.repository.read("mine.txt") == "mine\n")
    #expect(try shop.repository.read("f2.txt") == "1\n2\n")
  }

  @Test func aBranchOpensInTheEditorOrTheDifftool() throws {
    var shop = try shop(Workshop.independent(1))
    #expect(try shop.run("run").status == 75)
    shop.environment["GIT_EDITOR"] = "cp -t ../"
    #expect(try shop.run("review", "1", "--open").status == 0)
    #expect(try shop.repository.root.read("feature-1.diff").contains("+1\n"))
    try shop.repository.git("config", "diff.tool", "copy")
    try shop.repository.git(
      "config", "difftool.copy.cmd",
      "cp \"$REMOTE/f1.txt\" ../seen 2>/dev/null || cp -r \"$REMOTE\" ../tree")
    #expect(try shop.run("review", "1", "--open").status == 0)
    #expect(try shop.repository.root.read("seen") == "1\n")
  }

  @Test func aTerminalGetsThePager() throws {
    var shop = try shop(Workshop.independent(1))
    #expect(try shop.run("run").status == 75)
    try shop.repository.root.write(
      "bin/delta", "#!/bin/sh\necho delta \"$@\" > ../paged; cat >> ../paged\n", executable: true)
    shop.environment["PATH"] = shop.repository.root.path("bin") + ":" + shop.environment["PATH"]!
    shop.environment["TERM"] = "xterm"
    func look() throws {
      let result = try TestProgram.run(
        ["script", "-qec", "'\(Workshop.program)' review 1", "/dev/null"],
        directory: shop.repository.path, environment: shop.environment)
      #expect(result.status == 0, "\(result.text)")
    }
    try look()
    let delta = try shop.repository.root.read("paged")
    #expect(delta.hasPrefix("delta --paging=always\n#1 "), "\(delta)")
    #expect(delta.contains("+1\n") && !delta.contains("\u{1b}"))
    // bat is the next best, where there is no delta.
    try FileManager.default.moveItem(
      atPath: shop.repository.root.path("bin/delta"), toPath: shop.repository.root.path("bin/bat"))
    try look()
    let bat = try shop.repository.root.read("paged")
    #expect(bat.hasPrefix("delta --language=diff --style=plain\n#1 "), "\(bat)")
    try shop.repository.git("config", "core.pager", "cat > ../own")
    try look()
    #expect(try shop.repository.root.read("own").contains("\u{1b}[32m+1\u{1b}[0m\n"))
  }
}
