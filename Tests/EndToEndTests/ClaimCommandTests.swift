import Foundation
import TestSupport
import Testing

/// `claims --stuck`, `release --generation` and shared paths, as they are typed and configured.
@Suite(.bounded) struct ClaimCommandTests {
  private func stuck(_ shop: Workshop) throws -> [[String: Any]] {
    try shop.json("claims", "--stuck")["claims"] as? [[String: Any]] ?? []
  }

  @Test func stuckClaimsTellWhoWaitsAndTheWayOut() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: First}
          - {id: 2, title: Second, touches: [shared.txt], depends_on: []}

        """,
      agent: """
        if [ "$id" = 1 ]; then echo one >> shared.txt; else echo two >> shared.txt; fi
        """, configuration: "review: required")
    #expect(try shop.run("claim", "shared.txt", "other.txt").status == 0)
    #expect(try shop.run("run", "--feature", "1").status == 75)
    let person = try shop.run("claims", "--stuck")
    #expect(person.status == 0)
    #expect(person.text.contains("waited for by #1 First"), "\(person.text)")
    #expect(person.text.contains("last until `lanekeeper release PATH`"), "\(person.text)")
    let rows = try stuck(shop)
    #expect(rows.map { $0["path"] as? String } == ["other.txt", "shared.txt"])
    #expect(rows.allSatisfy { $0["waiters"] as? [String] == ["1"] })
    #expect(rows.allSatisfy { ($0["reasons"] as? [String])?.isEmpty == false })
    #expect(try shop.run("release", "shared.txt", "other.txt").status == 0)
    #expect(try stuck(shop).isEmpty)
    // Now the first is built and waits for a review, and the second for the first.
    #expect(try shop.run("run", "--feature", "1").status == 75)
    #expect(try shop.run("run").status == 75)
    let feature = try shop.run("claims", "--stuck").text
    #expect(feature.contains("waited for by #2 Second"), "\(feature)")
    #expect(feature.contains("`lanekeeper review 1 --approve`"), "\(feature)")
    #expect(feature.contains("1 files are changed and not landed"), "\(feature)")
    #expect(feature.contains("`lanekeeper abandon 1` gives its claims back"), "\(feature)")
    #expect(try stuck(shop).map { $0["waiters"] as? [String] } == [["2"]])
    #expect(try shop.run("review", "1", "--approve").status == 0)
    #expect(try shop.run("run").status == 75)
    #expect(try stuck(shop).isEmpty)
    #expect(try shop.landed() == ["1"])
  }

  @Test func p2_aReleaseOfAnOldGenerationIsRefused() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    func claim() throws -> Int {
      let rows = try shop.json("claim", "a.txt", "b/")["claims"] as? [[String: Any]] ?? []
      #expect(rows.map { $0["path"] as? String } == ["a.txt", "b/"])
      return try #require(rows.first?["generation"] as? Int)
    }
    func held() throws -> Int { (try shop.json("claims")["claims"] as? [Any] ?? []).count }
    let first = try claim()
    #expect(try claim() == first)
    for wrong in [first - 1, first + 1] {
      let refused = try shop.run("release", "a.txt", "b/", "--generation", "\(wrong)")
      #expect(refused.status == 1, "\(refused.text)")
      #expect(refused.error.contains("generation \(first)"), "\(refused.error)")
      #expect(try held() == 2)
    }
    #expect(try shop.run("release", "a.txt", "b/", "--generation", "\(first)").status == 0)
    #expect(try held() == 0)
    let second = try claim()
    #expect(second > first)
    #expect(try shop.run("release", "a.txt", "--generation", "\(first)").status == 1)
    #expect(try shop.run("release", "c.txt").status == 1)
    #expect(try held() == 2)
  }

  @Test func p2_whatTheLaneHasChangedIsNotReleased() throws {
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent: """
        out="$LANEKEEPER_REPOSITORY/../out"
        lanekeeper="\(Workshop.program)"
        echo 1 > committed.txt; git add -A; git commit -qm one; echo 1 > open.txt
        $lanekeeper claim committed.txt open.txt unused.txt >/dev/null
        for path in committed.txt open.txt "unused.txt open.txt" unused.txt; do
          $lanekeeper release $path > "$out.last" 2>&1; echo "$? $(cat "$out.last")" >> "$out"
        done
        """)
    let run = try shop.run("run")
    #expect(run.status == 0, "\(run.text) \(run.error)")
    let lines = try shop.repository.root.read("out").split(separator: "\n")
    #expect(lines.count == 4, "\(lines)")
    for line in lines.dropLast() {
      #expect(line.hasPrefix("1 ") && line.contains("was changed in the lane"), "\(line)")
    }
    #expect(lines.last == "0 released unused.txt")
    #expect(try shop.landed() == ["1"])
  }

  /// Two features change a shared file at the same time; both land, and nobody's lines are lost.
  @Test(arguments: ["merge", "squash", "rebase"])
  func p9_sharedPathsOfTwoFeaturesLandTogether(style: String) throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: """
        place="$LANEKEEPER_REPOSITORY/.."
        touch "$place/here$id"
        while [ ! -e "$place/here1" ] || [ ! -e "$place/here2" ]; do sleep 0.05; done
        echo "- feature $id" >> CHANGELOG.md
        echo "dep $id" > deps/$id
        cat deps/* > all.lock
        git add -A && git commit -qm "work $id"
        """, gate: "'cat deps/* | cmp - all.lock'",
      configuration: """
        landing: {style: \(style)}
        claims:
          paths:
            CHANGELOG.md: {shared: union}
            all.lock: {regenerate: "cat deps/* > all.lock"}
        """,
      files: ["CHANGELOG.md": "# Log\n", "deps/0": "dep 0\n", "all.lock": "dep 0\n"])
    let run = try shop.run("run", "--parallel", "2")
    #expect(run.status == 0, "\(run.text) \(run.error)")
    #expect(try shop.landed().sorted() == ["1", "2"])
    let log = try shop.repository.git("show", "main:CHANGELOG.md").split(separator: "\n")
    #expect(log.first == "# Log")
    #expect(log.dropFirst().sorted() == ["- feature 1", "- feature 2"])
    #expect(try shop.repository.git("show", "main:all.lock") == "dep 0\ndep 1\ndep 2")
    // Neither was sent back: both were merged where they stood.
    #expect(try shop.trace().count { $0[0] == "begin" } == 2)
    #expect(try shop.json("claims")["claims"] as? [[String: String]] == [])
  }
}
