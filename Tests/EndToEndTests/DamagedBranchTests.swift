import Foundation
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
  func p4_p7_aDamagedBranchIsRefusedAndTheRestLands(spoiled: String) throws {
    let shop = try Workshop(features: Workshop.independent(2), agent: Self.agent)
    try shop.repository.root.write("what", spoiled)
    let run = try shop.run("run", "--parallel", "1")
    #expect(run.status == 1, "\(run.text)\(run.error)")
    #expect(try shop.landed() == ["2"])
    let words = try shop.run("explain", "1").text
    #expect(words.contains("git fsck --full"), "\(words)")
    #expect(words.contains("lanekeeper retry 1 --fresh"), "\(words)")
    let rescue = "refs/lanekeeper/rescue/1/1"
    #expect(words.contains(rescue), "\(words)")
    #expect(try shop.repository.git("show", "\(rescue):f1.txt") == "done 1")
    #expect(try shop.repository.git("show", "\(rescue):later.txt") == "later")

    // What the rescue has stored again is whole; what only the branch had is refused again.
    #expect(try shop.run("retry", "1").status == 0)
    if spoiled != "HEAD:f1.txt" {
      #expect(try shop.run("run").status == 1)
      #expect(try shop.run("explain", "1").text.contains("git fsck --full"))
      // So it is where no attempt is known any more.
      for suffix in ["", "-wal", "-shm"] {
        unlink(shop.repository.path + "/.git/lanekeeper/state.sqlite" + suffix)
      }
      #expect(try shop.run("run").status == 1)
      let again = try shop.run("explain", "1").text
      #expect(again.contains("lanekeeper retry 1 --fresh"), "\(again)")
      let fresh = try shop.run("retry", "1", "--fresh")
      #expect(fresh.status == 0, "\(fresh.error)")
    }
    let last = try shop.run("run")
    #expect(last.status == 0, "\(last.text)\(last.error)")
    #expect(try shop.landed().sorted() == ["1", "2"])
    #expect(try shop.repository.git("show", "main:f1.txt") == "done 1")
    #expect(try shop.leftovers(spoiled: true) == [])
    let doctor = try shop.run("doctor", "--deep")
    #expect(doctor.status == 0, "\(doctor.text)\(doctor.error)")
  }
}
