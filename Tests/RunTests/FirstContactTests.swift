import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// What a project meets that Lanekeeper has never seen.
@Suite(.bounded) struct FirstContactTests {
  @Test(arguments: ["./agent.sh", "tools/agent.sh", "sh tools/agent.sh"])
  func anAgentThatNoLaneWouldHaveIsFoundAtOnce(command: String) async throws {
    let shop = try Workshop(features: Workshop.independent(3), agent: "true")
    try shop.repository.write(
      "lanekeeper.yml", "gate: make test\nagent: command\nagents: {command: {run: '\(command)'}}\n")
    for path in ["agent.sh", "tools/agent.sh"] {
      try shop.repository.write(path, "#!/bin/sh\ntrue\n", executable: true)
    }
    let run = try await shop.run()
    #expect(run.status == 65)
    #expect(run.text.contains("which main does not hold"), "\(run.text)")
    #expect(try shop.faults().contains("which main does not hold"))
    try shop.repository.git("add", "agent.sh", "tools/agent.sh")
    try shop.repository.git("commit", "-qm", "agents")
    #expect(try !shop.faults().contains("which main does not hold"))
    guard command.hasPrefix("./") else { return }
    try shop.repository.git("update-index", "--chmod=-x", "agent.sh")
    try shop.repository.git("commit", "-qm", "not executable")
    #expect(try await shop.run().text.contains("not executable on main"))
  }

  @Test func anAgentThatFailsAlikeEverywhereEndsTheRun() async throws {
    let shop = try Workshop(
      features: Workshop.independent(8), agent: "echo cannot find the library; exit 4")
    let run = try await shop.run(parallel: 2)
    #expect(run.status == 1)
    #expect(run.text.contains("itself seems to be at fault"), "\(run.text)")
    #expect(run.text.contains("cannot find the library"))
    #expect(try shop.trace().count { $0.first == "begin" } <= 5)
    #expect(try shop.states().values.allSatisfy { $0 == "ready" })
    // Each has all its attempts left.
    try shop.repository.root.write(
      "agent.sh", "cat > /dev/null; echo x > f$LANEKEEPER_FEATURE_ID.txt\n")
    #expect(try await shop.run(parallel: 2).status == 0)
    #expect(try shop.landed().count == 8)
  }

  @Test func anAgentThatCantBeStartedEndsAShortRun() async throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "no-such-agent-program")
    let run = try await shop.run()
    #expect(run.status == 1)
    #expect(try shop.trace().count { $0.first == "begin" } == 1, "\(run.text)")
  }

  @Test func noChangesSaysWhereTheChangesAre() async throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: """
        case $id in
          1) mkdir -p lib; echo code > lib/new.js ;;
          2) echo code > "$LANEKEEPER_REPOSITORY/astray.txt" ;;
        esac
        printf '%s' "$prompt" > "$LANEKEEPER_REPOSITORY/../prompt-$id-$LANEKEEPER_ATTEMPT"
        """, configuration: "limits: {attempts: 2}", files: [".gitignore": "lib/\n"])
    let run = try await shop.run(parallel: 1)
    #expect(run.status == 1)
    #expect(run.text.contains("lib/, which git ignores"), "\(run.text)")
    #expect(run.text.contains("astray.txt changed in the checkout"), "\(run.text)")
    #expect(try shop.reasons("1").contains("which git ignores"))
    #expect(try shop.repository.root.read("prompt-1-2").contains("which git ignores"))
  }

  private func withHook(_ configuration: String, agent: String) throws -> Workshop {
    let shop = try Workshop(
      features: Workshop.independent(1), agent: agent, configuration: configuration)
    try shop.repository.write(
      ".git/hooks/commit-msg",
      """
      #!/bin/sh
      head -1 "$1" | grep -Eq '^(feat|chore).*[(]#[0-9]+[)]$' || { echo 'type may not be empty' >&2; exit 1; }

      """, executable: true)
    return shop
  }

  @Test func aHookThatRefusesOurCommitTellsTheAgent() async throws {
    let shop = try withHook(
      "limits: {attempts: 1}",
      agent: """
        echo work > f$id.txt
        case "$prompt" in *'type may not be empty'*)
          git add -A; git commit -qm 'feat: by the agent (#1)' ;; esac
        """)
    let run = try await shop.run()
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.landed() == ["1"])
    #expect(try shop.trace().count { $0.first == "begin" } == 2)
  }

  @Test func aHookThatNeverLetsItPassEndsItAndTheWorkIsKept() async throws {
    let shop = try withHook("", agent: "echo work > f$id.txt")
    let run = try await shop.run()
    #expect(run.status == 1)
    #expect(run.text.contains("type may not be empty"), "\(run.text)")
    #expect(try shop.trace().count { $0.first == "begin" } == 3)
    #expect(try !shop.repository.git("log", "--all", "--format=%H", "--", "f1.txt").isEmpty)
  }

  @Test func theMessageOfOurCommitsCanBeSet() async throws {
    let shop = try withHook(
      "lanes: {commit_message: 'feat: {title} (#{id})', author: 'Build Bot <bot@example.org>'}",
      agent: "echo work > f$id.txt")
    let run = try await shop.run()
    #expect(run.status == 0, "\(run.text)")
    let log = try shop.repository.git("log", "--format=%an %s", "main")
    #expect(log.contains("Build Bot feat: Feature 1 (#1)"), "\(log)")
  }

  @Test func theNamesOfBranchesCanBeSetAndThoseThatAreThereStay() async throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: """
        git symbolic-ref --short HEAD >> "$LANEKEEPER_REPOSITORY/../branches"
        echo work > f$id.txt; git add -A; git commit -qm work
        if [ $id = 2 ] && [ $LANEKEEPER_ATTEMPT = 1 ]; then exit 1; fi
        """, configuration: "limits: {attempts: 1}")
    try shop.repository.write(
      ".git/hooks/pre-commit",
      """
      #!/bin/sh
      git symbolic-ref --short HEAD | grep -Eq '^(main|(feature|bugfix)/[A-Z]+-[0-9]+)' || exit 1

      """, executable: true)
    let settings = try shop.repository.root.read("repo/lanekeeper.yml")
    func set(_ pattern: String) throws {
      try shop.repository.write("lanekeeper.yml", settings + "lanes: {branch: '\(pattern)'}\n")
    }
    try set("feature/APP-{id}-{slug}")
    _ = try await shop.run()
    #expect(try shop.landed() == ["1"])
    try set("bugfix/APP-{id}")
    _ = try shop.control().retry("2")
    let again = try await shop.run()
    #expect(again.status == 0, "\(again.text)")
    #expect(try shop.landed() == ["1", "2"])
    let names = try shop.repository.root.read("branches").split(separator: "\n").sorted()
    #expect(
      names == [
        "feature/APP-1-feature-1", "feature/APP-2-feature-2", "feature/APP-2-feature-2",
      ])
    #expect(try shop.broken() == [])
  }

  /// A hook manager that a set-up command or the gate starts, in a lane or in the gate's worktree.
  @Test func p6_whatASetUpInstallsOverOurHooksRunsAfterThem() async throws {
    let shop = try Workshop(
      features: Workshop.independent(2), agent: "echo work > f$id.txt",
      gate: "sh install.sh", configuration: "lanes: {setup: sh install.sh}",
      files: [
        "install.sh": """
        for name in pre-commit pre-push; do
          printf '#!/bin/sh\\nexit 0\\n' > "$(git rev-parse --git-path hooks)/$name"
        done

        """
      ])
    _ = try shop.project().hooks().install(forPersons: true)
    let run = try await shop.run(parallel: 2)
    #expect(run.status == 0, "\(run.text)")
    #expect(try shop.landed().count == 2)
    #expect(try shop.project().hooks().report().overwritten == [])
    #expect(try shop.repository.read(".git/hooks/pre-push").hasPrefix("#!/bin/sh\nexit 0"))
    #expect(try shop.broken() == [])
  }

  /// The form that most rules for messages ask for is tried without anybody having to set it.
  @Test func aRuleForConventionalMessagesNeedsNoSetting() async throws {
    let shop = try withHook("", agent: "echo work > f$id.txt")
    try shop.repository.write(
      ".git/hooks/commit-msg",
      "#!/bin/sh\nhead -1 \"$1\" | grep -Eq '^(feat|chore): [a-z]' || { echo no type >&2; exit 1; }\n"
    )
    chmod(shop.repository.path + "/.git/hooks/commit-msg", 0o755)
    #expect(try await shop.run().status == 0)
    #expect(try shop.trace().count { $0.first == "begin" } == 1)
    #expect(try shop.repository.git("log", "--format=%s", "main").contains("feat: feature 1"))
  }

  @Test func aSignerThatFailsHoldsTheFeatureUp() async throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "echo work > f$id.txt")
    let signer = shop.repository.root.path("signer")
    try shop.repository.root.write(
      "signer", "#!/bin/sh\necho no pinentry >&2\nexit 2\n", executable: true)
    for (key, value) in [
      ("gpg.program", signer), ("commit.gpgsign", "true"), ("user.signingkey", "K"),
    ] {
      try shop.repository.git("config", key, value)
    }
    let run = try await shop.run()
    #expect(run.status == 75, "\(run.text)")
    #expect(run.text.contains("signing failed"), "\(run.text)")
    #expect(
      try shop.store().feature("1")?.wait?.words().contains("until commits can be signed") == true)
    #expect(try shop.trace().count { $0.first == "begin" } == 1)
    try shop.repository.git("config", "commit.gpgsign", "false")
    #expect(try await shop.run().status == 0)
    #expect(try shop.landed() == ["1"])
  }
}
