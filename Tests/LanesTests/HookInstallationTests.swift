import Foundation
import Git
import Lanes
import TestSupport
import Testing

@Suite struct HookInstallationTests {
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
    #expect(!files.fileExists(atPath: state.hooks + "/pre-push"))
    try files.removeItem(atPath: test.path + "/.husky/commit-msg")
    try hooks.refresh()
    #expect(!files.fileExists(atPath: state.hooks + "/commit-msg"))
  }
}
