import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

@Suite(.bounded) struct UsersCheckoutTests {
  /// Everything of the user's that a run must leave alone, in one text.
  private func fingerprint(_ shop: Workshop) throws -> String {
    let test = shop.repository
    var parts = [
      try test.git("ls-files", "--stage", "mine.txt", "staged.txt"),
      try test.git("status", "--porcelain", "mine.txt", "staged.txt", "loose.txt", "dir"),
      try test.git("stash", "list"), try test.git("rev-parse", "stash@{0}"),
      try test.read("mine.txt"), try test.read("staged.txt"), try test.read("loose.txt"),
      try test.read("dir/loose.txt"), try test.root.read("repo/.git/config"),
    ]
    for name in ["mine.txt", "staged.txt", "loose.txt", "dir/loose.txt"] {
      var facts = stat()
      lstat(test.path + "/" + name, &facts)
      parts.append("\(name) \(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec) \(facts.st_ino)")
    }
    let hooks = try FileManager.default.contentsOfDirectory(atPath: test.path + "/.git/hooks")
    for name in hooks.sorted() { parts.append(try test.read(".git/hooks/" + name)) }
    return parts.joined(separator: "\n--\n")
  }

  private func prepare(_ configuration: String) throws -> Workshop {
    let shop = try Workshop(
      features: Workshop.independent(2), agent: "echo $id > f$id.txt; echo $id >> tracked$id.txt",
      configuration: configuration,
      files: [
        "mine.txt": "1\n", "staged.txt": "1\n", "stashed.txt": "1\n", "tracked1.txt": "0\n",
        "tracked2.txt": "0\n",
      ])
    let test = shop.repository
    try test.write("stashed.txt", "2\n")
    try test.git("stash")
    try test.write("mine.txt", "edited\n")
    try test.write("staged.txt", "staged\n")
    try test.git("add", "staged.txt")
    try test.write("staged.txt", "and edited\n")
    try test.write("loose.txt", "untracked\n")
    try test.write("dir/loose.txt", "untracked\n")
    try test.write(
      ".git/hooks/post-checkout", "#!/bin/sh\necho checkout >> \"\(test.root.path)/hooks.log\"\n",
      executable: true)
    try test.write(".git/hooks/commit-msg", "#!/bin/sh\nexit 0\n", executable: true)
    return shop
  }

  @Test func p6_staysAsItWasAndFollowsWhereItIsClean() async throws {
    let shop = try prepare("")
    let before = try fingerprint(shop)
    let result = try await shop.run()
    #expect(result.status == 0, "\(result.text)")
    #expect(try fingerprint(shop) == before)
    // What was clean has followed.
    for number in 1...2 {
      #expect(try shop.repository.read("f\(number).txt") == "\(number)\n")
      #expect(try shop.repository.read("tracked\(number).txt") == "0\n\(number)\n")
    }
    #expect(try shop.repository.git("diff", "--name-only", "HEAD") == "mine.txt\nstaged.txt")
  }

  @Test func p6_followNeverLeavesTheCheckoutAlone() async throws {
    let shop = try prepare("landing: {follow: never}")
    let before = try fingerprint(shop)
    let index = try shop.repository.git("ls-files", "--stage")
    let result = try await shop.run()
    #expect(result.status == 0)
    #expect(try fingerprint(shop) == before)
    #expect(try shop.repository.git("ls-files", "--stage") == index)
    #expect(!shop.repository.root.exists("repo/f1.txt"))
    #expect(try shop.landed().count == 2)
    // It says how to catch up, and that works beside the user's own changes.
    let line = try #require(
      result.text.split(separator: "\n").first { $0.contains("read-tree -m -u") })
    let command = try #require(line.split(separator: "`").last { $0.hasPrefix("git ") })
    let catchUp = try TestProgram.run(
      ["sh", "-c", String(command)], directory: "/", environment: shop.environment)
    #expect(catchUp.status == 0, "\(catchUp.error)")
    #expect(try fingerprint(shop) == before)
    #expect(try shop.repository.read("f1.txt") == "1\n")
    #expect(try await shop.run().text.contains("read-tree") == false)
  }

  @Test func p6_aLandingWaitsForDirtyFilesInItsWay() async throws {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: One}\n", agent: "echo agent > shared.txt")
    try shop.repository.write("shared.txt", "mine\n")
    let result = try await shop.run()
    #expect(result.status == 75, "\(result.text)")
    #expect(result.text.contains("shared.txt"))
    #expect(try shop.repository.read("shared.txt") == "mine\n")
    #expect(try shop.landed() == [])
    try shop.repository.git("checkout", "-q", "shared.txt")
    #expect(try await shop.land().status == 0)
    #expect(try shop.landed() == ["1"])
    #expect(try shop.repository.read("shared.txt") == "agent\n")
  }

  @Test func p6_theUsersHooksRunInLanesToo() async throws {
    let shop = try Workshop(
      features: Workshop.independent(1), agent: "echo $id > f$id.txt; git add -A; git commit -qm x")
    try shop.repository.write(
      ".git/hooks/pre-commit",
      "#!/bin/sh\necho \"$0 $PWD\" >> \"\(shop.repository.root.path)/hooks.log\"\n",
      executable: true)
    #expect(try await shop.run().status == 0)
    #expect(try shop.repository.root.read("hooks.log").contains("/repo.lanes/"))
  }
}
