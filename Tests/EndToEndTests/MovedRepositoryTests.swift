import Foundation
import TestSupport
import Testing

/// A person moves or copies the repository after a run was killed in the middle of an attempt.
@Suite(.bounded) struct MovedRepositoryTests {
  private static let agent = """
    echo "half by $LANEKEEPER_ATTEMPT" >> f$id.txt
    touch "$LANEKEEPER_REPOSITORY/../begun"
    [ $LANEKEEPER_ATTEMPT = 1 ] && sleep 600
    echo "whole by $LANEKEEPER_ATTEMPT" >> f$id.txt

    """

  /// A repository whose run was killed while the agent had begun.
  private func killed() throws -> Workshop {
    let shop = try Workshop(
      features: Workshop.independent(1), agent: Self.agent, configuration: "lanes: {path: ../lanes}"
    )
    #expect(try shop.run("hooks", "install").status == 0)
    let run = try shop.start(["run"], output: "killed")
    #expect(eventually { shop.repository.root.exists("begun") })
    run.signal(SIGKILL)
    run.wait()
    #expect(try eventually { try shop.processes().count == 0 })
    return shop
  }

  /// Runs what is left at another place, and checks that the first attempt's work is there and nothing is
  /// left to repair.
  private func goOn(_ shop: Workshop, at place: String, lanes: String) throws {
    let before = try shop.run(["doctor"], at: place)
    #expect(
      before.text.contains("the repository was moved") == (place != shop.repository.path),
      "\(before.text)")
    let run = try shop.run(["run"], at: place)
    #expect(run.status == 0, "\(run.text)\(run.error)")
    #expect(
      try shop.repository.git(["show", "main:f1.txt"], at: place)
        == "half by 1\nhalf by 2\nwhole by 2", "\(run.text)")
    let doctor = try shop.run(["doctor", "--deep"], at: place)
    #expect(doctor.status == 0, "\(doctor.text)\(doctor.error)")
    let trees = try shop.repository.git(["worktree", "list", "--porcelain"], at: place)
    #expect(trees.contains("worktree \(lanes)/1\n"), "\(trees)")
    #expect(!trees.contains("prunable"), "\(trees)")
    #expect(
      try shop.repository.git(["config", "core.hooksPath"], at: lanes + "/1")
        == place + "/.git/lanekeeper/hooks")
  }

  @Test func p4_p7_theLanesAreFoundAgainThatWereMovedWithIt() throws {
    let shop = try killed()
    let root = shop.repository.root
    try FileManager.default.createDirectory(
      atPath: root.path("new"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: root.path("repo"), toPath: root.path("new/repo"))
    try FileManager.default.moveItem(atPath: root.path("lanes"), toPath: root.path("new/lanes"))
    try goOn(shop, at: root.path("new/repo"), lanes: root.path("new/lanes"))
    #expect(!root.exists("lanes"))
  }

  @Test func p4_p7_theLanesAreTiedAgainToARepositoryThatWasMovedAlone() throws {
    let shop = try killed()
    let root = shop.repository.root
    try FileManager.default.moveItem(atPath: root.path("repo"), toPath: root.path("other"))
    try goOn(shop, at: root.path("other"), lanes: root.path("lanes"))
  }

  @Test func p4_p7_lanesThatAreGoneAreMadeAgainBesideIt() throws {
    let shop = try killed()
    let root = shop.repository.root
    try FileManager.default.createDirectory(
      atPath: root.path("new"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: root.path("repo"), toPath: root.path("new/repo"))
    try FileManager.default.moveItem(atPath: root.path("lanes"), toPath: root.path("kept"))
    let run = try shop.run(["run"], at: root.path("new/repo"))
    #expect(run.status == 0, "\(run.text)\(run.error)")
    #expect(root.exists("new/lanes/1") && !root.exists("lanes"))
    // It was never committed, and stands where the person has put it.
    #expect(try root.read("kept/1/f1.txt") == "half by 1\n")
  }

  /// A copy leaves the lanes of the first alone, whose attempt goes on there.
  @Test func p4_aCopyTakesNoLaneOfTheOriginal() throws {
    let shop = try killed()
    let root = shop.repository.root
    let copy = root.path("copy/repo")
    try FileManager.default.createDirectory(
      atPath: root.path("copy"), withIntermediateDirectories: true)
    // A process of its own: a file that this one writes may be open in what it starts meanwhile.
    let made = try TestProgram.run(
      ["cp", "-R", root.path("repo"), copy], directory: root.path,
      environment: shop.repository.environment)
    #expect(made.status == 0)
    let run = try shop.run(["run"], at: copy)
    #expect(run.status == 0, "\(run.text)\(run.error)")
    #expect(try root.read("lanes/1/f1.txt") == "half by 1\n")
    #expect(root.exists("copy/lanes/1"))
    try goOn(shop, at: root.path("repo"), lanes: root.path("lanes"))
    #expect(try shop.run(["doctor", "--deep"], at: copy).status == 0)
  }
}
