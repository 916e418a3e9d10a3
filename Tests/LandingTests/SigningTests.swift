import Engine
import Foundation
import Processes
import Store
import TestSupport
import Testing

@Suite(.bounded) struct SigningTests {
  private func signing(style: String) throws -> LandingFixture {
    let fixture = try LandingFixture(style: style, window: .size(4))
    let key = fixture.test.root.path("key")
    let made = try TestProgram.run(
      ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "t@example.org", "-f", key],
      directory: fixture.test.root.path, environment: fixture.test.environment)
    guard made.status == 0 else { throw LandingFixture.Failed(made.error) }
    let allowed = try "t@example.org " + fixture.test.root.read("key.pub")
    try fixture.test.root.write("allowed", allowed)
    for (name, value) in [
      ("gpg.format", "ssh"), ("user.signingKey", key + ".pub"), ("commit.gpgSign", "true"),
      ("gpg.ssh.allowedSignersFile", fixture.test.root.path("allowed")),
    ] {
      try fixture.test.git("config", name, value)
    }
    return fixture
  }

  @Test(arguments: ["merge", "squash", "rebase"])
  func commitsAreSignedWhereTheUsersGitSigns(style: String) async throws {
    let fixture = try signing(style: style)
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.test.git("config", "commit.gpgSign", "false")
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    try fixture.test.git("config", "commit.gpgSign", "true")
    #expect(try await fixture.land().landed == ["1", "2"])
    let commits = try fixture.test.git("rev-list", "--first-parent", "\(start)..main")
      .split(separator: "\n")
    #expect(commits.count == 2)
    for commit in commits {
      #expect(try fixture.test.runGit(["verify-commit", String(commit)]).status == 0)
    }
    #expect(try fixture.trailers() == ["1", "2"])
    #expect(
      try fixture.test.git("log", "-1", "--format=%an <%ae> %at %cn", "main")
        == (style == "rebase"
          ? "Test Author <author@example.org> 981173106 T" : "T <t@example.org> 1 T"))
  }

  @Test func aKeyThatIsGoneHoldsTheQueue() async throws {
    let fixture = try signing(style: "merge")
    try fixture.test.git("config", "commit.gpgSign", "false")
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.git("config", "commit.gpgSign", "true")
    try fixture.test.git("config", "user.signingKey", fixture.test.root.path("gone.pub"))
    let result = try await fixture.land()
    #expect(result.progress == .held)
    #expect(result.held.first?.contains("commit.gpgSign") == true)
    #expect(try fixture.state("1") == .queued)
    #expect(try fixture.test.git("rev-list", "--count", "main") == "1")
  }

  @Test func p5_aSignerThatWaitsHoldsTheQueueAndIsEnded() async throws {
    let fixture = try signing(style: "merge")
    try fixture.test.git("config", "commit.gpgSign", "false")
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.root.write(
      "signer", "#!/bin/sh\necho $$ > '\(fixture.test.root.path("pid"))'\nsleep 3000; true\n",
      executable: true)
    try fixture.test.git("config", "commit.gpgSign", "true")
    try fixture.test.git("config", "gpg.ssh.program", fixture.test.root.path("signer"))
    let result = try await Programs.$most.withValue(2) { try await fixture.land() }
    #expect(result.progress == .held)
    #expect(result.held.first?.contains("did not end within 2 s") == true)
    #expect(result.held.first?.contains("signer") == true)
    let pid = try #require(Int32(try fixture.test.root.read("pid").dropLast()))
    #expect(kill(pid, 0) != 0)
    #expect(try fixture.state("1") == .queued)
  }
}
