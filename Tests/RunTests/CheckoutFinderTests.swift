import Engine
import Foundation
import TestSupport
import Testing

/// Which checkout a command is meant for: never a wrong one, whatever the layout.
@Suite(.bounded) struct CheckoutFinderTests {
  private func repository() throws -> TestRepository {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.write("sub/b", "1")
    try test.commit("one")
    return test
  }

  private func open(
    _ directory: String, _ test: TestRepository, _ more: [String: String] = [:]
  ) throws -> Project {
    try Project.open(directory, environment: test.environment.merging(more) { $1 })
  }

  private func refusal(
    _ directory: String, _ test: TestRepository, _ more: [String: String] = [:]
  ) -> String {
    do {
      return "opened \(try open(directory, test, more).directory)"
    } catch {
      return "\(error)"
    }
  }

  /// `proj/.bare`, and `proj/.git` that points to it.
  private func bareLayout(_ worktrees: [String]) throws -> TestRepository {
    let test = try repository()
    try test.git("branch", "dev")
    let bare = test.root.path("proj/.bare")
    try test.git("clone", "-q", "--bare", test.path, bare)
    try test.root.write("proj/.git", "gitdir: ./.bare\n")
    for name in worktrees {
      try test.git("worktree", "add", "-q", test.root.path("proj/" + name), name, at: bare)
    }
    return test
  }

  @Test func aLinkedWorktreeIsItsOwnCheckout() throws {
    let test = try repository()
    let dev = test.root.path("dev")
    try test.git("worktree", "add", "-q", "-b", "dev", dev)
    try test.root.write("dev/lanekeeper.yml", "target: dev\n")
    let project = try open(dev + "/sub", test)
    #expect(project.directory == dev && project.configuration.target == "dev")
    // The lanes are those of the repository, beside its main checkout.
    #expect(project.lanesDirectory == test.root.path("repo.lanes"))
    #expect(try open(test.path, test).configuration.target == "main")
    try test.root.write("dev/lanekeeper.yml", "lanes: {path: ../elsewhere}\n")
    #expect(try open(dev, test).lanesDirectory == test.root.path("elsewhere"))
  }

  @Test func aLaneFindsTheCheckoutOfItsRun() throws {
    let test = try repository()
    let dev = test.root.path("dev")
    try test.git("worktree", "add", "-q", "-b", "dev", dev)
    for lane in ["lane-1", "integration", "integration-cold"] {
      try test.git("worktree", "add", "-q", "--detach", test.root.path(lane))
      #expect(try open(test.root.path(lane), test).directory == test.path)
    }
    try test.root.write("repo/.git/lanekeeper/checkout", dev)
    for lane in ["lane-1", "integration", "integration-cold"] {
      #expect(try open(test.root.path(lane), test).directory == dev)
    }
    // A lane, a checkout that is gone and one of another repository are no answer.
    let other = try repository()
    for wrong in [test.root.path("lane-1"), test.root.path("gone"), other.path, "x"] {
      try test.root.write("repo/.git/lanekeeper/checkout", wrong)
      #expect(try open(test.root.path("lane-1"), test).directory == test.path, "\(wrong)")
    }
  }

  @Test func aBareRepositoryWithOneCheckoutHasThat() throws {
    let test = try bareLayout(["main"])
    let main = test.root.path("proj/main")
    for place in ["proj", "proj/.bare", "proj/main", "proj/main/sub"] {
      let project = try open(test.root.path(place), test)
      #expect(project.directory == main)
      #expect(project.state.commonDirectory == test.root.path("proj/.bare"))
      #expect(project.lanesDirectory == test.root.path("proj/main.lanes"))
    }
  }

  @Test func aBareRepositoryWithSeveralNamesThem() throws {
    let test = try bareLayout(["main", "dev"])
    let words = refusal(test.root.path("proj"), test)
    #expect(words.contains("proj/main") && words.contains("proj/dev"), "\(words)")
    #expect(words.contains("--project-dir"))
    #expect(try open(test.root.path("proj/dev"), test).directory == test.root.path("proj/dev"))
    let none = try bareLayout([])
    #expect(refusal(none.root.path("proj"), none).contains("is a bare repository"))
  }

  @Test func aGitDirectoryElsewhereLeadsToNoOtherRepository() throws {
    let test = try repository()
    // What lies beside the git directory is another repository.
    try test.git("init", "-q", test.root.path("outer"), at: test.root.path)
    let code = test.root.path("outer/place/code")
    try test.git(
      "init", "-q", "--separate-git-dir", test.root.path("outer/store.git"), code,
      at: test.root.path)
    #expect(try open(code, test).directory == code)
    #expect(
      refusal(test.root.path("outer/store.git"), test).contains("git directory of a checkout"))
  }

  @Test func aSubmoduleAndItsGitDirectoryAreTheSubmodule() throws {
    let test = try repository()
    let source = try repository()
    try test.git(
      "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", source.path, "libs/sub")
    let sub = test.path + "/libs/sub"
    #expect(try open(sub, test).directory == sub)
    #expect(try open(test.path + "/.git/modules/libs/sub", test).directory == sub)
    #expect(try open(test.path, test).directory == test.path)
  }

  @Test func linksToTheRepositoryAndItsGitDirectoryAreTheRepository() throws {
    let test = try repository()
    symlink(test.path, test.root.path("link"))
    #expect(try open(test.root.path("link/sub"), test).directory == test.path)
    #expect(try open(test.path + "/.git", test).directory == test.path)
    rename(test.path + "/.git", test.root.path("store"))
    symlink(test.root.path("store"), test.path + "/.git")
    #expect(try open(test.path, test).directory == test.path)
  }

  @Test func aWorkTreeWithoutAWayBackIsRefused() throws {
    let test = try repository()
    let tree = test.root.path("tree")
    try FileManager.default.createDirectory(atPath: tree, withIntermediateDirectories: true)
    try test.git("config", "core.worktree", tree)
    let words = refusal(test.path, test)
    #expect(words.contains(tree) && words.contains("core.worktree"), "\(words)")
    #expect(words.contains("gitdir: "))
  }

  @Test func gitsVariablesNeverLeadElsewhere() throws {
    let (test, other) = (try repository(), try repository())
    #expect(
      try open(test.path, test, ["GIT_DIR": test.path + "/.git", "GIT_WORK_TREE": test.path])
        .directory == test.path)
    #expect(
      try open(other.root.path("home"), test, ["GIT_DIR": test.path + "/.git"]).directory
        == test.path)
    #expect(refusal(test.path, test, ["GIT_DIR": other.path + "/.git"]).contains("GIT_DIR names"))
    #expect(
      refusal(test.path, test, ["GIT_WORK_TREE": other.path]).contains("GIT_WORK_TREE names"))
  }

  @Test func pathsThatCantBeNamedAreRefusedInWords() throws {
    let test = try repository()
    let odd = test.root.path("new\nline")
    rename(test.path, odd)
    #expect(refusal(odd, test).contains("line break"))
    #expect(refusal("/tmp/bad\u{fffd}", test).contains("UTF-8"))
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func gitDecidesAboutRepositoriesOfOthers() throws {
    let test = try repository()
    _ = try TestProgram.run(
      ["chown", "-R", "65534", test.path], directory: "/", environment: test.environment)
    let words = refusal(test.path, test)
    #expect(words.contains("git config --global --add safe.directory"), "\(words)")
    let global = ["GIT_CONFIG_GLOBAL": test.root.path("global")]
    func accept(_ forms: [String]) throws {
      let lines = forms.map { "\tdirectory = \"\($0)\"\n" }
      try test.root.write("global", "[safe]\n" + lines.joined())
    }
    for forms in [["*"], [test.path], ["/x", "", "*"]] {
      try accept(forms)
      #expect(try open(test.path, test, global).directory == test.path, "\(forms)")
    }
    let given = [
      "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
    ]
    let project = try open(test.path, test, given)
    #expect(try project.repository().git(["rev-parse", "HEAD"]).status == 0)
    // An empty value takes back what stood before it.
    try accept(["*", ""])
    #expect(refusal(test.path, test, global).contains("belongs to another user"))
  }
}
