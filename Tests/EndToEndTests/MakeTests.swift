import Foundation
import TestSupport
import Testing

/// `make` as the way to run everything, with the real GNU make.
@Suite(.bounded) struct MakeTests {
  /// A repository that `init` has prepared, with a Makefile of its own.
  private func shop(
    _ features: String, agent: String = "echo $id > f$id.txt", gate: String = "make test",
    makefile: String = "all:\n\t@echo all of it\ntest:\n\t@sh check.sh\n", more: String = "",
    files: [String: String] = [:]
  ) throws -> Workshop {
    var shop = try Workshop(
      features: features, agent: agent, gate: gate, configuration: more,
      files: files.merging(["Makefile": makefile]) { $1 })
    let result = try shop.run("init", "--detect", "none")
    guard result.status == 0 else { throw TestProgramFailure(command: ["init"], result: result) }
    try shop.repository.commit("lanekeeper")
    shop.environment["LANEKEEPER"] = Workshop.program
    return shop
  }

  private func make(
    _ shop: Workshop, _ arguments: String..., at directory: String? = nil
  ) throws -> TestProgramResult {
    try TestProgram.run(
      ["make"] + arguments, directory: directory ?? shop.repository.path,
      environment: shop.environment)
  }

  private func begins(_ shop: Workshop) throws -> [String] {
    try shop.trace().filter { $0[0] == "begin" }.map { $0[1] }
  }

  private static let chain = """
    features:
      - {id: a.1, title: One}
      - {id: b-2, title: Two, depends_on: [a.1]}
      - {id: c_3, title: Three}
      - {id: "4", title: Four, depends_on: [b-2, c_3]}

    """

  @Test func makeBuildsTheBacklogInTheOrderOfItsDependencies() throws {
    let shop = try shop(
      Self.chain, agent: "sleep 0.2; echo $id > f$id.txt; cat f*.txt >> seen-$id.txt")
    let built = try make(shop, "-j3", "features")
    #expect(built.status == 0, "\(built.text)\(built.error)")
    let landed = try shop.landed()
    #expect(Set(landed) == ["a.1", "b-2", "c_3", "4"])
    #expect(landed.last == "4")
    #expect(try shop.repository.read("seen-4.txt").split(separator: "\n").count == 4)
    #expect(try Set(begins(shop).prefix(2)) == ["a.1", "c_3"])
    // Nothing is left to do, and nothing is done.
    let again = try make(shop, "-j3", "features")
    #expect(again.status == 0 && again.text.isEmpty, "\(again.text)\(again.error)")
    #expect(try begins(shop).count == 4)
    // A feature more, and only that is built.
    try shop.repository.write(
      "features.yml", Self.chain + "  - {id: \"5\", title: Five, depends_on: [\"4\"]}\n")
    #expect(try make(shop, "features").status == 0)
    #expect(try begins(shop).count == 5)
    #expect(try shop.landed().last == "5")
    #expect(try shop.leftovers() == [])
  }

  @Test func theMakefileKeepsItsTargetsAndItsDefaultGoal() throws {
    let shop = try shop(
      Workshop.independent(1),
      makefile: """
        .RECIPEPREFIX = >
        CC = mine
        all: review
        >@echo default goal of $(CC)
        review: lint
        land:
        >@echo my own landing
        lint:
        >@echo lint
        test:
        >@sh check.sh
        features-extra.txt: feature-x.c lander.c
        >@echo made from $^

        """, files: ["feature-x.c": "", "lander.c": ""])
    for environment in [shop.environment, shop.environment.filter { $0.key != "LANEKEEPER" }] {
      var other = shop
      other.environment = environment
      let plain = try make(other)
      #expect(plain.status == 0 && plain.error.isEmpty, "\(plain.error)")
      #expect(plain.text == "lint\ndefault goal of mine")
      #expect(try make(other, "land").text == "my own landing")
      #expect(try make(other, "review").text == "lint")
      #expect(try make(other, "features-extra.txt").text == "made from feature-x.c lander.c")
    }
    #expect(try make(shop, "features").status == 0)
    #expect(try shop.landed() == ["1"])
    // Colleagues without any of it.
    try shop.repository.git("rm", "-rq", ".lanekeeper")
    let without = try make(shop)
    #expect(without.status == 0 && without.error.isEmpty, "\(without.error)")
    #expect(try make(shop, "features").status == 2)
  }

  @Test func eachTargetHasALineOfHelpAndDoesWhatItSays() throws {
    let shop = try shop(Workshop.independent(2), more: "review: required")
    let help = try make(shop, "help").text
    for name in [
      "features", "feature-ID", "lanes", "lanes-status", "review", "review-ID", "approve-ID",
      "land", "lanes-stop", "lanes-clean", "lanes-ui",
    ] {
      #expect(help.contains("make \(name) "), "\(name) is missing in \(help)")
    }
    #expect(try make(shop, "review").text.hasPrefix("nothing waits for a review: nothing has run"))
    #expect(try make(shop, "approve").error.contains("nothing has run"))
    let waiting = try make(shop, "feature-2")
    #expect(waiting.status == 2)
    #expect(waiting.error.contains("Error 75"), "\(waiting.error)")
    #expect(
      waiting.text.contains("make review-2") || waiting.text.contains("in_review"),
      "\(waiting.text)")
    #expect(waiting.text.contains("nothing has failed"), "\(waiting.text)")
    #expect(try make(shop, "approve").error.contains("name the feature: `make approve-2`"))
    #expect(try make(shop, "land").text.contains("waiting for a review: #2"))
    #expect(try make(shop, "review").text.contains("lane/2-feature-2"))
    #expect(try make(shop, "review").text.contains("`make approve-2` lets it land"))
    #expect(try make(shop, "review-2").text.contains("   make approve-2\n"))
    #expect(try make(shop, "approve-2").text == "feature #2 is approved; `make land` lands it")
    #expect(try make(shop, "approve-2").error.contains("is approved already"))
    #expect(try make(shop, "review").text.contains("#2 approved and not landed yet: `make land`"))
    #expect(try make(shop, "land").status == 0)
    #expect(try make(shop, "review-2").text.contains("Landed: as "))
    #expect(try make(shop, "approve-2").error.contains("has landed already"))
    #expect(try shop.landed() == ["2"])
    #expect(try make(shop, "lanes-status").text.contains("landed"))
    #expect(try make(shop, "lanes").text.contains("free"))
    #expect(try make(shop, "lanes-clean").status == 0)
    #expect(try make(shop, "lanes-stop").status == 2)
    let unknown = try make(shop, "feature-9")
    #expect(unknown.status == 2 && unknown.error.contains("there is no feature '9'"))
    #expect(try make(shop, "approve-9").error.contains("there is no feature '9'"))
  }

  @Test func nothingRunsWhereMakeIsNotToRunAnything() throws {
    let shop = try shop(Self.chain, more: "review: required")
    for option in ["-n", "-t", "-q"] {
      for arguments in [["features"], ["-j2", "features"], ["feature-4"]] {
        let result = try TestProgram.run(
          ["make", option] + arguments, directory: shop.repository.path,
          environment: shop.environment)
        #expect((result.status == 0) == (option != "-q"), "\(result.text)\(result.error)")
        #expect(result.text.contains("lanekeeper work -- a.1"), "\(result.text)")
      }
      for target in ["land", "lanes-stop", "lanes-clean", "approve-4"] {
        _ = try make(shop, option, target)
      }
    }
    #expect(try shop.trace() == [])
    #expect(try shop.repository.git("status", "--porcelain") == "")
    #expect(try shop.repository.git("for-each-ref", "refs/heads/lane") == "")
    #expect(try make(shop, "feature-a.1").status == 2)
    for option in ["-n", "-t", "-q"] {
      #expect(try (make(shop, option, "approve-a.1").status == 0) == (option != "-q"))
    }
    let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
    #expect(features.first?["state"] as? String == "in_review")
  }

  @Test func aFailureBehavesAsInAnyBuild() throws {
    let shop = try shop(
      """
      features:
        - {id: 1, title: One}
        - {id: 2, title: Two, depends_on: [1]}
        - {id: 3, title: Three}
        - {id: 4, title: Four, depends_on: [3]}

      """,
      agent: "[ $id = 1 ] && [ ! -e ../../fixed ] && exit 1; echo $id > f$id.txt",
      more: "limits: {attempts: 1}")
    let first = try make(shop, "-k", "-j2", "-O", "features")
    #expect(first.status == 2)
    #expect(try shop.landed() == ["3", "4"], "\(first.text)\(first.error)")
    // -O keeps the lines of a recipe together.
    let lines = first.text.split(separator: "\n").map(String.init)
    let start = try #require(lines.firstIndex { $0.contains("Started feature #3") })
    #expect(lines[start...].prefix(6).last?.contains("Feature #3 landed") == true, "\(first.text)")
    try shop.repository.root.write("fixed", "")
    #expect(try shop.run("retry", "1").status == 0)
    let second = try make(shop, "-j2", "features")
    #expect(second.status == 0, "\(second.text)\(second.error)")
    #expect(try shop.landed() == ["3", "4", "1", "2"])
    #expect(try begins(shop).filter { $0 == "3" || $0 == "4" }.count == 2)
    #expect(try shop.leftovers() == [])
  }

  /// Ctrl+C, and a kill of make and of every `work`, after which the guards end the agents.
  @Test(arguments: [SIGINT, SIGKILL]) func p5_p7_whatIsEndedInTheMiddleGoesOnInARerun(
    number: Int32
  ) throws {
    let shop = try shop(
      Workshop.independent(3),
      agent: """
        echo part > g$id.txt; n=0
        while [ ! -e "$LANEKEEPER_REPOSITORY/../go" ] && [ $n -lt 600 ]; do sleep 0.1; n=$((n+1)); done
        echo $id > f$id.txt
        """)
    let build = try RunningProgram(
      ["setsid", "make", "-j3", "features"], directory: shop.repository.path,
      environment: shop.environment, output: shop.repository.root.path("out"))
    #expect(try eventually { try begins(shop).count == 3 })
    kill(-build.pid, number)
    #expect(build.wait() != 0)
    #expect(try eventually { try shop.processes() == [] })
    #expect(try shop.landed() == [])
    if number == SIGINT {
      let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
      #expect(features.allSatisfy { $0["state"] as? String == "ready" })
    }
    try shop.repository.root.write("go", "")
    let again = try make(shop, "-j3", "features")
    #expect(again.status == 0, "\(again.text)\(again.error)")
    #expect(try shop.landed().sorted() == ["1", "2", "3"])
    for id in ["1", "2", "3"] { #expect(try shop.repository.read("g\(id).txt") == "part\n") }
    #expect(try shop.leftovers() == [])
  }

  @Test func whatWaitsForAReviewGivesItsTokenToOthers() throws {
    let shop = try shop(
      Workshop.independent(4),
      agent:
        "echo $LANEKEEPER_ATTEMPT >> f$id.txt; cp \"$LANEKEEPER_PROMPT_FILE\" ../../prompt-$id",
      more: "review: required")
    let build = try RunningProgram(
      ["make", "-j2", "features"], directory: shop.repository.path, environment: shop.environment,
      output: shop.repository.root.path("out"))
    func states() throws -> [String] {
      let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
      return features.map { $0["state"] as? String ?? "" }
    }
    // Two at a time, and yet all four wait at the end.
    #expect(
      try eventually { try states() == ["in_review", "in_review", "in_review", "in_review"] })
    #expect(try shop.repository.root.read("out").contains("make approve-"))
    #expect(try shop.run("review", "2", "--at", "f2.txt:1", "write it twice").status == 0)
    #expect(try eventually { try states()[1] == "in_review" && shop.trace().count >= 10 })
    #expect(try shop.repository.root.read("prompt-2").contains("f2.txt:1:\nwrite it twice\n"))
    for id in ["1", "2", "3", "4"] { #expect(try make(shop, "approve-\(id)").status == 0) }
    let status = build.wait()
    let output = try shop.repository.root.read("out")
    #expect(status == 0, "\(output)")
    #expect(!output.contains("jobserver"), "\(output)")
    #expect(try shop.landed().sorted() == ["1", "2", "3", "4"])
    #expect(try shop.repository.read("f2.txt") == "1\n2\n")
    #expect(try shop.leftovers() == [])
  }

  /// Stands for a compiler, and notes how many run at once.
  private static let compiler = """
    #!/bin/sh
    where=$(dirname "$0")/running
    mkdir -p "$where"; : > "$where/$$"
    count=0
    for other in "$where"/*; do kill -0 "${other##*/}" 2>/dev/null && count=$((count + 1)); done
    echo $count >> "$where.log"
    sleep 0.03
    rm "$where/$$"

    """
  private static let compilers = """
    objects := $(addprefix o,1 2 3 4 5 6 7 8 9 10 11 12)
    test: $(objects)
    \t@sh check.sh
    $(objects):
    \t@"$(COMPILER)"
    .PHONY: $(objects)

    """

  private func most(_ shop: Workshop) throws -> Int {
    try shop.repository.root.read("running.log").split(separator: "\n")
      .compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }.max() ?? 0
  }

  @Test func compilersOfAllGatesShareTheTokens() throws {
    var shop = try shop(
      Workshop.independent(4), agent: "\"$COMPILER\"; make -j test || exit 1; echo $id > f$id.txt",
      gate: "make -j test", makefile: Self.compilers)
    try shop.repository.root.write("compiler", Self.compiler, executable: true)
    shop.environment["COMPILER"] = shop.repository.root.path("compiler")
    let built = try make(shop, "-j3", "features")
    #expect(built.status == 0, "\(built.text)\(built.error)")
    #expect(!built.error.contains("jobserver"), "\(built.error)")
    #expect(try shop.landed().sorted() == ["1", "2", "3", "4"])
    let most = try most(shop)
    #expect(most <= 3 && most >= 2, "\(most) at once")
  }

  @Test func aRunHasTokensOfItsOwn() throws {
    var shop = try shop(
      Workshop.independent(4), agent: "echo $id > f$id.txt", gate: "make -j test",
      makefile: Self.compilers,
      more: "landing: {window: 2, speculate: 2}\nlanes: {setup: make -j test}")
    try shop.repository.root.write("compiler", Self.compiler, executable: true)
    shop.environment["COMPILER"] = shop.repository.root.path("compiler")
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let run = try shop.run("run", "--parallel", "4", "--jobserver")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    let most = try most(shop)
    #expect(most <= cores, "\(most) at once")
    #expect(cores == 1 || most >= 2)
  }

  @Test func p3_optionsOfTheOuterMakeDoNotReachTheGate() throws {
    let shop = try shop(
      Workshop.independent(1), agent: "echo BUG > f$id.txt",
      makefile: "CHECK = sh check.sh\ntest:\n\t@$(CHECK)\n", more: "limits: {attempts: 1}")
    let built = try make(shop, "-i", "-j2", "features", "CHECK=true")
    #expect(try shop.landed() == [], "\(built.text)\(built.error)")
  }

  @Test(arguments: [false, true]) func aJobServerOfAnyKindGetsItsTokenBack(_ isFifo: Bool) throws {
    let shop = try shop(Workshop.independent(1), more: "review: required")
    let path = shop.repository.root.path("the tokens")
    #expect(mkfifo(path, 0o600) == 0)
    let ours = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    defer { close(ours) }
    func tokens() -> Int {
      var count: Int32 = 0
      _ = ioctl(ours, UInt(FIONREAD), &count)
      return Int(count)
    }
    var environment = shop.environment
    environment["MAKELEVEL"] = "1"
    environment["FIFO"] = path
    environment["MAKEFLAGS"] =
      " -j2 --jobserver-auth=" + (isFifo ? "fifo:" + path.replacing(" ", with: "\\ ") : "7,8")
    let work = try RunningProgram(
      ["sh", "-c", "exec 7<>\"$FIFO\" 8>\"$FIFO\"; exec \"$0\" work 1", Workshop.program],
      directory: shop.repository.path, environment: environment,
      output: shop.repository.root.path("out"))
    // It had the one that every program starts with, and gives that back.
    #expect(eventually { tokens() == 1 })
    var byte: UInt8 = 0
    #expect(read(ours, &byte, 1) == 1)
    #expect(try shop.run("review", "1", "--approve").status == 0)
    usleep(1_500_000)
    #expect(try shop.landed() == [])
    #expect(write(ours, &byte, 1) == 1)
    let status = work.wait()
    let output = try shop.repository.root.read("out")
    #expect(status == 0, "\(output)")
    #expect(try shop.landed() == ["1"])
    #expect(tokens() == 0)
  }

  @Test func placesWithSpacesAndSubdirectories() throws {
    let shop = try shop(
      Workshop.independent(2),
      files: ["sub dir/Makefile": "-include ../.lanekeeper/lanekeeper.mk\n"])
    let place = shop.repository.root.path("my $place #1")
    try FileManager.default.moveItem(atPath: shop.repository.path, toPath: place)
    var moved = shop
    moved.environment["PWD"] = nil
    let first = try make(moved, "-C", place, "-j2", "feature-1", at: "/")
    #expect(first.status == 0, "\(first.text)\(first.error)")
    let second = try make(moved, "-C", place + "/sub dir", "features", at: "/")
    #expect(second.status == 0, "\(second.text)\(second.error)")
    #expect(
      try shop.repository.git(
        ["log", "--first-parent", "--reverse", "--format=%(trailers:key=Feature,valueonly)"],
        at: place
      ).split(separator: "\n") == ["1", "2"])
  }

  @Test func whatIsWrongIsSaidOnOtherMakesAndWithoutTheProgram() throws {
    let shop = try shop(Workshop.independent(1))
    let old = try make(shop, "MAKE_VERSION=3.81", "features")
    #expect(old.status == 2 && old.error.contains("needs GNU make 4.0 or later"), "\(old.error)")
    #expect(try make(shop, "MAKE_VERSION=3.81").text == "all of it")
    let missing = try make(shop, "LANEKEEPER=/nowhere/lanekeeper", "features")
    #expect(missing.status == 2 && missing.error.contains("/nowhere/lanekeeper is not found"))
    try shop.repository.write("features.yml", "features: [{id: 1}]\n")
    let bad = try make(shop, "features")
    #expect(bad.status == 2 && bad.error.contains("features.yml:1"), "\(bad.error)")
    #expect(bad.error.contains("what is wrong stands above"))
  }

  @Test func lanesUiServesThePageUntilItIsEnded() throws {
    let shop = try shop(Workshop.independent(1))
    let page = try RunningProgram(
      ["setsid", "make", "lanes-ui"], directory: shop.repository.path,
      environment: shop.environment,
      output: shop.repository.root.path("out"))
    #expect(
      try eventually { try shop.repository.root.read("out").contains("http://127.0.0.1:") })
    kill(-page.pid, SIGINT)
    page.wait()
    #expect(try eventually { try shop.processes() == [] })
    #expect(try make(shop, "-n", "lanes-ui").text.contains("lanekeeper ui"))
  }

  private static let hasBmake =
    access("/usr/bin/bmake", X_OK) == 0 || access("/usr/local/bin/bmake", X_OK) == 0

  @Test(.enabled(if: hasBmake, "needs bmake")) func bmakeSaysWhatItWants() throws {
    let shop = try shop(Workshop.independent(1))
    func bmake(_ goals: String...) throws -> TestProgramResult {
      try TestProgram.run(
        ["bmake"] + goals, directory: shop.repository.path, environment: shop.environment)
    }
    #expect(try bmake().text == "all of it")
    for goal in ["features", "review", "lanes", "lanes-status", "land", "lanes-help"] {
      let result = try bmake(goal)
      #expect(result.status != 0)
      #expect(result.error.contains("needs GNU make 4.0 or later"), "\(goal): \(result.error)")
    }
    #expect(try shop.trace() == [])
  }
}
