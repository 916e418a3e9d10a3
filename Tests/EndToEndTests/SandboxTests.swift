import Foundation
import TestSupport
import Testing

/// `sandbox: bubblewrap`, with the real bwrap.
@Suite(.bounded, .enabled(if: SandboxHere.works, "bubblewrap can't make a sandbox on this machine"))
struct SandboxTests {
  private func shop(
    _ features: String, agent: String, sandbox: String = "kind: bubblewrap",
    files: [String: String] = [:]
  ) throws -> Workshop {
    var shop = try Workshop(features: features, agent: agent, files: files)
    let root = shop.repository.root.path
    shop.environment["SECRET_PLACE"] = root + "/home/secret"
    try shop.repository.root.write("home/secret", "of the user\n")
    try shop.repository.write(
      "lanekeeper.yml",
      try shop.repository.read("lanekeeper.yml")
        + "sandbox: {\(sandbox), read: [\"\(root)/agent.sh\"]}\n")
    return shop
  }

  private func log(_ shop: Workshop, _ feature: String, _ attempt: Int = 1) throws -> String {
    try shop.repository.read(".git/lanekeeper/logs/\(feature)/\(attempt).log")
  }

  @Test func threeFeaturesLand() throws {
    let shop = try shop(
      Workshop.independent(3),
      agent: """
        echo one > one$id.txt; git add one$id.txt; git commit -qm "one of $id" || exit 1
        echo two > two$id.txt; git add two$id.txt; git commit -qm "two of $id" || exit 1
        git commit -q --amend -m "two of $id, better" || exit 1
        make test || exit 1
        echo rest > rest$id.txt
        """)
    let result = try shop.run("run", "--parallel", "3")
    #expect(result.status == 0, "\(result.error)\(result.text)")
    #expect(try shop.landed().sorted() == ["1", "2", "3"])
    for id in 1...3 {
      #expect(try shop.repository.read("one\(id).txt") == "one\n")
      #expect(try shop.repository.read("two\(id).txt") == "two\n")
      #expect(try shop.repository.read("rest\(id).txt") == "rest\n")
    }
    let log = try shop.repository.git("log", "--format=%s", "main")
    #expect(log.contains("two of 2, better") && !log.split(separator: "\n").contains("two of 2"))
    #expect(try shop.leftovers() == [])
    #expect(try shop.run("hooks", "install").status == 0)
    let doctor = try shop.run("doctor", "--deep")
    #expect(doctor.status == 0, "\(doctor.text)")
  }

  @Test func p4_whatGitDoesOnTheBranchWorksInside() throws {
    let shop = try shop(
      Workshop.independent(1),
      agent: """
        set -ex
        for n in 1 2 3; do echo $n > f$n; git add f$n; git commit -qm "c$n"; done
        git rebase -q HEAD~2
        git -c core.editor=true rebase -q -i HEAD~2
        git revert --no-edit HEAD
        git checkout -q --detach HEAD~1
        echo side > side; git add side; git commit -qm side
        side=$(git rev-parse HEAD)
        git switch -q lane/1-feature-1
        git cherry-pick $side
        echo conflict > side2; git add side2; git commit -qm side2
        git mv f1 moved; git commit -qm moved
        git reset -q --hard HEAD~1
        git merge -q --no-edit main
        git log --oneline main | grep base
        git status --short > state.txt
        echo staged > staged.txt; git add staged.txt
        """)
    let result = try shop.run("run", "--parallel", "1")
    let log = try log(shop, "1")
    #expect(result.status == 0, "\(result.error)\(result.text)\(log)")
    #expect(try shop.repository.read("side") == "side\n")
    #expect(try shop.repository.read("staged.txt") == "staged\n")
    #expect(try shop.repository.git("ls-files").contains("f1"))
    #expect(try shop.leftovers() == [])
  }

  /// Ways out of the sandbox, each with what it prints when it is refused.
  private static let ways: [(name: String, script: String)] = [
    ("target by update-ref", "git update-ref refs/heads/main HEAD"),
    (
      "target by update-ref, no hooks",
      "git -c core.hooksPath=/dev/null update-ref refs/heads/main HEAD"
    ),
    ("target by hand", "git rev-parse HEAD > $git/refs/heads/main"),
    (
      "target by packed-refs",
      "echo \"$(git rev-parse HEAD) refs/heads/main\" > $git/packed-refs; rm -f $git/refs/heads/main"
    ),
    (
      "target through the checkout",
      "git -C $repo -c core.hooksPath=/dev/null commit --allow-empty -m theirs"
    ),
    ("target by fetch", "git fetch --update-head-ok . +HEAD:main"),
    ("target by push", "git push $git +HEAD:refs/heads/main"),
    (
      "target by HEAD",
      "git symbolic-ref HEAD refs/heads/main; git reset --soft HEAD~0; "
        + "git symbolic-ref HEAD refs/heads/lane/3-feature-3"
    ),
    ("another branch", "git update-ref refs/heads/lane/1-feature-1 HEAD"),
    (
      "another branch by hand",
      "mkdir -p $git/refs/heads/lane; git rev-parse HEAD > "
        + "$git/refs/heads/lane/1-feature-1"
    ),
    ("the stash", "echo x > stashed; git add stashed; git stash"),
    ("configuration", "git config --file $git/config core.evil yes; echo '[x]' >> $git/config"),
    ("hooks", "echo exit 0 > $git/hooks/pre-commit; chmod +x $git/hooks/pre-commit"),
    ("our hooks", "rm -f $git/lanekeeper/hooks/*; echo > $git/lanekeeper/hooks/pre-commit"),
    ("our program", "echo > $git/lanekeeper/bin/lanekeeper-hook"),
    ("objects", "rm -rf $git/objects/* $git/lanekeeper/objects/*"),
    (
      "another lane",
      "echo x > $lanes/2/shared.txt; echo x > $lanes/2/new.txt; cat $lanes/2/shared.txt"
    ),
    ("the checkout", "echo x > $repo/shared.txt; cat $repo/features.yml; echo x > $repo/new.txt"),
    (
      "the state file", "rm -f $git/lanekeeper/state.sqlite*; echo x > $git/lanekeeper/state.sqlite"
    ),
    (
      "a forged row",
      "python3 -c \"import sqlite3,sys; d=sqlite3.connect('$git/lanekeeper/state.sqlite'); "
        + "d.execute('delete from claims'); d.commit()\""
    ),
    (
      "the supervisor",
      "for p in $(ls /proc | grep '^[0-9]*$'); do "
        + "[ $p = $$ ] || [ $p = $PPID ] || kill -9 $p; done; for p in $(seq 2 400); do "
        + "[ $p = $$ ] || [ $p = $PPID ] || kill -9 $p; done; true"
    ),
    ("HOME", "cat $SECRET_PLACE; echo x > $HOME/.bashrc; rm -f $SECRET_PLACE"),
    ("the lane's link", "rm -f .git; echo 'gitdir: /tmp/evil' > .git; mv .git gone"),
    (
      "the lane's registration",
      "echo /tmp > $git/worktrees/lane-1/gitdir; echo /tmp > $git/worktrees/lane-1/commondir"
    ),
    ("the machine", "echo x > /etc/lanekeeper-was-here; echo x > /var/lanekeeper-was-here"),
    ("a mount", "umount $git/lanekeeper; mount -o remount,rw /; mount --bind /tmp /etc"),
    (
      "a link for those outside",
      "ln -sf $SECRET_PLACE $git/worktrees/lane-1/ORIG_HEAD; "
        + "ln -sf $SECRET_PLACE $git/worktrees/lane-1/logs/refs"
    ),
    (
      "a forged sync",
      """
      t=$(git rev-parse HEAD^{tree}); m=$(git rev-parse main)
      echo '{"branch":"refs/heads/main","tip":"'$m'","target":"'$m'","commit":"'$(git rev-parse HEAD)'",\
      "before":"'$t'","after":"'$t'","index":"'$t'","stages":[],"staged":[],"message":"x"}' \
        > $git/worktrees/lane-1/lanekeeper-sync
      lanekeeper sync
      """
    ),
    (
      "the kernel's settings",
      "cat /proc/sys/kernel/core_pattern > /tmp/c; cat /tmp/c > /proc/sys/kernel/core_pattern"
    ),
    (
      "a link in HOME",
      "rm -rf $HOME/.local $HOME/.gitconfig; ln -s ${SECRET_PLACE%/*} $HOME/.local; "
        + "ln -s $SECRET_PLACE $HOME/.gitconfig; true"
    ),
    ("a person's command", "lanekeeper land; lanekeeper stop; lanekeeper retry 1"),
    ("a person's command outside", "lanekeeper claim --project-dir $repo shared.txt"),
    (
      "a daemon",
      "setsid sh -c 'while :; do date > $TMPDIR/ticking; sleep 0.05; done' > /dev/null 2>&1 &"
    ),
  ]

  @Test func p2_p3_p5_p6_noWayOut() throws {
    let cases = Self.ways.enumerated().map { number, way in
      """
      echo "== \(way.name)" >> out.log
      ( \(way.script) ) >> out.log 2>&1

      """
    }.joined()
    let shop = try shop(
      Workshop.independent(3),
      agent: """
        if [ $id != 3 ]; then echo $id > f$id.txt; exit 0; fi
        repo=$LANEKEEPER_REPOSITORY; git=$repo/.git; lanes=$repo.lanes
        PATH=$LK_PROGRAMS:$PATH; export PATH
        echo mine > mine.txt; git add mine.txt; git commit -qm mine
        \(cases)
        cat out.log; rm -f out.log stashed; git reset -q
        echo end > end.txt
        """)
    var prepared = shop
    prepared.environment["LK_PROGRAMS"] = (Workshop.program as NSString).deletingLastPathComponent
    let first = try prepared.run("run", "--parallel", "2", "--feature", "1", "--feature", "2")
    #expect(first.status == 0, "\(first.error)\(first.text)")
    let repository = shop.repository
    let lanes = repository.path + ".lanes"
    #expect(FileManager.default.fileExists(atPath: lanes + "/2/shared.txt"))
    let before = try repository.git("rev-parse", "main")
    let config = try repository.read(".git/config")
    let branches = try repository.git("for-each-ref", "refs/heads")
    let result = try prepared.run("run", "--parallel", "1")
    let log = try log(shop, "3")
    #expect(result.status == 0, "\(result.error)\(result.text)\n\(log)")
    // It lands its own work, and nothing else has changed.
    #expect(try shop.landed().sorted() == ["1", "2", "3"])
    #expect(try repository.git("rev-parse", "main^1") == before)
    let landed = try repository.git("diff", "--name-only", before, "main").split(separator: "\n")
    #expect(landed == ["end.txt", "mine.txt"], "\(landed)\n\(log)")
    #expect(try repository.read(".git/config") == config)
    #expect(
      try repository.git("for-each-ref", "refs/heads").split(separator: "\n").count
        == branches.split(separator: "\n").count)
    #expect(!FileManager.default.fileExists(atPath: repository.path + "/.git/hooks/pre-commit"))
    #expect(
      try repository.read("shared.txt") == "shared\n" && !repository.root.exists("repo/new.txt"))
    #expect(try String(contentsOfFile: lanes + "/2/shared.txt", encoding: .utf8) == "shared\n")
    #expect(!FileManager.default.fileExists(atPath: lanes + "/2/new.txt"))
    #expect(try repository.root.read("home/secret") == "of the user\n")
    #expect(!repository.root.exists("home/.bashrc"))
    #expect(!FileManager.default.fileExists(atPath: "/etc/lanekeeper-was-here"))
    #expect(!FileManager.default.fileExists(atPath: "/var/lanekeeper-was-here"))
    #expect(try prepared.leftovers() == [])
    // What they are told.
    var said: [String: String] = [:]
    for part in log.components(separatedBy: "== ").dropFirst() {
      let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      said[String(lines[0])] = lines.count > 1 ? String(lines[1]) : ""
    }
    #expect(said["target by update-ref"]?.contains("a lane may not change refs/heads/main") == true)
    #expect(said["the stash"]?.contains("a lane may not use the stash") == true)
    let kernel = said["the kernel's settings"] ?? ""
    #expect(
      kernel.contains("Read-only file system") || kernel.contains("ermission denied"), "\(kernel)")
    #expect(said["our hooks"]?.contains("Read-only file system") == true)
    #expect(said["the checkout"]?.contains("No such file") == true, "\(said["the checkout"] ?? "")")
    #expect(said["another lane"]?.contains("No such file") == true)
    #expect(said["the state file"]?.contains("Read-only file system") == true)
    #expect(said["a forged row"]?.contains("unable to open database file") == true)
    #expect(said["HOME"]?.contains("No such file") == true)
    #expect(said["a person's command"]?.contains("anything else is a person's") == true)
    #expect(said["a person's command outside"]?.contains("--project-dir can't be given") == true)
    #expect(said["the lane's link"]?.contains("cannot remove") == true)
    // Commits that it put on other references of its own view are kept.
    let held = try prepared.run("doctor", "--deep")
    #expect(held.status == 0, "\(held.text)\(held.error)")
  }

  @Test func network() throws {
    let agent = """
      python3 - > net.txt 2>&1 <<'END'
      import socket, sys
      listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
      socket.create_connection(listener.getsockname(), 5)
      print("own loopback")
      port = int(open("port.txt").read())
      try:
          socket.create_connection(("127.0.0.1", port), 5)
          print("machine")
      except OSError as e:
          print("refused")
      END
      """
    let listener = try Listener()
    for (word, expected) in [("off", "refused"), ("on", "machine")] {
      let shop = try shop(
        Workshop.independent(1), agent: agent, sandbox: "kind: bubblewrap, network: \(word)",
        files: ["port.txt": "\(listener.port)\n"])
      let result = try shop.run("run")
      #expect(result.status == 0, "\(result.error)\(result.text)")
      #expect(try shop.repository.read("net.txt") == "own loopback\n\(expected)\n")
    }
  }

  @Test func p2_claimsHoldInside() throws {
    // The first takes a file and goes on for long; the second is refused it at the commit, by the hook,
    // and with hooks switched off at the landing.
    let shop = try shop(
      Workshop.independent(2) { $0 == 1 ? ["shared.txt"] : [] },
      agent: """
        if [ $id = 1 ]; then
          echo one >> shared.txt; git commit -qam one
          while ! lanekeeper claims --json | grep -q '"path" *: *"other.txt"'; do sleep 0.1; done
          exit 0
        fi
        [ $LANEKEEPER_ATTEMPT = 1 ] || { echo $id >> shared.txt; exit 0; }
        echo two >> shared.txt; echo two > other.txt
        git add -A
        if git commit -qm two 2> refused; then exit 9; fi
        cat refused; rm refused
        grep -q nothing shared.txt
        git restore --staged shared.txt; git checkout -q shared.txt
        lanekeeper check shared.txt; echo "check $?"
        lanekeeper claim shared.txt; echo "claim $?"
        git commit -qm two || exit 8
        lanekeeper status > /dev/null || exit 7
        """)
    var prepared = shop
    prepared.environment["PATH"] =
      (Workshop.program as NSString).deletingLastPathComponent + ":"
      + (shop.environment["PATH"] ?? "")
    let result = try prepared.run("run", "--parallel", "2")
    let log = try log(shop, "2")
    #expect(result.status == 0, "\(result.error)\(result.text)\(log)")
    #expect(log.contains("shared.txt") && log.contains("held by feature #1"), "\(log)")
    #expect(log.contains("check 75") && log.contains("claim 75"), "\(log)")
    #expect(try shop.repository.read("other.txt") == "two\n")
    #expect(try shop.repository.read("shared.txt").hasPrefix("shared\none\n"))
    #expect(try prepared.leftovers() == [])
  }

  @Test func p2_syncAndMcpInside() throws {
    let shop = try shop(
      Workshop.independent(2),
      agent: """
        if [ $id = 1 ]; then echo landed > first.txt; exit 0; fi
        echo own > own.txt; git add own.txt; git commit -qm own
        echo staged > staged.txt; git add staged.txt
        echo loose > loose.txt
        for i in $(seq 600); do lanekeeper status --json | grep -q '"state" *: *"landed"' && break; sleep 0.1; done
        lanekeeper sync || exit 1
        cat first.txt own.txt staged.txt loose.txt || exit 2
        [ "$(git rev-parse HEAD)" = "$(git rev-parse lane/2-feature-2)" ] || exit 3
        git diff --quiet HEAD -- first.txt own.txt || exit 4
        git commit -qm "after the sync" || exit 5
        printf '%s\\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}' \\
          '{"jsonrpc":"2.0","method":"notifications/initialized"}' \\
          '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"claim_file","arguments":{"file_path":"mcp.txt","agent_id":"x"}}}' \\
          '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"claim_features","arguments":{"count":1,"agent_id":"x"}}}' \\
          | lanekeeper mcp
        lanekeeper claims
        printf '{"hook_event_name":"PreToolUse","tool_name":"Write","cwd":"%s","tool_input":{"file_path":"%s/hook.txt"}}' $PWD $PWD | lanekeeper edit-hook claude
        lanekeeper claims | grep hook.txt || exit 6
        printf '{"hook_event_name":"PreToolUse","tool_name":"Write","cwd":"%s","tool_input":{"file_path":"%s/lanekeeper.yml"}}' $PWD $PWD | lanekeeper edit-hook claude | grep deny || exit 7
        echo mcp > mcp.txt
        """)
    var prepared = shop
    prepared.environment["PATH"] =
      (Workshop.program as NSString).deletingLastPathComponent + ":"
      + (shop.environment["PATH"] ?? "")
    let result = try prepared.run("run", "--parallel", "2")
    let log = try log(shop, "2")
    #expect(result.status == 0, "\(result.error)\(result.text)\(log)")
    #expect(try shop.landed() == ["1", "2"])
    #expect(log.contains("main was merged into lane/2-feature-2"), "\(log)")
    #expect(log.contains("\\\"granted\\\":true") || log.contains("\"granted\":true"), "\(log)")
    for file in ["first", "own", "staged", "loose", "mcp"] {
      #expect(shop.repository.root.exists("repo/\(file).txt"))
    }
    #expect(try prepared.leftovers() == [])
  }

  @Test func p6_nothingOfTheAgentsRunsOutside() throws {
    // Hooks that git looks for in the lane itself, as husky's are, and a repository inside the lane.
    let shop = try shop(
      Workshop.independent(1),
      agent: """
        mkdir -p .husky/_
        for hook in pre-commit reference-transaction post-index-change post-checkout commit-msg; do
          printf '#!/bin/sh\necho %s $$ >> "$LK_ROOT/home/ran"; echo %s >> ran.txt\n' $hook $hook > .husky/_/$hook
          chmod +x .husky/_/$hook
        done
        git init -q sub
        git -C sub config core.fsmonitor "echo sub >> $LK_ROOT/home/ran"
        git -C sub commit -q --allow-empty -m sub
        git config --file "$LANEKEEPER_REPOSITORY/.git/worktrees/lane-1/config.worktree" \
          core.fsmonitor "echo worktree >> $LK_ROOT/home/ran"
        git checkout -q --detach; echo detached > detached.txt; git add detached.txt
        git -c core.hooksPath=/dev/null commit -qm detached
        echo left > left.txt
        """, files: [".gitignore": ".husky/_/\n"])
    var prepared = shop
    prepared.environment["LK_ROOT"] = shop.repository.root.path
    try shop.repository.git("config", "core.hooksPath", ".husky/_")
    try shop.repository.git("config", "extensions.worktreeConfig", "true")
    let result = try prepared.run("run")
    #expect(result.status == 0, "\(result.error)\(result.text)")
    #expect(try shop.repository.read("left.txt") == "left\n")
    #expect(try shop.repository.read("detached.txt") == "detached\n")
    let ran = (try? shop.repository.root.read("home/ran")) ?? ""
    #expect(ran == "")
  }

  @Test func p3_hooksOffAreStoppedAtTheLanding() throws {
    let shop = try shop(
      Workshop.independent(1),
      agent: """
        if [ $LANEKEEPER_ATTEMPT = 1 ]; then
          echo "gate: \\"\\"" > lanekeeper.yml
          git -c core.hooksPath=/dev/null add -A
          git -c core.hooksPath=/dev/null commit -qm "past the hooks" && exit 0
        fi
        git rm -q --cached lanekeeper.yml; rm -f lanekeeper.yml; echo good > good.txt
        git add -A; git -c core.hooksPath=/dev/null commit -q --amend -m good
        """)
    let result = try shop.run("run")
    // What is frozen did not land, whatever else became of the feature.
    let files = try shop.repository.git("ls-tree", "--name-only", "main").split(separator: "\n")
    #expect(!files.contains("lanekeeper.yml"), "\(result.text)")
    // The commit that went past the hooks was brought in and is kept.
    #expect(try shop.run("events").text.contains("frozen") || result.text.contains("frozen"))
  }

  @Test func p4_p5_killedSupervisor() throws {
    let shop = try shop(
      Workshop.independent(1),
      agent: """
        if [ $LANEKEEPER_ATTEMPT = 1 ]; then
          echo kept > kept.txt; git add kept.txt; git commit -qm kept
          git -c core.hooksPath=/dev/null commit -q --allow-empty -m unseen
          echo staged > staged.txt; git add staged.txt
          (setsid sleep 1000 &)
          echo ready; sleep 1000
        fi
        """)
    let program = try shop.start(["run"], output: "out")
    let path = ".git/lanekeeper/logs/1/1.log"
    #expect(
      eventually {
        (try? shop.repository.read(path).contains("ready")) == true
      })
    program.signal(SIGKILL)
    program.wait()
    #expect(try eventually { try shop.processes().isEmpty })
    let result = try shop.run("run")
    #expect(result.status == 0, "\(result.error)\(result.text)")
    #expect(try shop.repository.read("kept.txt") == "kept\n")
    #expect(try shop.repository.read("staged.txt") == "staged\n")
    #expect(try shop.repository.git("log", "--format=%s", "main").contains("unseen"))
    #expect(try shop.leftovers() == [])
  }

  @Test func p4_otherReferencesAreRescued() throws {
    let shop = try shop(
      Workshop.independent(1),
      agent: """
        echo x > x.txt; git add x.txt; git commit -qm x
        git -c core.hooksPath=/dev/null switch -qc elsewhere
        echo lost > lost.txt; git add lost.txt
        git -c core.hooksPath=/dev/null commit -qm "on another branch"
        git -c core.hooksPath=/dev/null switch -q lane/1-feature-1
        """)
    let result = try shop.run("run")
    #expect(result.status == 0, "\(result.error)\(result.text)")
    let rescued = try shop.repository.git(
      "for-each-ref", "--format=%(contents:subject)", "refs/lanekeeper/rescue")
    #expect(rescued.contains("on another branch"))
    #expect(try shop.repository.runGit(["rev-parse", "--verify", "-q", "elsewhere"]).status != 0)
  }

  @Test func p5_limitsHoldInside() throws {
    let shop = try shop(
      Workshop.independent(2),
      agent: """
        if [ $id = 1 ]; then
          trap 'echo asked to end; exit 0' TERM
          (setsid sh -c 'while :; do sleep 1; done' &)
          echo waiting; while :; do sleep 0.1; done
        fi
        kill -9 $$
        """)
    try shop.repository.write(
      "lanekeeper.yml",
      try shop.repository.read("lanekeeper.yml")
        + "limits: {silence_minutes: 0.25, attempts: 1}\n")
    let result = try shop.run("run", "--parallel", "2")
    #expect(result.status == 1, "\(result.error)\(result.text)")
    let (log, other) = (try log(shop, "1"), try log(shop, "2"))
    let text = try shop.run("events").text
    #expect(log.contains("asked to end"), "\(log)\(text)")
    #expect(text.contains("limits.silence_minutes"), "\(text)")
    #expect(text.contains("ended by signal 9"), "\(text)\(other)")
    #expect(try shop.processes() == [])
  }
}

/// A server on loopback that takes connections and says nothing.
private final class Listener {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, size) == 0 && listen(socket, 16) == 0
          && getsockname(socket, $0, &size) == 0
      }
    }
    guard code else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    descriptor = socket
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }
}

/// Tells whether bubblewrap can make a sandbox on this machine.
private enum SandboxHere {
  static let works: Bool = {
    let result = try? TestProgram.run(
      [
        "bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true",
      ],
      directory: "/", environment: ProcessInfo.processInfo.environment)
    return result?.status == 0
  }()
}
