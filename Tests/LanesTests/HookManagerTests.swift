import Engine
import Foundation
import TestSupport
import Testing

/// Our hooks beside others, which still run: in order, with their environment and exit status.
@Suite(.bounded) struct HookManagerTests {
  /// Checks what holds beside every manager: in a lane ours runs first and the other after it, what ours
  /// refuses never reaches the other, and a person in the main checkout has both.
  private func expectBoth(_ fixture: InstalledHooks, line: String) throws {
    _ = try fixture.takeLog()
    for directory in [fixture.lane, fixture.test.path] {
      let file = directory == fixture.lane ? "lane.txt" : "free.txt"
      let result = try fixture.commit(file, "\(UInt32.random(in: 0 ... .max))\n", at: directory)
      #expect(result.status == 0, "\(directory): \(result.error)")
      let log = try fixture.takeLog()
      #expect(log.count { $0.hasPrefix(line) } == 1, "\(directory): \(log)")
    }
    let refused = try fixture.commit("held.txt", "2\n", at: fixture.lane)
    #expect(
      refused.status == 1 && refused.error.contains("held.txt: held by feature #2"),
      "\(refused.error)")
    #expect(try fixture.takeLog() == [])
    let skipped = try fixture.commit("held.txt", "2\n", at: fixture.lane, ["--no-verify"])
    #expect(skipped.status != 0 && skipped.error.contains("held by"), "\(skipped.error)")
    _ = try fixture.run(["git", "reset", "-q", "--hard"], at: fixture.lane)
    // A person is warned, and the other hook runs.
    let warned = try fixture.commit(
      "held.txt", "\(UInt32.random(in: 0 ... .max))\n", at: fixture.test.path)
    #expect(warned.status == 0 && warned.error.contains("held.txt: held by"), "\(warned.error)")
    #expect(try fixture.takeLog().contains { $0.hasPrefix(line) })
  }

  @Test func plainHooks() throws {
    let fixture = try InstalledHooks { test, _ in
      for name in ["pre-commit", "commit-msg", "post-commit", "pre-push", "reference-transaction"] {
        try test.write(
          ".git/hooks/" + name,
          """
          #!/bin/sh
          [ "$1" = aborted ] || [ "$1" = committed ] && exit 0
          in=; case $(basename "$0") in pre-push|reference-transaction) in=$(head -n 1 | cut -d' ' -f3);; esac
          echo "$(basename "$0") $0 $# cwd=$PWD index=${GIT_INDEX_FILE##*/} prefix=$GIT_PREFIX mine=$MINE $in" \
            >> '\(test.root.path("log"))'
          [ ! -e '\(test.root.path("refuse"))' ] || exit 7
          """, executable: true)
      }
    }
    #expect(try fixture.hooks.report().managers == [])
    try expectBoth(fixture, line: "pre-commit ")
    // Order, place, arguments, variables and standard input are those that git gave.
    let result = try fixture.run(
      ["env", "MINE=yes", "sh", "-c", "echo 9 > lane.txt; git commit -q -m x lane.txt"],
      at: fixture.lane)
    #expect(result.status == 0, "\(result.error)")
    let log = try fixture.takeLog()
    let names = log.map { String($0.prefix { $0 != " " }) }
    try #require(
      names == ["pre-commit", "commit-msg", "reference-transaction", "post-commit"], "\(log)")
    #expect(
      log[0].contains(
        "\(fixture.test.path)/.git/hooks/pre-commit 0 cwd=\(fixture.lane) index=next-index-"))
    #expect(log.allSatisfy { $0.contains("mine=yes") && $0.contains("cwd=\(fixture.lane)") })
    #expect(log[1].contains("commit-msg 1 "))
    #expect(log[2].contains("reference-transaction 1 ") && log[2].hasSuffix("HEAD"))
    // Their refusal counts in a lane and for a person.
    try fixture.test.root.write("refuse", "")
    #expect(try fixture.commit("lane.txt", "a\n", at: fixture.lane).status == 1)
    #expect(try fixture.commit("free.txt", "b\n", at: fixture.test.path).status == 1)
    unlink(fixture.test.root.path("refuse"))
    // A hook that is not executable is none, as git has it.
    chmod(fixture.test.path + "/.git/hooks/commit-msg", 0o644)
    _ = try fixture.takeLog()
    #expect(try fixture.commit("lane.txt", "c\n", at: fixture.lane).status == 0)
    #expect(try !fixture.takeLog().contains { $0.hasPrefix("commit-msg") })
  }

  @Test func anEmptyEnvironmentStillFindsThem() throws {
    let fixture = try InstalledHooks { _, _ in }
    let result = try TestProgram.run(
      [
        "env", "-i", "PATH=\(fixture.environment["PATH"] ?? "")", "sh", "-c",
        "echo 2 > held.txt; git -c user.name=a -c user.email=a@b.c commit -qam x",
      ], directory: fixture.lane, environment: [:])
    #expect(result.status == 1 && result.error.contains("held by feature #2"), "\(result.error)")
  }

  /// The layout that husky 9 makes: `core.hooksPath` in the repository's configuration points to a
  /// directory that is ignored, so that a fresh worktree has none of it.
  @Test func husky() throws {
    let fixture = try InstalledHooks { test, _ in
      try test.write(".husky/_/.gitignore", "*\n")
      try test.write(
        ".husky/_/h",
        """
        name=$(basename "$0"); file=$(dirname "$(dirname "$0")")/$name
        [ -f "$file" ] || exit 0
        [ "$HUSKY" = 0 ] && exit 0
        PATH="node_modules/.bin:$PATH" sh -e "$file" "$@"
        """)
      for name in ["pre-commit", "commit-msg", "post-commit"] {
        try test.write(
          ".husky/_/" + name, "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"\n", executable: true)
      }
      try test.write(
        ".husky/pre-commit",
        """
        echo "husky $PATH" >> '\(test.root.path("log"))'
        [ ! -e '\(test.root.path("refuse"))' ] || exit 3
        """)
      try test.commit("husky")
      try test.git("config", "core.hooksPath", ".husky/_")
    }
    #expect(!fixture.test.root.exists("lane-1/.husky/_"))
    try expectBoth(fixture, line: "husky node_modules/.bin:")
    #expect(try fixture.hooks.report().managers == ["husky"])
    try fixture.test.root.write("refuse", "")
    let refused = try fixture.commit("lane.txt", "x\n", at: fixture.lane)
    #expect(refused.status == 1 && !refused.error.contains("lanekeeper"), "\(refused.error)")
    unlink(fixture.test.root.path("refuse"))
    // `npm install` sets its path again; ours still wins, in lanes and for a person.
    try fixture.test.git("config", "core.hooksPath", ".husky/_")
    try expectBoth(fixture, line: "husky node_modules/.bin:")
    #expect(try fixture.hooks.report().shadowed == [])
    _ = try fixture.hooks.uninstall()
    #expect(try fixture.test.git("config", "core.hooksPath") == ".husky/_")
    let plain = try fixture.commit("held.txt", "y\n", at: fixture.test.path)
    #expect(plain.status == 0 && plain.error == "", "\(plain.error)")
    #expect(try fixture.takeLog().contains { $0.hasPrefix("husky") })
  }

  /// A manager asks git for the hooks directory, gets ours, and writes itself into it.
  @Test func aManagerThatInstallsItselfOverOurs() throws {
    let fixture = try InstalledHooks { _, _ in }
    for directory in [fixture.state.hooks, fixture.state.personHooks] {
      rename(directory + "/pre-commit", directory + "/pre-commit.old")
      let path = directory + "/pre-commit"
      try Data("#!/bin/sh\necho manager >> '\(fixture.test.root.path("log"))'\n".utf8)
        .write(to: URL(fileURLWithPath: path))
      chmod(path, 0o755)
    }
    #expect(try !fixture.hooks.report().isIntact)
    // pre-commit is the manager's now, and still the claim holds.
    let first = try fixture.commit("held.txt", "2\n", at: fixture.lane)
    #expect(first.status != 0 && first.error.contains("held by"), "\(first.error)")
    // The links are put back before the reference moves, and the manager's hook runs on.
    #expect(try fixture.hooks.report().shadowed == [])
    _ = try fixture.takeLog()
    _ = try fixture.run(["git", "reset", "-q", "--hard"], at: fixture.lane)
    #expect(try fixture.commit("free.txt", "2\n", at: fixture.test.path).status == 0)
    try expectBoth(fixture, line: "manager")
    #expect(try fixture.hooks.report().isIntact)
    // Installing again moves it to where the user's own hooks stand.
    _ = try fixture.hooks.install(forPersons: true)
    #expect(fixture.test.root.exists("repo/.git/hooks/pre-commit"))
    #expect(!fixture.test.root.exists("repo/.git/lanekeeper/hooks/pre-commit.displaced"))
    #expect(!fixture.test.root.exists("repo/.git/lanekeeper/hooks/pre-commit.old"))
    try expectBoth(fixture, line: "manager")
  }

  /// A manager opens the file under a hook's name and writes, as `open(path, "w")` does.
  @Test(arguments: [["pre-commit"], ["pre-push", "reference-transaction"], HookInstallation.ours])
  func p6_aManagerThatWritesIntoOurs(_ names: [String]) throws {
    let fixture = try InstalledHooks { _, _ in }
    let program = fixture.state.programs + "/lanekeeper-hook"
    let size = try FileManager.default.attributesOfItem(atPath: program)[.size] as? Int
    for directory in [fixture.state.hooks, fixture.state.personHooks] {
      for name in names {
        let file = try #require(FileHandle(forWritingAtPath: directory + "/" + name))
        try file.truncate(atOffset: 0)
        try file.write(
          contentsOf: Data(
            "#!/bin/sh\n[ \"$#\" = 0 ] && echo manager \(name) >> '\(fixture.test.root.path("log"))'\nexit 0\n"
              .utf8
          ))
        try file.close()
      }
    }
    #expect(try fixture.hooks.report().overwritten == names.sorted())
    #expect(try FileManager.default.attributesOfItem(atPath: program)[.size] as? Int == size)
    #expect(try fixture.commit("free.txt", "2\n", at: fixture.test.path).status == 0)
    #expect(try fixture.run(["git", "branch", "other"], at: fixture.test.path).status == 0)
    try fixture.hooks.refresh()
    let report = try fixture.hooks.report()
    #expect(report.isIntact && report.displaced == [] && report.replaced == [])
    for name in names { #expect(fixture.test.root.exists("repo/.git/hooks/" + name)) }
    if names.contains("pre-commit") { try expectBoth(fixture, line: "manager pre-commit") }
    // Without ours, theirs go on from where git finds them.
    _ = try fixture.hooks.uninstall()
    _ = try fixture.takeLog()
    #expect(try fixture.commit("free.txt", "3\n", at: fixture.test.path).status == 0)
    let log = try fixture.takeLog()
    #expect(log == (names.contains("pre-commit") ? ["manager pre-commit"] : []))
  }

  /// `git lfs install --force` writes into the file under a name, others put a file of theirs or a link there.
  @Test(arguments: ["write", "replace", "link"]) func p6_oursArePutBackAfterASetUp(
    way: String
  ) throws {
    let fixture = try InstalledHooks { _, _ in }
    let log = fixture.test.root.path("log")
    let script = "#!/bin/sh\n[ \"$#\" = 0 ] && echo other >> '\(log)'\nexit 0\n"
    try fixture.test.root.write("other", script, executable: true)
    let path = fixture.state.hooks + "/pre-commit"
    switch way {
    case "write": try Data(script.utf8).write(to: URL(fileURLWithPath: path))
    case "replace":
      unlink(path)
      try Data(script.utf8).write(to: URL(fileURLWithPath: path))
      chmod(path, 0o755)
    default:
      unlink(path)
      symlink(fixture.test.root.path("other"), path)
    }
    HookInstallation.putBack(fixture.state)
    #expect(try fixture.hooks.report().isIntact)
    let refused = try fixture.commit("held.txt", "2\n", at: fixture.lane)
    #expect(refused.status == 1 && refused.error.contains("held by feature #2"), "\(refused.error)")
    #expect(try fixture.takeLog() == [])
    _ = try fixture.run(["git", "reset", "-q", "--hard"], at: fixture.lane)
    #expect(try fixture.commit("lane.txt", "3\n", at: fixture.lane).status == 0)
    #expect(try fixture.takeLog() == ["other"])
    #expect(try fixture.test.root.read("other") == script)
  }

  @Test func p6_bothAreKeptWhereThePlaceIsTaken() throws {
    let fixture = try InstalledHooks { test, _ in
      try test.write(
        ".git/hooks/pre-commit", "#!/bin/sh\necho first >> '\(test.root.path("log"))'\n",
        executable: true)
    }
    let path = fixture.state.personHooks + "/pre-commit"
    for word in ["second", "third"] {
      try Data("#!/bin/sh\necho \(word) >> '\(fixture.test.root.path("log"))'\n".utf8)
        .write(to: URL(fileURLWithPath: path))
      chmod(path, 0o755)
      try fixture.hooks.refresh()
    }
    let report = try fixture.hooks.report()
    #expect(report.displaced == [path + ".displaced"])
    #expect(report.replaced == [path + ".displaced.1"])
    #expect(try fixture.commit("free.txt", "2\n", at: fixture.test.path).status == 0)
    #expect(try fixture.takeLog() == ["first", "third"])
  }

  /// The program that older versions linked to may have been overwritten.
  @Test func aProgramThatWasOverwrittenIsPutBackAndTheOtherKept() throws {
    let fixture = try InstalledHooks { _, _ in }
    let program = fixture.state.programs + "/lanekeeper-hook"
    unlink(program)
    try Data("#!/bin/sh\nexit 3\n".utf8).write(to: URL(fileURLWithPath: program))
    for name in HookInstallation.ours {
      let path = fixture.state.personHooks + "/" + name
      unlink(path)
      symlink("../bin/lanekeeper-hook", path)
    }
    try fixture.hooks.refresh()
    #expect(try fixture.commit("free.txt", "2\n", at: fixture.test.path).status == 0)
    let report = try fixture.hooks.report()
    #expect(report.isIntact && report.displaced == [] && report.replaced.count == 1)
  }

  @Test func hooksThatAreAddedLaterRun() throws {
    let fixture = try InstalledHooks { _, _ in }
    func add(_ name: String) throws {
      try fixture.test.write(
        ".git/hooks/" + name,
        "#!/bin/sh\necho $(basename $0) >> '\(fixture.test.root.path("log"))'\n", executable: true)
    }
    // Those that git starts before any of ours.
    try add("post-checkout")
    #expect(try fixture.run(["git", "switch", "-q", "-c", "x"], at: fixture.test.path).status == 0)
    #expect(try fixture.takeLog() == ["post-checkout"])
    for name in ["prepare-commit-msg", "commit-msg", "post-commit"] { try add(name) }
    for (directory, file) in [(fixture.test.path, "free.txt"), (fixture.lane, "lane.txt")] {
      #expect(try fixture.commit(file, "2\n", at: directory).status == 0)
      #expect(try fixture.takeLog() == ["prepare-commit-msg", "commit-msg", "post-commit"])
    }
  }

  @Test func hooksWhoseDirectoryIsSetLaterRunOnce() throws {
    let fixture = try InstalledHooks { _, _ in }
    func add(_ path: String, _ word: String) throws {
      try fixture.test.write(
        path, "#!/bin/sh\necho \(word) >> '\(fixture.test.root.path("log"))'\n", executable: true)
    }
    try add(".git/hooks/pre-commit", "plain")
    try add(".husky/_/pre-commit", "husky")
    try add(".husky/_/commit-msg", "words")
    func commit() throws -> [String] {
      let text = "\(UInt32.random(in: 0 ... .max))\n"
      #expect(try fixture.commit("free.txt", text, at: fixture.test.path).status == 0)
      return try fixture.takeLog()
    }
    #expect(try commit() == ["plain"])
    try fixture.test.git("config", "core.hooksPath", ".husky/_")
    #expect(try commit() == ["husky", "words"])
    try fixture.test.git("config", "core.hooksPath", fixture.test.path + "/.husky/_")
    #expect(try commit() == ["husky", "words"])
    try fixture.test.git("config", "--unset", "core.hooksPath")
    #expect(try commit() == ["plain"])
    #expect(try fixture.hooks.report().isIntact)
  }

  @Test func aPathThatNeedsAShellIsNoHindrance() throws {
    let fixture = try InstalledHooks { test, _ in
      try test.write(
        ".git/hooks/pre-commit", "#!/bin/sh\necho mine >> '\(test.root.path("log"))'\n",
        executable: true)
    }
    let copy = fixture.test.root.path("it's a \"copy\"")
    _ = try fixture.run(["cp", "-R", fixture.test.path, copy], at: fixture.test.root.path)
    let state = StateDirectory(commonDirectory: copy + "/.git")
    let hooks = HookInstallation(
      state: state, repository: copy, program: BuiltPrograms.path("lanekeeper-hook"),
      environment: fixture.test.environment)
    _ = try hooks.install(forPersons: true)
    let report = try hooks.report()
    #expect(report.isIntact && report.displaced == [])
    let warned = try fixture.commit("held.txt", "2\n", at: copy)
    #expect(warned.status == 0 && warned.error.contains("held.txt: held by"), "\(warned.error)")
    #expect(try fixture.takeLog() == ["mine"])
  }

  // MARK: the real ones

  /// Where lefthook and pre-commit are, `Tools/test-hook-managers` sets it.
  private static let programs =
    ProcessInfo.processInfo.environment["LANEKEEPER_HOOK_MANAGERS"]

  @Test(.enabled(if: programs != nil, "run Tools/test-hook-managers"), arguments: [true, false])
  func lefthook(isThereFirst: Bool) throws {
    func install(_ test: TestRepository, _ environment: [String: String]) throws {
      try test.write(
        "lefthook.yml",
        """
        pre-commit:
          commands:
            note:
              run: echo lefthook >> '\(test.root.path("log"))'

        """)
      try test.commit("lefthook")
      let result = try TestProgram.run(
        ["lefthook", "install"], directory: test.path, environment: environment)
      #expect(result.status == 0, "\(result.error)")
    }
    let fixture = try InstalledHooks(path: Self.programs) { test, environment in
      if isThereFirst { try install(test, environment) }
    }
    if !isThereFirst {
      try install(fixture.test, fixture.environment)
      _ = try fixture.run(["git", "merge", "-q", "main"], at: fixture.lane)
      _ = try fixture.hooks.install(forPersons: true)
    }
    try expectBoth(fixture, line: "lefthook")
    #expect(try fixture.hooks.report().managers == ["lefthook"])
    // It installs itself again when its configuration changes.
    try fixture.test.write(
      "lefthook.yml",
      """
      pre-commit:
        commands:
          note:
            run: echo lefthook again >> '\(fixture.test.root.path("log"))'
      commit-msg:
        commands:
          note:
            run: echo words >> '\(fixture.test.root.path("log"))'

      """)
    try fixture.test.commit("lefthook")
    _ = try fixture.run(["git", "merge", "-q", "main"], at: fixture.lane)
    _ = try fixture.commit("lane.txt", "z\n", at: fixture.lane)
    _ = try fixture.takeLog()
    try expectBoth(fixture, line: "lefthook again")
    _ = try fixture.hooks.install(forPersons: true)
    try expectBoth(fixture, line: "lefthook again")
  }

  @Test(
    .enabled(if: programs != nil, "run Tools/test-hook-managers"),
    arguments: [[], ["install"], ["install", "-f"]])
  func prek(_ afterwards: [String]) throws {
    func install(
      _ test: TestRepository, _ environment: [String: String], _ arguments: [String]
    ) throws {
      try test.write(
        ".pre-commit-config.yaml",
        """
        repos:
          - repo: local
            hooks:
              - id: note
                name: note
                entry: sh -c 'echo prek >> "\(test.root.path("log"))"'
                language: system
                always_run: true
                pass_filenames: false

        """)
      try test.commit("prek")
      let result = try TestProgram.run(
        ["prek"] + arguments, directory: test.path, environment: environment)
      #expect(result.status == 0, "\(result.text) \(result.error)")
    }
    let fixture = try InstalledHooks(path: Self.programs) { test, environment in
      if afterwards.isEmpty { try install(test, environment, ["install"]) }
    }
    if !afterwards.isEmpty {
      try install(fixture.test, fixture.environment, afterwards)
      _ = try fixture.run(["git", "merge", "-q", "main"], at: fixture.lane)
      #expect(try fixture.run(["git", "branch", "other"], at: fixture.test.path).status == 0)
      _ = try fixture.hooks.install(forPersons: true)
    }
    try expectBoth(fixture, line: "prek")
    #expect(try fixture.hooks.report().isIntact)
    _ = try fixture.hooks.uninstall()
    _ = try fixture.takeLog()
    #expect(try fixture.commit("free.txt", "9\n", at: fixture.test.path).status == 0)
    #expect(try fixture.takeLog() == ["prek"])
  }

  @Test(.enabled(if: programs != nil, "run Tools/test-hook-managers"), arguments: [true, false])
  func preCommit(isThereFirst: Bool) throws {
    func install(
      _ test: TestRepository, _ environment: [String: String], hiding: Bool
    ) throws {
      try test.write(
        ".pre-commit-config.yaml",
        """
        repos:
          - repo: local
            hooks:
              - id: note
                name: note
                entry: sh -c 'echo pre-commit >> "\(test.root.path("log"))"'
                language: system
                always_run: true
                pass_filenames: false

        """)
      try test.commit("pre-commit")
      var environment = environment
      if hiding {
        // It refuses where core.hooksPath is set; this is what docs/hooks.md says to do.
        let refused = try TestProgram.run(
          ["pre-commit", "install"], directory: test.path, environment: environment)
        #expect(refused.status != 0)
        environment["GIT_CONFIG_COUNT"] = "1"
        environment["GIT_CONFIG_KEY_0"] = "core.hooksPath"
        environment["GIT_CONFIG_VALUE_0"] = ""
      }
      let result = try TestProgram.run(
        ["pre-commit", "install"], directory: test.path, environment: environment)
      #expect(result.status == 0, "\(result.text) \(result.error)")
    }
    let fixture = try InstalledHooks(path: Self.programs) { test, environment in
      if isThereFirst { try install(test, environment, hiding: false) }
    }
    if !isThereFirst {
      try install(fixture.test, fixture.environment, hiding: true)
      _ = try fixture.run(["git", "merge", "-q", "main"], at: fixture.lane)
      _ = try fixture.hooks.install(forPersons: true)
    }
    try expectBoth(fixture, line: "pre-commit")
    #expect(try fixture.hooks.report().managers == ["pre-commit"])
  }
}
