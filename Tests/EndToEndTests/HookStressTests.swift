import Foundation
import TestSupport
import Testing

/// Many real commits at the same time, each with its real hooks, on one state file.
@Suite(.bounded) struct HookStressTests {
  @Test func p2_eightLanesCommitTwentyTimesAtOnce() throws {
    let shop = try Workshop(
      features: Workshop.independent(8) { $0 == 8 ? ["common/"] : [] },
      agent: """
        [ $LANEKEEPER_ATTEMPT = 1 ] || exit 0
        # All eight are there, or this waits a minute in vain.
        for i in $(seq 600); do [ "$(grep -c begin "$trace")" -ge 8 ] && break; sleep 0.1; done
        mkdir -p own$id
        for n in $(seq 20); do
          echo $id > own$id/f$n.txt
          git add own$id; git commit -qm "own $n" || exit 1
          # One directory that all want and the eighth holds from the start.
          mkdir -p common; echo $id > common/w$n.txt; git add common
          if git commit -qm "common $n" 2> "$TMPDIR/refused"; then
            echo "got $id $n" >> "$trace"
          else
            grep -q "held by" "$TMPDIR/refused" || { cat "$TMPDIR/refused"; exit 2; }
            echo "refused $id $n" >> "$trace"
            git rm -qf --cached common/w$n.txt; rm -f common/w$n.txt
          fi
        done
        """, configuration: "limits: {max_parallel: 8}\nreview: required")
    let result = try shop.run("run", "--parallel", "8")
    // Each waits: for a review, or for the holder of what it was refused.
    #expect(result.status == 75, "\(result.error)\(result.text)")
    let integrity = try StateRows.integrity(shop)
    #expect(integrity == "ok")
    let rows = try StateRows.read(
      shop,
      """
      SELECT CAST(path AS TEXT), owner, mode, pinned, subtree, owner_kind FROM claims ORDER BY 1
      """)
    let trace = try shop.trace()
    #expect(trace.filter { $0[0] == "got" }.map { $0[1] } == Array(repeating: "8", count: 20))
    #expect(trace.count { $0[0] == "refused" } == 7 * 20)
    var expected = ["common": "8"]
    for id in 1...8 { for n in 1...20 { expected["own\(id)/f\(n).txt"] = "\(id)" } }
    #expect(Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) }) == expected)
    #expect(
      rows.allSatisfy {
        $0[2] == "exclusive" && $0[3] == "1" && $0[4] == ($0[0] == "common" ? "1" : "0")
          && $0[5] == "feature"
      })
    // The branches hold what the claims say, and nothing else.
    for id in 1...8 {
      let changed = try shop.repository.git(
        "diff", "--name-only", "main...lane/\(id)-feature-\(id)"
      ).split(separator: "\n").map(String.init)
      let own = (1...20).map { "own\(id)/f\($0).txt" }
      let common = id == 8 ? (1...20).map { "common/w\($0).txt" } : []
      #expect(Set(changed) == Set(own + common))
    }
    let deep = try shop.run("doctor", "--deep")
    #expect(deep.status == 0, "\(deep.text)\(deep.error)")
  }
}
