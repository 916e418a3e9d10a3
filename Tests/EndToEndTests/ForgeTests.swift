import Foundation
import TestSupport
import Testing

@Suite struct ForgeTests {
  private func shop(remote: String, at place: TestRepository) throws -> Workshop {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: \"--One $(touch pwned)\", steps: [a, b]}\n",
      agent: "echo $LANEKEEPER_ATTEMPT >> f$id.txt; cp \"$LANEKEEPER_PROMPT_FILE\" ../../prompt",
      configuration: "review: {required: true, push: origin}")
    try shop.repository.git("remote", "add", "origin", remote)
    try shop.repository.git("push", "-q", "origin", "main")
    return shop
  }

  private func state(_ shop: Workshop) throws -> String {
    let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
    return features.first?["state"] as? String ?? "none"
  }

  private func branches(_ bare: TestRepository) throws -> String {
    try bare.git("for-each-ref", "--format=%(refname:short)", "refs/heads/lane")
  }

  /// Without `gh`, which a machine of the tests may have.
  private func withoutTools(_ shop: Workshop) -> Workshop {
    var shop = shop
    shop.environment["PATH"] = "/usr/bin:/bin"
    return shop
  }

  @Test func aBranchIsPushedToARepositoryByPath() throws {
    let bare = try TestRepository(bare: true)
    let shop = withoutTools(try shop(remote: bare.path, at: bare))
    let run = try shop.run("run")
    #expect(run.status == 75)
    #expect(run.text.contains("feature #1 waits for a review: lane/1-"), "\(run.text)\(run.error)")
    let name = try branches(bare)
    #expect(name.hasPrefix("lane/1-"))
    #expect(
      try bare.git("rev-parse", name) == shop.repository.git("rev-parse", name))
    // The next attempt replaces what stands there.
    #expect(try shop.run("review", "1", "--request-changes", "again").status == 0)
    #expect(try shop.run("run").status == 75)
    #expect(
      try bare.git("rev-parse", name) == shop.repository.git("rev-parse", name))
    #expect(try shop.run("review", "1").text.contains("   At: lane/1-"))
    #expect(try shop.run("review", "1", "--approve").status == 0)
    #expect(try shop.run("land").status == 0)
  }

  @Test func aRemoteThatCantBeReachedKeepsNobodyFromReviewing() throws {
    let bare = try TestRepository(bare: true)
    let shop = withoutTools(try shop(remote: bare.path, at: bare))
    try shop.repository.git("remote", "set-url", "origin", bare.path + "-gone")
    let run = try shop.run("run")
    #expect(run.status == 75)
    #expect(run.text.contains("could not be pushed to origin"), "\(run.text)")
    #expect(try !shop.run("review").text.contains("could not be pushed"), "it is told once")
    #expect(try shop.run("review", "1", "--approve").status == 0)
    #expect(try shop.run("land").status == 0)
    #expect(try shop.landed() == ["1"])
  }

  @Test func aBranchIsPushedThroughGitDaemon() throws {
    let bare = try TestRepository(bare: true)
    let port = 20_000 + Int.random(in: 0..<20_000)
    let daemon = try RunningProgram(
      [
        // The program itself: `git daemon` would only wait for it.
        try bare.git("--exec-path") + "/git-daemon", "--reuseaddr", "--listen=127.0.0.1",
        "--port=\(port)", "--export-all",
        "--enable=receive-pack", "--base-path=\(bare.root.path)", bare.root.path,
      ], directory: bare.root.path, environment: bare.environment,
      output: bare.root.path("daemon.log"))
    defer {
      daemon.signal(SIGKILL)
      daemon.wait()
    }
    let remote = "git://127.0.0.1:\(port)/repo"
    #expect(
      try eventually {
        try bare.runGit(["ls-remote", remote]).status == 0
      })
    let shop = withoutTools(try shop(remote: remote, at: bare))
    #expect(try shop.run("run").status == 75)
    #expect(try branches(bare).hasPrefix("lane/1-"))
  }

  /// Plays `gh`: keeps what it was given, and answers with what the test has put down.
  private static let gh = """
    #!/bin/sh
    here=$(dirname "$0")
    printf '%s\\n' "$@" >> "$here/gh.log"
    case "$1 $2" in
    "pr view") cat "$here/answer" 2>/dev/null || { echo 'no pull requests found' >&2; exit 1; } ;;
    "pr create") cat > "$here/body"; echo https://forge.example/pull/7 ;;
    esac

    """

  @Test func aPullRequestIsOpenedAndItsVerdictsCount() throws {
    let bare = try TestRepository(bare: true)
    var shop = try shop(remote: bare.path, at: bare)
    try shop.repository.root.write("bin/gh", Self.gh, executable: true)
    shop.environment["PATH"] = shop.repository.root.path("bin") + ":/usr/bin:/bin"
    let run = try shop.run("run")
    #expect(run.text.contains("https://forge.example/pull/7"), "\(run.text)\(run.error)")
    let log = try shop.repository.root.read("bin/gh.log")
    #expect(log.contains("\n--title=#1 --One $(touch pwned)\n"), "\(log)")
    #expect(try shop.repository.root.read("bin/body").contains("- a\n- b\n"))
    #expect(!shop.repository.root.exists("repo/pwned"))
    let name = try branches(bare)
    func answer(_ state: String, on commit: String, _ body: String = "") throws {
      let value: [String: Any] = [
        "url": "https://forge.example/pull/7", "state": "OPEN",
        "reviews": [
          ["author": ["login": "ruth"], "state": state, "body": body, "commit": ["oid": commit]]
        ],
      ]
      try JSONSerialization.data(withJSONObject: value).write(
        to: URL(fileURLWithPath: shop.repository.root.path("bin/answer")))
    }
    // A verdict on another commit does not count.
    try answer("APPROVED", on: try shop.repository.git("rev-parse", "main"))
    _ = try shop.run("review")
    #expect(try state(shop) == "in_review")
    try answer("CHANGES_REQUESTED", on: try bare.git("rev-parse", name), "write it `twice`")
    #expect(try shop.run("review").text.contains("ruth"))
    #expect(try state(shop) == "ready")
    #expect(try shop.run("run").status == 75)
    #expect(try shop.repository.root.read("prompt").contains("write it `twice`"))
    #expect(try state(shop) == "in_review")
    try answer("APPROVED", on: try bare.git("rev-parse", name))
    _ = try shop.run("review")
    #expect(try state(shop) == "queued")
    #expect(try shop.run("land").status == 0)
    #expect(
      try shop.repository.git("log", "-1", "--format=%(trailers:key=Reviewed-by,valueonly)", "main")
        .contains("ruth <ruth@users.noreply.github.com>"))
  }
}
