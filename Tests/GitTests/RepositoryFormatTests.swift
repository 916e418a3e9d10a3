import TestSupport
import Testing

@testable import Git

@Suite(.bounded) struct RepositoryFormatTests {
  @Test(arguments: [
    ("objectFormat", "sha256", "sha1"), ("refStorage", "reftable", "ref-format=files"),
    ("partialClone", "origin", "full clone"), ("relativeWorktrees", "true", "worktree repair"),
    ("someday", "1", "someday"),
  ])
  func refusesWhatLibgit2CannotRead(_ key: String, _ value: String, _ advice: String) throws {
    let test = try TestRepository()
    let config = try test.read(".git/config")
      .replacing("repositoryformatversion = 0", with: "repositoryformatversion = 1")
    try test.write(".git/config", config + "[Extensions]\n\t\(key) = \(value) # note\n")
    let error = #expect(throws: UnsupportedRepository.self) { try test.open() }
    #expect(error?.reasons.count == 1)
    #expect(error?.description.contains(advice) == true)
    #expect(RepositoryFormat.check(path: test.path) == error?.reasons)
  }

  @Test func refusesRealSHA256() throws {
    let test = try TestRepository(options: ["--object-format=sha256"])
    #expect(throws: UnsupportedRepository.self) { try test.open() }
  }

  @Test func refusesARealPartialClone() throws {
    let test = try TestRepository()
    try test.write("a", "a\n")
    try test.commit("one")
    try test.git("config", "uploadpack.allowFilter", "true")
    let clone = test.root.path("clone")
    try test.git("clone", "-q", "--filter=blob:none", "file://" + test.path, clone)
    let error = #expect(throws: UnsupportedRepository.self) { try test.open(clone) }
    #expect(error?.reasons.count == 1)
  }

  @Test func acceptsWorktreeConfigInVersionOne() throws {
    let test = try TestRepository()
    try test.commit("one")
    try test.git("worktree", "add", "-q", "--detach", test.root.path("lane"))
    try test.git("config", "extensions.worktreeConfig", "true")
    try test.git("config", "core.repositoryFormatVersion", "1")
    #expect(try test.open().head().commit != nil)
    #expect(try test.open(test.root.path("lane")).isLinkedWorktree)
  }

  @Test func refusesALaneOfSuchARepository() throws {
    let test = try TestRepository()
    try test.commit("one")
    try test.git("worktree", "add", "-q", "--detach", test.root.path("lane"))
    try test.git("config", "core.repositoryFormatVersion", "1")
    try test.git("config", "extensions.partialClone", "origin")
    #expect(throws: UnsupportedRepository.self) { try test.open(test.root.path("lane")) }
  }
}
