import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// An agent damages objects of what it has just committed: its feature alone is refused, and nothing is lost.
@Suite(.bounded) struct DamagedBranchTests {
  private static let agent = """
    echo "done $id" > f$id.txt
    git add -A && git commit -qm work
    if [ $id = 1 ] && [ $LANEKEEPER_ATTEMPT = 1 ]; then
      echo later > later.txt
      spoiled=$(git rev-parse "$(cat "$LANEKEEPER_REPOSITORY/../what")")
      spoiled=$(git rev-parse --git-common-dir)/objects/$(echo $spoiled | sed 's,^..,&/,')
      chmod u+w "$spoiled" && : > "$spoiled"
    fi
    exit 0

    """

  @Test(arguments: ["HEAD:f1.txt", "HEAD^{tree}", "HEAD"])
  func p4_p7_aDamagedBranchIsRefusedAndTheRestLands(spoiled: String) async throws {
    let shop = try Workshop(features: Workshop.independent(2), agent: Self.agent)
    try shop.repository.root.write("what", spoiled)
    let run = try await shop.run(parallel: 1)
    #expect(run.status == 1, "\(run.text)")
    #expect(try shop.landed() == ["2"])
    let words = try shop.reasons("1")
    #expect(words.contains("git fsck --full"), "\(words)")
    #expect(words.contains("lanekeeper retry 1 --fresh"), "\(words)")
    let rescue = "refs/lanekeeper/rescue/1/1"
    #expect(words.contains(rescue), "\(words)")
    #expect(try shop.repository.git("show", "\(rescue):f1.txt") == "done 1")
    #expect(try shop.repository.git("show", "\(rescue):later.txt") == "later")

    // What the rescue has stored again is whole; what only the branch had is refused again.
    _ = try shop.control().retry("1")
    if spoiled != "HEAD:f1.txt" {
      #expect(try await shop.run().status == 1)
      #expect(try shop.reasons("1").contains("git fsck --full"))
      // So it is where no attempt is known any more.
      for suffix in ["", "-wal", "-shm"] {
        unlink(shop.repository.path + "/.git/lanekeeper/state.sqlite" + suffix)
      }
      #expect(try await shop.run().status == 1)
      let again = try shop.reasons("1")
      #expect(again.contains("lanekeeper retry 1 --fresh"), "\(again)")
      _ = try shop.control().retry("1", fresh: true)
    }
    let last = try await shop.run()
    #expect(last.status == 0, "\(last.text)")
    #expect(try shop.landed().sorted() == ["1", "2"])
    #expect(try shop.repository.git("show", "main:f1.txt") == "done 1")
    #expect(try shop.leftovers(spoiled: true) == [])
  }
}
