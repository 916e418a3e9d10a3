import Foundation
import Git
import TestSupport
import Testing

/// How a checkout is found from its git directory, and the other way round.
@Suite(.bounded) struct RepositoryPlaceTests {
  @Test func aSeparateGitDirectoryDoesNotTakeItsParentForTheCheckout() throws {
    let test = try TestRepository(bare: true)
    let top = test.root.path("code")
    try test.git(
      "init", "-q", "--separate-git-dir", test.root.path("store.git"), top,
      at: test.root.path)
    let repository = try Repository(at: top, environment: test.environment)
    #expect(repository.workingDirectory == top)
    #expect(repository.mainWorktreePath == top)
    // From the git directory alone it is not known until it was written down.
    let alone = try Repository(opening: repository.commonDirectory)
    #expect(alone.workingDirectory == nil && alone.mainWorktreePath == nil && !alone.isBare)
    try RepositoryPlace.note(checkout: top, repository.commonDirectory)
    #expect(alone.mainWorktreePath == top)
    // Another repository's checkout is not believed.
    try test.git("init", "-q", test.root.path("other"), at: test.root.path)
    try RepositoryPlace.note(checkout: test.root.path("other"), repository.commonDirectory)
    #expect(alone.mainWorktreePath == nil)
  }

  @Test func aLinkAsGitDirectoryIsTheSameRepository() throws {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.commit("one")
    rename(test.path + "/.git", test.root.path("store"))
    symlink(test.root.path("store"), test.path + "/.git")
    try test.git("worktree", "add", "-q", "--detach", test.root.path("linked"))
    let main = try Repository(at: test.path)
    let linked = try Repository(at: test.root.path("linked"))
    #expect(main.workingDirectory == test.path)
    #expect(main.commonDirectory == linked.commonDirectory)
    #expect(main.commonDirectory == test.root.path("store"))
  }

  @Test func aWorktreeOfABareRepositoryIsACheckout() throws {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.commit("one")
    let bare = test.root.path("proj/.bare")
    try test.git("clone", "-q", "--bare", test.path, bare)
    try test.root.write("proj/.git", "gitdir: ./.bare\n")
    try test.git("worktree", "add", "-q", test.root.path("proj/main"), "main", at: bare)
    let repository = try Repository(at: test.root.path("proj/main"))
    #expect(repository.workingDirectory == test.root.path("proj/main"))
    #expect(repository.isLinkedWorktree && repository.mainWorktreePath == nil)
    let container = try Repository(at: test.root.path("proj"))
    #expect(container.isBare && container.workingDirectory == nil)
    // HEAD of the bare repository names main, which is free for another worktree all the same.
    try test.git("worktree", "remove", test.root.path("proj/main"), at: bare)
    let tip = try #require(try container.reference("refs/heads/main"))
    try container.addWorktree(
      name: "again", path: test.root.path("proj/again"), commit: tip, branch: "refs/heads/main")
    #expect(try test.git("branch", "--show-current", at: test.root.path("proj/again")) == "main")
  }

  @Test func coreWorktreeCountsOnlyWhereGitFindsTheWayBack() throws {
    let test = try TestRepository()
    let tree = test.root.path("tree")
    try FileManager.default.createDirectory(atPath: tree, withIntermediateDirectories: true)
    try test.git("config", "core.worktree", tree)
    #expect(try Repository(opening: test.path + "/.git").workingDirectory == nil)
    try test.root.write("tree/.git", "gitdir: \(test.path)/.git\n")
    #expect(try Repository(opening: test.path + "/.git").workingDirectory == tree)
  }

  @Test func acceptedRepositoriesOfOthersAreToldToEveryGit() throws {
    let given = [
      "GIT_CONFIG_COUNT": "3", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": "/x",
      "GIT_CONFIG_KEY_1": "Safe.Directory", "GIT_CONFIG_VALUE_1": "*",
      "GIT_CONFIG_KEY_2": "safe.directory", "GIT_CONFIG_VALUE_2": "", "HOME": "/h", "GIT_DIR": "/d",
    ]
    let clean = GitProgram.clean(given)
    #expect(
      clean == [
        "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        "GIT_CONFIG_KEY_1": "safe.directory", "GIT_CONFIG_VALUE_1": "", "HOME": "/h",
      ])
    #expect(GitProgram.clean(clean) == clean)
    let more = GitProgram.adding("core.hooksPath", "/ours", to: given)
    #expect(more["GIT_CONFIG_COUNT"] == "3" && more["GIT_CONFIG_KEY_2"] == "core.hooksPath")
    #expect(more["GIT_CONFIG_VALUE_0"] == "*" && more["HOME"] == nil)
    #expect(GitProgram.clean(["GIT_CONFIG_COUNT": "nonsense", "A": "b"]) == ["A": "b"])
    // `git -c safe.directory=… lane status` brings it in another variable.
    let test = try TestRepository()
    var environment = test.environment
    environment["GIT_CONFIG_PARAMETERS"] = "'safe.directory'='/some path' 'user.name'='x'"
    let kept = try SafeDirectories.kept(environment)
    #expect(kept["GIT_CONFIG_PARAMETERS"] == nil && kept["GIT_CONFIG_COUNT"] == "1")
    #expect(kept["GIT_CONFIG_VALUE_0"] == "/some path")
  }
}
