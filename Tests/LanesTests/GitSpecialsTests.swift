import Engine
import Foundation
import Git
import Processes
import TestSupport
import Testing

/// What is no file where git reads files is found without opening it, and taken away.
@Suite(.bounded) struct GitSpecialsTests {
  /// What an agent can put in place of a file.
  enum Thing: CaseIterable {
    case pipe, linkToPipe, socket, directory, fullDirectory

    var isDirectory: Bool { self == .directory || self == .fullDirectory }

    func put(at path: String, _ test: TestRepository) throws {
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try? FileManager.default.removeItem(atPath: path)
      switch self {
      case .pipe: #expect(mkfifo(path, 0o600) == 0)
      case .linkToPipe:
        let pipe = test.root.path("pipe-\(UInt32.random(in: 0 ... .max))")
        #expect(mkfifo(pipe, 0o600) == 0 && symlink(pipe, path) == 0)
      case .socket: #expect(mknod(path, S_IFSOCK | 0o600, 0) == 0)
      case .directory: #expect(mkdir(path, 0o700) == 0)
      case .fullDirectory:
        #expect(mkdir(path, 0o700) == 0)
        try Data("kept\n".utf8).write(to: URL(fileURLWithPath: path + "/inside"))
      }
    }
  }

  /// A repository with packed and loose references, and a worktree.
  private func repository() throws -> (TestRepository, StateDirectory) {
    let test = try TestRepository()
    try test.write("a", "1\n")
    try test.commit("one")
    try test.git("branch", "packed")
    try test.git("pack-refs", "--all")
    try test.write("a", "2\n")
    try test.commit("two")
    try test.git("worktree", "add", "-q", "-b", "side", test.root.path("lane-1"))
    return (test, StateDirectory(commonDirectory: test.path + "/.git"))
  }

  /// What git tells of the repository and its worktree.
  private func facts(_ test: TestRepository) throws -> [String] {
    let lane = test.root.path("lane-1")
    return try [
      ["-C", test.path, "status", "--porcelain", "-b"], ["-C", test.path, "for-each-ref"],
      ["-C", lane, "status", "--porcelain", "-b"],
    ].map { words in
      let result = try Command.runBlocking(
        ["git"] + words, name: "git", directory: "/", environment: test.environment,
        timeoutSeconds: 30)
      return "\(result.status) " + String(decoding: result.output + result.error, as: UTF8.self)
    }
  }

  private static let anywhere = [
    "info/exclude", "info/attributes", "info/grafts", "info/sparse-checkout",
    "FETCH_HEAD",
    "config.worktree", "objects/info/commit-graph", "logs/HEAD",
    "worktrees/lane-1/config.worktree", "worktrees/lane-1/info/sparse-checkout",
    "worktrees/lane-1/logs/HEAD",
  ]
  private static let needed = [
    "HEAD", "config", "packed-refs", "index", "refs/heads/main", "worktrees/lane-1/HEAD",
    "worktrees/lane-1/commondir", "worktrees/lane-1/gitdir",
  ]
  private static let pipesOnly = [
    "refs/heads/strange", "refs/lanekeeper/x/y", "refs/tags/t", "logs/refs/heads/strange",
    "hooks/pre-commit", "MERGE_MSG", "index.lock", "objects/pack/pack-1.idx",
  ]

  @Test(arguments: anywhere)
  func whatHoldsNothingIsTakenAwayBeforeACommand(name: String) throws {
    let (test, state) = try repository()
    let before = try facts(test)
    for thing in Thing.allCases {
      try thing.put(at: state.commonDirectory + "/" + name, test)
      let told = try GitSpecials(state: state).clear()
      #expect(told.count == 1 && told[0].contains(name), "\(thing): \(told)")
    }
    #expect(try facts(test) == before)
  }

  @Test(arguments: pipesOnly) func pipesAreFoundWhereverGitLooks(name: String) throws {
    let (test, state) = try repository()
    let before = try facts(test)
    for thing in [Thing.pipe, .linkToPipe, .socket] {
      try thing.put(at: state.commonDirectory + "/" + name, test)
      if name.hasPrefix("refs/") {
        // Nobody knows where it stood.
        #expect(throws: GitSpecials.Obstacle.self) { try GitSpecials(state: state).clear() }
        _ = try GitSpecials(state: state).remove(GitSpecials(state: state).find())
      } else {
        #expect(try GitSpecials(state: state).clear().count == 1)
      }
      #expect(try facts(test) == before)
    }
  }

  @Test(arguments: needed) func p4_whatGitNeedsIsNotLostInSilence(name: String) throws {
    let (test, state) = try repository()
    let before = try facts(test)
    let path = state.commonDirectory + "/" + name
    for thing in Thing.allCases where !(thing.isDirectory && name.hasPrefix("refs/")) {
      try thing.put(at: path, test)
      guard name.hasPrefix("worktrees/") || name.hasPrefix("refs/") else {
        let error = #expect(throws: GitSpecials.Obstacle.self) {
          try GitSpecials(state: state).clear()
        }
        #expect(error?.description.contains(path) == true)
        continue
      }
      // The references' own logs tell where they stood, and what is known of lanes is written again.
      #expect(try GitSpecials(state: state).clear().count == 1)
      let common = try Repository(opening: test.path, environment: test.environment)
      try LaneLink.repair("lane-1", path: test.root.path("lane-1"), common)
      let tip = try #require(try common.reference("refs/heads/side"))
      try common.repairHead(ofWorktree: "lane-1", branch: "refs/heads/side", commit: tip)
    }
    guard name.hasPrefix("worktrees/") || name.hasPrefix("refs/") else { return }
    let after = try facts(test)
    #expect(name.hasSuffix("lane-1/HEAD") ? after[2].hasPrefix("0 ## HEAD") : after == before)
    #expect(after[..<2] == before[..<2])
  }

  @Test(arguments: needed + anywhere)
  func p4_whatIsPutInPlaceOfFilesWhileAttemptsAreAtWorkIsMended(name: String) throws {
    let (test, state) = try repository()
    let before = try facts(test)
    var specials = GitSpecials(state: state, keeper: "1", references: ["refs/heads/main"])
    #expect(try specials.look() == [])
    for thing in Thing.allCases where !(thing.isDirectory && name.hasPrefix("refs/")) {
      try thing.put(at: state.commonDirectory + "/" + name, test)
      let removed = try specials.look()
      #expect(removed.map(\.found.text) == [name])
      if Self.needed.contains(name) { #expect(removed.map(\.isRestored) == [true]) }
      #expect(try specials.look() == [])
    }
    #expect(try facts(test) == before)
    #expect(test.root.exists("repo/.git/lanekeeper/git-seen/1/HEAD"))
    specials.forget()
    #expect(!test.root.exists("repo/.git/lanekeeper/git-seen/1"))
  }

  @Test(arguments: ["packed-refs", "HEAD", "worktrees/lane-1/commondir", "worktrees/lane-1/gitdir"])
  func p4_whatGitNeverTakesAwayComesBack(name: String) throws {
    let (test, state) = try repository()
    let before = try facts(test)
    var specials = GitSpecials(state: state, keeper: "1")
    #expect(try specials.look() == [])
    unlink(state.commonDirectory + "/" + name)
    let removed = try specials.look() + specials.look()
    #expect(removed.map(\.found.text) == [name])
    #expect(try facts(test) == before)
  }

  /// The newest state comes back, not that of the beginning; and what git itself has taken away stays away.
  @Test func copiesFollowGit() throws {
    let (test, state) = try repository()
    var specials = GitSpecials(state: state, keeper: "1", references: ["refs/heads/main"])
    #expect(try specials.look() == [])
    try test.git("branch", "later")
    try test.git("pack-refs", "--all")
    try test.git("worktree", "remove", "--force", test.root.path("lane-1"))
    #expect(try specials.look() == [])
    let before = try test.git("for-each-ref")
    try Thing.pipe.put(at: state.commonDirectory + "/packed-refs", test)
    #expect(try specials.look().map(\.isRestored) == [true])
    #expect(try test.git("for-each-ref") == before)
    #expect(try specials.look() == [])
    #expect(!test.root.exists("repo/.git/worktrees"))
    #expect(!test.root.exists("repo/.git/refs/heads/main"))
  }

  /// Who already waits for the other end of a pipe goes on.
  @Test(arguments: ["info/exclude", "packed-refs", "config"])
  func whoWaitsForAPipeGoesOn(name: String) async throws {
    let (test, state) = try repository()
    var specials = GitSpecials(state: state, keeper: "1")
    #expect(try specials.look() == [])
    let path = state.commonDirectory + "/" + name
    try Thing.pipe.put(at: path, test)
    let waits = Counter()
    let readers = (0..<3).map { _ in
      Task.detached {
        await withCheckedContinuation { (done: CheckedContinuation<Int, Never>) in
          Thread.detachNewThread {
            waits.add()
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            var byte = UInt8(0)
            let count = read(descriptor, &byte, 1)
            close(descriptor)
            done.resume(returning: count)
          }
        }
      }
    }
    while waits.value < 3 { try await Task.sleep(for: .milliseconds(5)) }
    #expect(try specials.look().count == 1)
    for reader in readers { #expect(await reader.value >= 0) }
  }

  @Test func whatPeopleHaveIsLeftAlone() throws {
    let (test, state) = try repository()
    try FileManager.default.createDirectory(
      atPath: state.commonDirectory + "/info", withIntermediateDirectories: true)
    try test.root.write("mine", "*.o\n")
    #expect(symlink(test.root.path("mine"), state.commonDirectory + "/info/exclude") == 0)
    #expect(symlink("/dev/null", state.commonDirectory + "/info/attributes") == 0)
    #expect(mknod(state.commonDirectory + "/fsmonitor--daemon.ipc", S_IFSOCK | 0o600, 0) == 0)
    try? FileManager.default.createDirectory(
      atPath: state.commonDirectory + "/hooks", withIntermediateDirectories: true)
    #expect(symlink("nowhere", state.commonDirectory + "/hooks/pre-push") == 0)
    #expect(GitSpecials(state: state).find(isDeep: true) == [])
  }

  /// A pipe among the objects is found by a thorough look.
  @Test func objectsAreLookedThrough() throws {
    let (test, state) = try repository()
    let tip = try test.git("rev-parse", "HEAD")
    let name = "objects/\(tip.prefix(2))/\(tip.dropFirst(2))"
    try Thing.pipe.put(at: state.commonDirectory + "/" + name, test)
    #expect(GitSpecials(state: state).find() == [])
    #expect(GitSpecials(state: state).find(isDeep: true).map(\.text) == [name])
  }

  /// Neither is opened where a repository is only looked for.
  @Test func nothingIsOpenedToFindARepository() throws {
    let (test, state) = try repository()
    for name in ["worktrees/lane-1/commondir", "config"] {
      try Thing.pipe.put(at: state.commonDirectory + "/" + name, test)
    }
    let lane = test.root.path("lane-1")
    #expect(RepositoryPlace.commonDirectory(above: lane) == state.commonDirectory)
    #expect(RepositoryFormat.check(path: lane) == [])
    try Thing.pipe.put(at: lane + "/.git", test)
    #expect(RepositoryPlace.commonDirectory(above: lane) == nil)
  }
}

private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  var value: Int { lock.withLock { count } }
  func add() { lock.withLock { count += 1 } }
}
