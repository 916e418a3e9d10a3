import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

@Suite(.bounded) struct StackTests {
  private static let features = """
    features:
      - {id: a, title: Ground}
      - {id: b, title: Walls, depends_on: [a]}

    """

  /// The first feature waits for a person; the second starts from its branch, changes the same file,
  /// and lands after it, with one line of work each.
  @Test(arguments: ["merge", "squash", "rebase"])
  func p2_p3_aFeatureStandsOnAnUnlandedOne(style: String) async throws {
    let shop = try Workshop(
      features: Self.features,
      agent: """
        case $id in
          a) echo ground > house.txt ;;
          b) grep -q ground house.txt || exit 9; echo walls >> house.txt; echo b > b.txt ;;
        esac
        """, gate: "",
      configuration: """
        schedule: {stack: true}
        landing: {style: \(style)}
        review: {required: false, categories: [shown]}
        """)
    try shop.repository.write(
      "features.yml",
      Self.features.replacingOccurrences(
        of: "title: Ground", with: "title: Ground, category: shown")
    )
    let first = try await shop.run()
    // The second is built though the first has not landed; it waits for it.
    #expect(first.status == 75, "\(first.text)")
    #expect(try shop.landed() == [])
    #expect(try shop.states() == ["a": "in_review", "b": "queued"])
    #expect(try shop.store().stacks() == ["b": "a"])
    try shop.approve("a")
    let land = try await shop.land()
    #expect(land.status == 0, "\(land.text)")
    #expect(try shop.landed() == ["a", "b"])
    #expect(try shop.repository.git("show", "main:house.txt") == "ground\nwalls")
    let own = try shop.repository.git("diff", "--name-only", "main^1", "main").split(
      separator: "\n")
    #expect(own == ["b.txt", "house.txt"])
    #expect(try shop.leftovers() == [])
  }

  @Test func nobodyStartsFromAnUnlandedFeatureUnlessAsked() async throws {
    let shop = try Workshop(
      features: Self.features.replacingOccurrences(
        of: "title: Ground", with: "title: Ground, category: shown"),
      agent: "echo $id > $id.txt", gate: "", configuration: "review: {categories: [shown]}")
    #expect(try await shop.run().status == 75)
    #expect(try shop.states() == ["a": "in_review", "b": "pending"])
  }

  /// What is below goes back for rework and changes; what stands on it lands after it, merged.
  @Test func whatStandsOnAChangedFeatureLandsAfterIt() async throws {
    let shop = try Workshop(
      features: Self.features.replacingOccurrences(
        of: "title: Ground", with: "title: Ground, category: shown"),
      agent: """
        case $id-$LANEKEEPER_ATTEMPT in
          a-1) printf '1\\n2\\n3\\n4\\n5\\n' > house.txt ;;
          a-*) sed -i 's/^1$/one/' house.txt ;;
          b-*) grep -q 5 house.txt || exit 9; sed -i 's/^5$/five/' house.txt ;;
        esac
        """, gate: "",
      configuration: """
        schedule: {stack: true}
        review: {categories: [shown]}
        landing: {style: squash}
        """)
    #expect(try await shop.run().status == 75)
    #expect(try shop.states() == ["a": "in_review", "b": "queued"])
    try shop.requestChanges("a", "say one")
    #expect(try await shop.run().status == 75)
    try shop.approve("a")
    let land = try await shop.land()
    #expect(land.status == 0, "\(land.text)")
    #expect(try shop.landed() == ["a", "b"])
    #expect(try shop.repository.git("show", "main:house.txt") == "one\n2\n3\n4\nfive")
    #expect(try shop.leftovers() == [])
  }

  /// The gate refuses what is below while the other is at work on top of it; what stands on it lands
  /// after it has been repaired.
  @Test(arguments: ["merge", "squash", "rebase"])
  func p3_whatStandsOnOneThatTheGateRefusedLandsAfterIt(style: String) async throws {
    let shop = try Workshop(
      features: Self.features,
      agent: """
        case $id-$LANEKEEPER_ATTEMPT in
          a-1) echo BROKEN > house.txt ;;
          a-*) echo ground > house.txt ;;
          b-*) touch "$LANEKEEPER_REPOSITORY/../b-began"
            test -e house.txt || exit 9; echo walls > walls.txt ;;
        esac
        """, gate: "{command: sh gate.sh, retries: 0}",
      configuration: """
        schedule: {stack: true}
        landing: {style: \(style)}
        """,
      files: [
        "gate.sh": """
        root="$(git rev-parse --git-common-dir)/../.."
        grep -q BROKEN house.txt 2>/dev/null || { git rev-parse 'HEAD^{tree}' >> "$root/gated"; exit 0; }
        n=0
        while [ ! -e "$root/b-began" ] && [ $n -lt 1200 ]; do n=$((n + 1)); sleep 0.1; done
        exit 1

        """
      ])
    let run = try await shop.run(parallel: 2)
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.landed() == ["a", "b"])
    #expect(try shop.repository.git("show", "main:house.txt") == "ground")
    #expect(try shop.repository.git("show", "main:walls.txt") == "walls")
    let trace = try shop.trace().filter { $0.first == "begin" }.map { "\($0[1])-\($0[2])" }
    #expect(trace == ["a-1", "b-1", "a-2"] || trace == ["a-1", "a-2", "b-1"], "\(trace)")
    #expect(trace.dropFirst().first == "b-1", "it did not start from the unlanded one: \(trace)")
    let gated = try shop.repository.root.read("gated").split(separator: "\n").map(String.init)
    #expect(gated.contains(try shop.repository.git("rev-parse", "main^{tree}")))
    #expect(try shop.leftovers() == [])
  }

  /// What is below is given up, and what stood on it does not need it any more: it lands without it.
  @Test(arguments: zip(["merge", "squash", "rebase"], [true, false, true]))
  func p3_p4_whatIsGivenUpDoesNotLandWithWhatStoodOnIt(style: String, meets: Bool) async throws {
    let shown = Self.features.replacingOccurrences(
      of: "title: Ground", with: "title: Ground, category: shown")
    let shop = try Workshop(
      features: shown,
      agent: """
        case $id-$LANEKEEPER_ATTEMPT in
          a-*) echo ground > house.txt ;;
          b-1) test -e house.txt || exit 9; echo b > b.txt; \(meets ? "echo walls >> house.txt" : ":") ;;
          b-*) echo walls alone > house.txt; git add house.txt; git commit -q -m resolved ;;
        esac
        """, gate: "",
      configuration: """
        schedule: {stack: true}
        landing: {style: \(style)}
        review: {categories: [shown]}
        """)
    #expect(try await shop.run().status == 75)
    #expect(try shop.states() == ["a": "in_review", "b": "queued"])
    let below = try shop.repository.git("rev-parse", "lane/a-ground")
    try shop.control().abandon("a")
    try shop.repository.write(
      "features.yml", shown.replacingOccurrences(of: ", depends_on: [a]", with: ""))
    let run = try await shop.run()
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.landed() == ["b"])
    #expect(try shop.states()["a"] == "abandoned")
    #expect(try shop.repository.git("show", "main:b.txt") == "b")
    let house = try shop.repository.runGit(["show", "main:house.txt"])
    #expect(meets ? house.text == "walls alone" : house.status != 0)
    // The work that was given up is no part of the target's history, and is still there.
    #expect(
      try shop.repository.runGit(["merge-base", "--is-ancestor", below, "main"]).status == 1)
    #expect(try shop.repository.git("rev-parse", "lane/a-ground") == below)
    #expect(try shop.leftovers() == [])
  }

}
