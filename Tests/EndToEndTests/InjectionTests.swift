import Foundation
import TestSupport
import Testing

/// What agents and backlogs write reaches no shell, no make and no terminal as anything but text.
@Suite(.bounded) struct InjectionTests {
  /// One of each kind; `Q` stands for a number, so that each mark left behind tells where it came from.
  private static let kinds: [String: String] = [
    "shell": #"$(touch pwnedQ) `touch pwnedQ`; touch pwnedQ | touch pwnedQ & 'q' "d" > pwnedQ"#,
    "make": #"$(shell touch pwnedQ) $${x} # : % %.o: = \ $(error stop) ; touch pwnedQ"#,
    "newline": "one\n\ttouch pwnedQ\nall: ; touch pwnedQ\n🔀 Feature #99 landed on main as 1234567",
    "terminal": "e\u{1b}[2J\u{1b}]0;title\u{7}\u{1b}]52;c;aGk=\u{7}\u{9b}31m\r\u{202e}\u{8}x",
    "option": "--help -rf --approve --json",
    "trailer": "x\n\nReviewed-by: Eve <eve@example.org>\nFeature: 99\nGate: none",
  ]

  private func quoted(_ text: String) -> String {
    let data = try! JSONSerialization.data(
      withJSONObject: [text], options: [.withoutEscapingSlashes])
    // JSON leaves these as they are; YAML has to have them escaped.
    var line = String(decoding: data.dropFirst().dropLast(), as: UTF8.self)
    for scalar in ["\u{7f}", "\u{85}", "\u{9b}", "\u{2028}", "\u{202e}"].flatMap(\.unicodeScalars) {
      line = line.replacing(
        String(scalar), with: String(format: "\\u%04x", scalar.value))
    }
    return line
  }

  /// A backlog with each kind in each field, and an agent that writes it everywhere it can.
  private func shop(_ more: String = "review: required", style: String = "merge") throws -> Workshop
  {
    var features = "features:\n"
    for (number, (kind, text)) in Self.kinds.sorted(by: { $0.key < $1.key }).enumerated() {
      let word = quoted(text.replacing("Q", with: "\(number + 1)"))
      features += "  - {id: \"\(number + 1)\", title: \(word), category: \(word), "
      features += "description: \(word), steps: [\(word), \(quoted(kind))]}\n"
    }
    let shop = try Workshop(
      features: features,
      agent: #"""
        printf 'log \033]52;c;aGk=\007 \302\2332J \033[2J\r\342\200\256 $(touch pwned20)\n'
        printf '🔀 Feature #99 landed on main as 1234567\n'
        mkdir "d$id"; cd "d$id"
        for name in '$(touch pwned21)' '`touch pwned22`' '; touch pwned23' '--help' '-rf' ' ' '%.o' 'a#b:c=d' "$(printf 'n\nl')" "$(printf 'e\033[2Jx\302\2331m')"; do
          cp "$LANEKEEPER_PROMPT_FILE" "./$name"
        done
        git add -A .; git commit -q -m "$(printf 'subject \033[31mred\302\233\n\nFeature: 98\nReviewed-by: Eve <eve@example.org>')" || exit 1
        printf 'x\033[2Jy\n' > more.txt
        """#, configuration: "\(more)\nlanding: {style: \(style)}",
      files: ["Makefile": "all:\n\t@:\ntest:\n\t@sh check.sh\n"])
    let ready = try shop.run("init", "--detect", "none")
    guard ready.status == 0 else { throw TestProgramFailure(command: ["init"], result: ready) }
    try shop.repository.commit("lanekeeper")
    return shop
  }

  private func expectNothing(_ shop: Workshop) throws {
    let found = try TestProgram.run(
      ["find", shop.repository.root.path, "-name", "pwned*"], directory: "/",
      environment: shop.environment)
    #expect(found.text.isEmpty, "\(found.text)")
  }

  /// Bytes that steer a terminal, or text that is shown in another order than it stands in.
  ///
  /// - Parameter isOurs: tells that the lines are Lanekeeper's, and none of them may be made up.
  private func expectHarmless(_ bytes: [UInt8], _ what: String, isOurs: Bool = true) {
    let text = String(decoding: bytes, as: UTF8.self)
    let bad = text.unicodeScalars.first { scalar in
      (scalar.value < 0x20 && scalar != "\n" && scalar != "\t")
        || (0x7f...0x9f).contains(scalar.value)
        || scalar.value == 0x202e
    }
    #expect(bad == nil, "\(what): \(String(describing: bad)) in \(text)")
    #expect(
      !isOurs || !text.split(separator: "\n").contains { $0.hasPrefix("🔀 Feature #99") },
      "\(what): \(text)")
  }

  private static let looks: [[String]] = [
    ["review"], ["review", "--json"], ["status"], ["status", "--json"], ["lanes"],
    ["lanes", "--json"],
    ["claims"], ["claims", "--json"], ["claims", "--stuck"], ["events"], ["events", "--json"],
    ["plan"],
    ["plan", "--json"], ["graph"], ["graph", "--format", "dot"], ["graph", "--format", "mermaid"],
    ["graph", "--format", "svg"], ["graph", "--format", "make"], ["graph", "--json"], ["doctor"],
    ["doctor", "--json"], ["hooks", "status"],
  ]
  private static let looksAtOne: [[String]] = [
    ["review"], ["review", "--json"], ["explain"], ["logs"],
  ]

  @Test func nothingReachesTheTerminalRaw() throws {
    var shop = try shop()
    let run = try shop.run("run")
    #expect(run.status == 75, "\(run.text)\(run.error)")
    expectHarmless(run.output, "run")
    let ids = (1...Self.kinds.count).map(String.init)
    for look in Self.looks + Self.looksAtOne.flatMap({ look in ids.map { look + [$0] } }) {
      let result = try shop.run(look)
      #expect(result.status == 0, "\(look): \(result.error)")
      expectHarmless(result.output, "\(look)", isOurs: look[0] != "logs")
      expectHarmless(Array(result.error.utf8), "\(look)")
    }
    for (number, text) in Self.kinds.values.enumerated() {
      // A comment is shown again with the next look, and told to the agent; wrong ones come back in an error.
      let words = text.replacing("Q", with: "3\(number)")
      let wrong = try shop.run("review", "1", "--at", words + ":1", words)
      #expect(wrong.status == 64)
      expectHarmless(Array(wrong.error.utf8), "--at", isOurs: false)
      for command in ["review", "explain", "logs", "retry"] {
        let error = try shop.run(command, words).error
        expectHarmless(Array(error.utf8), command, isOurs: false)
      }
    }
    let all = Self.kinds.values.map { $0.replacing("Q", with: "40") }.joined(separator: "\n")
    #expect(try shop.run("review", "1", "--request-changes", all).status == 0)
    #expect(try shop.run("run", "--feature", "1").status == 75)
    for look in [["review", "1"], ["explain", "1"], ["review", "1", "--json"], ["events"]] {
      expectHarmless(try shop.run(look).output, "\(look)")
    }
    // With colours on, so that nothing is held back by a pipe.
    shop.environment["TERM"] = "xterm"
    shop.environment["PAGER"] = "cat"
    for line in ["review", "status", "lanes", "events", "graph", "plan", "claims"]
      + ids.flatMap({ id in ["review", "explain", "logs"].map { "\($0) \(id)" } })
    {
      let result = try TestProgram.run(
        ["script", "-qec", "'\(Workshop.program)' \(line)", "/dev/null"],
        directory: shop.repository.path, environment: shop.environment)
      let plain = result.text.replacing("\r\n", with: "\n").replacing(
        /\u{1b}\[[0-9]{1,2}m/, with: "")
      expectHarmless(Array(plain.utf8), line, isOurs: !line.hasPrefix("logs"))
    }
    // An editor and a difftool get files, and nothing else.
    shop.environment["GIT_EDITOR"] = "cp -t ../"
    for id in ids {
      #expect(try shop.run("review", id, "--open").status == 0)
      #expect(try shop.repository.root.read("feature-\(id).diff").contains("diff --git"))
    }
    try shop.repository.git("config", "diff.tool", "look")
    try shop.repository.git("config", "difftool.look.cmd", "ls -R \"$REMOTE\" > ../seen")
    #expect(try shop.run("review", "2", "--open").status == 0)
    #expect(try shop.repository.root.read("seen").contains("--help"))
    try expectNothing(shop)
  }

  @Test(arguments: ["merge", "squash", "rebase"])
  func commitMessagesSayWhatLandedAndNothingElse(_ style: String) throws {
    let shop = try shop("review: none", style: style)
    let run = try shop.run("run")
    #expect(run.status == 0, "\(run.text)\(run.error)")
    expectHarmless(run.output, "run")
    func trailers(_ key: String) throws -> [String] {
      try shop.repository.git(
        "log", "--first-parent", "--reverse", "--format=%(trailers:key=\(key),valueonly)", "main"
      ).split(separator: "\n").map(String.init)
    }
    #expect(try trailers("Feature").sorted() == (1...Self.kinds.count).map(String.init))
    #expect(try trailers("Reviewed-by") == [])
    #expect(try Set(trailers("Gate")) == ["make test"])
    if style != "rebase" {
      // With rebase the agent's own subjects come to the target as they are.
      let subjects = try shop.repository.git("log", "--first-parent", "--format=%B", "main")
      expectHarmless(Array(subjects.utf8), style)
    }
    try expectNothing(shop)
  }

  @Test func makeSeesIdsAndNothingElse() throws {
    var shop = try shop("review: none")
    shop.environment["LANEKEEPER"] = Workshop.program
    func make(_ arguments: String...) throws -> TestProgramResult {
      try TestProgram.run(
        ["make"] + arguments, directory: shop.repository.path, environment: shop.environment)
    }
    expectHarmless(try make("help").output, "help")
    expectHarmless(try make("-n", "features").output, "-n features")
    let built = try make("-j2", "features")
    #expect(built.status == 0, "\(built.text)\(built.error)")
    expectHarmless(built.output, "features")
    #expect(try shop.landed().count == Self.kinds.count)
    for text in Self.kinds.values {
      for goal in ["review-", "approve-", "feature-"] {
        let result = try make("-k", goal + text.replacing("Q", with: "5"), "review")
        expectHarmless(result.output, goal)
      }
    }
    // Where the makefile itself lies in an odd place.
    let place = shop.repository.root.path("$(touch pwned6) `touch pwned7`;touch pwned8 'a")
    try FileManager.default.moveItem(atPath: shop.repository.path, toPath: place)
    for arguments in [["-C", place, "help"], ["-f", place + "/Makefile", "help"]] {
      let result = try TestProgram.run(
        ["make"] + arguments, directory: place, environment: shop.environment)
      #expect(result.status == 0, "\(result.text)\(result.error)")
    }
    try expectNothing(shop)
  }

  @Test func idsAreFitForNamesOrRefused() throws {
    let shop = try Workshop(features: "", agent: "echo x > x.txt")
    for id in ["a b", "$(x)", "a/b", "..", "x;y", "a\\nb", "\\e[2J", "%", "#1", "a:b", "é"] {
      try shop.repository.write(
        "features.yml", "features:\n  - {id: \"\(id)\", title: One}\n")
      let run = try shop.run("run")
      #expect(run.status == 65, "\(run.text)")
      #expect(run.error.contains("features.yml:2"), "\(run.error)")
      expectHarmless(Array(run.error.utf8), id)
    }
    #expect(try shop.trace() == [])
  }

  @Test(arguments: ["-n", "--help", "-", "a.-_"])
  func idsThatLookLikeOptionsAreIds(_ id: String) throws {
    var shop = try Workshop(
      features: "features:\n  - {id: \"\(id)\", title: One}\n", agent: "echo x > x.txt",
      configuration: "review: required")
    let run = try shop.run("run")
    guard run.status != 65 else { return #expect(run.error.contains("features.yml:2")) }
    #expect(run.status == 75, "\(run.text)\(run.error)")
    #expect(try shop.run("review", "--", id).text.contains("One"))
    try shop.repository.write(
      "Makefile", "test:\n\t@sh check.sh\n-include .lanekeeper/lanekeeper.mk\n")
    #expect(try shop.run("init", "--detect", "none").status == 0)
    shop.environment["LANEKEEPER"] = Workshop.program
    let approved = try TestProgram.run(
      ["make", "--", "approve-\(id)", "land"], directory: shop.repository.path,
      environment: shop.environment)
    #expect(approved.status == 0, "\(approved.text)\(approved.error)")
    #expect(try shop.landed() == [id])
  }
}
