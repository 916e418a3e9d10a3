import Engine
import Foundation
import Git
import TestSupport
import Testing

@Suite(.bounded) struct HookInstallationTests {
  private func hooks(_ test: TestRepository) throws -> (HookInstallation, StateDirectory) {
    let repository = try Repository(opening: test.path, environment: test.environment)
    let state = StateDirectory(commonDirectory: repository.commonDirectory)
    return (
      HookInstallation(
        state: state, repository: test.path, program: BuiltPrograms.path("lanekeeper-hook"),
        environment: test.environment), state
    )
  }

  @Test func p6_installAndUninstallLeaveTheConfigurationAsItWas() throws {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.commit("one")
    let before = try test.root.read("repo/.git/config")
    let (hooks, _) = try hooks(test)
    #expect(try hooks.isInstalled() == false)
    #expect(try !hooks.install(forPersons: true).isEmpty)
    #expect(try hooks.isInstalled())
    #expect(try hooks.install(forPersons: true).isEmpty)
    _ = try hooks.uninstall()
    #expect(try test.root.read("repo/.git/config") == before)
  }

  @Test func reachOnlyLanes() throws {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.commit("one")
    let (hooks, state) = try hooks(test)
    _ = try hooks.install(forPersons: false)
    try test.git("worktree", "add", "-q", "--detach", test.root.path("lane-1"))
    try test.git("worktree", "add", "-q", "--detach", test.root.path("other"))
    func path(_ directory: String) throws -> String {
      try test.runGit(["config", "core.hooksPath"], at: directory).text
    }
    #expect(try path(test.root.path("lane-1")) == state.hooks)
    #expect(try path(test.root.path("other")) == "")
    #expect(try path(test.path) == "")
  }

  @Test func standInFrontOfTheUsersHooks() throws {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.write(".husky/commit-msg", "#!/bin/sh\n", executable: true)
    try test.commit("one")
    try test.git("config", "core.hooksPath", ".husky")
    let (hooks, state) = try hooks(test)
    try hooks.refresh()
    let files = FileManager.default
    #expect(try files.destinationOfSymbolicLink(atPath: state.hooks + "/user") == ".husky")
    #expect(files.fileExists(atPath: state.hooks + "/commit-msg"))
    #expect(files.fileExists(atPath: state.hooks + "/reference-transaction"))
    #expect(!files.fileExists(atPath: state.hooks + "/post-commit"))
    try files.removeItem(atPath: test.path + "/.husky/commit-msg")
    try hooks.refresh()
    #expect(!files.fileExists(atPath: state.hooks + "/commit-msg"))
  }

  @Test func p6_oddConfigurationsComeBackByteForByte() throws {
    for more in [
      "", "[alias]\n\tx = status", "# a comment without an end", "[a]\r\n\tb = c\r\n",
      "[include]\n\tpath = other.config\n", "[includeIf \"gitdir:/x/\"]\n\tpath = y\n\n\n",
      "[core]\n\thooksPath = .githooks\n",
    ] {
      let test = try TestRepository()
      try test.write("a", "1")
      try test.commit("one")
      let path = "repo/.git/config"
      try test.root.write(path, try test.root.read(path) + more)
      let before = try test.root.read(path)
      let (hooks, _) = try hooks(test)
      for forPersons in [true, false, true] {
        _ = try hooks.install(forPersons: forPersons)
        #expect(try hooks.isInstalled())
        #expect(try hooks.isInstalledForPersons() == forPersons)
        try test.git("status")
      }
      _ = try hooks.uninstall()
      #expect(try test.root.read(path) == before, "\(more)")
      // What another program has written meanwhile stays.
      _ = try hooks.install(forPersons: true)
      try test.git("config", "user.signingkey", "k")
      _ = try hooks.uninstall()
      try #require(try test.git("config", "user.signingkey") == "k")
      try test.git("config", "--unset", "user.signingkey")
      let left = try test.root.read(path).replacingOccurrences(of: "[user]\n", with: "")
      #expect(
        left.trimmingCharacters(in: .newlines) == before.trimmingCharacters(in: .newlines),
        "\(more)")
    }
  }

  @Test func aConfigurationThatIsLockedIsToldAndLeftAlone() throws {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.commit("one")
    try test.root.write("repo/.git/config.lock", "")
    let before = try test.root.read("repo/.git/config")
    #expect(throws: LaneError.self) { try self.hooks(test).0.install(forPersons: true) }
    #expect(try test.root.read("repo/.git/config") == before)
    #expect(test.root.exists("repo/.git/config.lock"))
  }

  @Test func aLaneInWhichAnotherSettingWinsIsReported() throws {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.commit("one")
    let (hooks, _) = try hooks(test)
    _ = try hooks.install(forPersons: true)
    try test.git("worktree", "add", "-q", "--detach", test.root.path("lane-1"))
    #expect(try hooks.report().shadowed == [])
    #expect(try hooks.report().isIntact)
    let path = "repo/.git/config"
    try test.root.write(path, try test.root.read(path) + "[core]\n\thooksPath = /dev/null\n")
    #expect(try hooks.report().shadowed == ["lane-1: core.hooksPath is '/dev/null' there"])
  }
}
