import Foundation
import TestSupport
import Testing

@testable import Git

/// A worktree in which nothing is changed is taken to another commit by looking at the difference alone.
@Suite(.bounded) struct PristineTests {
  /// What an agent may have left.
  enum Trace: CaseIterable {
    case untracked, emptyDirectory, edited, staged, removed, mode, assumed, skipped, repository,
      intended
  }

  @Test(arguments: Trace.allCases) func p4_whatWasLeftIsSeen(trace: Trace) throws {
    let (test, lane, _) = try CheckoutTests.lane([
      "a": "1\n", "d/b": "2\n", ".gitignore": "*.o\n",
    ])
    let repository = try test.open(lane)
    try test.root.write("lane/x.o", "ignored\n")
    #expect(try repository.pristineTree() == test.id("HEAD^{tree}"))
    let files = FileManager.default
    switch trace {
    case .untracked: try test.root.write("lane/new/file", "new\n")
    case .emptyDirectory:
      try files.createDirectory(atPath: lane + "/empty", withIntermediateDirectories: false)
    case .edited: try test.root.write("lane/a", "2\n")
    case .staged:
      try test.root.write("lane/a", "2\n")
      try test.git("add", "a", at: lane)
    case .removed: try files.removeItem(atPath: lane + "/d/b")
    case .mode: chmod(lane + "/a", 0o755)
    case .assumed: try test.git("update-index", "--assume-unchanged", "a", at: lane)
    case .skipped: try test.git("update-index", "--skip-worktree", "a", at: lane)
    case .repository: try test.git("init", "-q", "inner", at: lane)
    case .intended:
      try test.root.write("lane/later", "")
      try test.git("add", "-N", "later", at: lane)
    }
    #expect(try repository.pristineTree() == nil)
  }

  @Test(arguments: 1...8) func endsAsTheLongWayDoes(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let test = try TestRepository()
    let repository = try test.open()
    var tree = try RandomTrees.tree(repository, &random)
    let path = test.root.path("lane")
    try repository.addWorktree(
      name: "l", path: path, commit: test.commitTree(tree.id), branch: nil)
    let lane = try test.open(path)
    for _ in 0..<6 {
      tree = try RandomTrees.edited(tree, repository, &random, edits: 8)
      let pristine = try lane.pristineTree()
      #expect(pristine != nil)
      try lane.switchWorktree(
        to: test.commitTree(tree.id), branch: nil, removeUntracked: true, pristine: pristine)
      #expect(try test.git("status", "--porcelain", "--ignored", at: path) == "")
      #expect(try test.git("write-tree", at: path) == tree.id.hex)
      #expect(try test.git("rev-parse", "HEAD^{tree}", at: path) == tree.id.hex)
    }
  }

  /// What the look at the index says is what git says, or it leaves it to git.
  @Test(arguments: 1...20) func p4_whatIsTakenForCleanIsSo(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let test = try TestRepository()
    let repository = try test.open()
    let path = test.root.path("lane")
    var files = ["a": "1\n", "d/b": "2\n", "d.e": "3\n", "d/f/g": "", "h/i/j/k": "5\n"]
    for number in 0..<random.below(300) { files["m\(number % 7)/n\(number)"] = "\(number)\n" }
    for (name, text) in files { try test.write(name, text) }
    try FileManager.default.createSymbolicLink(
      atPath: test.path + "/link", withDestinationPath: "d")
    let first = try #require(ObjectID(hex: test.commit("one")))
    try repository.addWorktree(name: "l", path: path, commit: first, branch: nil)
    let index = try test.open(path).gitDirectory + "/index"
    usleep(30_000)
    try test.git("update-index", "--refresh", "--force-write-index", at: path)
    #expect(IndexFile(path: index).map { WorktreeLook($0).isClean(path) } == true)
    var seen = 0
    for _ in 0..<12 {
      try change(path, files.keys.sorted(), test, &random)
      let says = try test.git(
        "status", "--porcelain", "--untracked-files=all", "--no-renames", at: path)
      let clean = try test.git("clean", "-n", "-d", "-ff", at: path)
      let isClean = IndexFile(path: index).map { WorktreeLook($0).isClean(path) } == true
      // HEAD is another's matter.
      let staged = try test.git("diff", "--cached", "--name-only", at: path)
      if isClean {
        seen += 1
        #expect(clean == "" && (says == "" || staged != ""), "\(says)\(clean)")
      }
      guard random.oneIn(3) else { continue }
      unlink(index)
      try test.git("reset", "-q", "--hard", at: path)
      try test.git("clean", "-q", "-f", "-d", "-ff", "-x", at: path)
      usleep(30_000)
      try test.git("update-index", "--refresh", "--force-write-index", at: path)
      #expect(IndexFile(path: index).map { WorktreeLook($0).isClean(path) } == true)
    }
  }

  /// Does something to a worktree that may or may not leave it changed.
  private func change(
    _ path: String, _ names: [String], _ test: TestRepository, _ random: inout SplitMix64
  ) throws {
    let name = names[random.below(names.count)]
    let file = path + "/" + name
    let files = FileManager.default
    let directory = path + "/d"
    switch random.below(14) {
    case 0: try? Data("x\n".utf8).write(to: URL(fileURLWithPath: file))
    case 1:  // As long as before, and as old.
      var facts = stat()
      guard stat(file, &facts) == 0 else { return }
      try Data(repeating: 0x78, count: Int(facts.st_size)).write(to: URL(fileURLWithPath: file))
      var times = [facts.st_atim, facts.st_mtim]
      utimensat(AT_FDCWD, file, &times, 0)
    case 2: chmod(file, 0o755)
    case 3: try? files.removeItem(atPath: file)
    case 4: try Data("new\n".utf8).write(to: URL(fileURLWithPath: path + "/new\(random.below(9))"))
    case 5: mkdir(path + "/empty", 0o755)
    case 6: _ = try? test.git("init", "-q", "inner", at: path)
    case 7:
      unlink(path + "/link")
      symlink("h", path + "/link")
    case 8:  // A directory of the same content behind a link.
      guard files.fileExists(atPath: directory) else { return }
      rename(directory, path + "/../elsewhere\(random.next())")
      symlink("h", directory)
    case 9: _ = try? test.git("add", "-A", at: path)
    case 10: _ = try? test.git("update-index", "--assume-unchanged", name, at: path)
    case 11: try? Data().write(to: URL(fileURLWithPath: file))
    case 12:
      try? files.removeItem(atPath: file)
      mkdir(file, 0o755)
    default: utimes(file, nil)
    }
  }

  /// A file that is written again within the step in which the file system counts looks as before.
  @Test func whatIsAsNewAsTheIndexIsLeftToGit() throws {
    let (test, lane, _) = try CheckoutTests.lane(["a": "1\n"])
    let index = try test.open(lane).gitDirectory + "/index"
    for _ in 0..<50 {
      try test.root.write("lane/a", "2\n")
      try test.git("add", "a", at: lane)
      try test.root.write("lane/a", "3\n")
      #expect(IndexFile(path: index).map { WorktreeLook($0).isClean(lane) } != true)
    }
  }

  /// git is not asked where the index tells it all.
  @Test func aLookAtTheIndexIsMostlyEnough() throws {
    let (test, lane, first) = try CheckoutTests.lane(["a": "1\n", "d/b": "2\n"])
    usleep(30_000)
    try test.git("update-index", "--refresh", "--force-write-index", at: lane)
    var environment = test.environment
    environment["GIT_TRACE"] = test.root.path("trace")
    let traced = try Repository(opening: lane, environment: environment)
    #expect(try traced.pristineTree() == traced.commit(first).tree)
    #expect(!test.root.exists("trace"))
    try test.root.write("lane/other", "")
    #expect(try traced.pristineTree() == nil)
    #expect(test.root.exists("trace"))
  }

  /// Files, index and what git says of both are as after git's own way.
  @Test(arguments: 1...12) func updatesAsGitDoes(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let test = try TestRepository()
    let repository = try test.open()
    var tree = try RandomTrees.tree(repository, &random, submodules: false)
    let (path, other) = (test.root.path("lane"), test.root.path("other"))
    for (name, place) in [("l", path), ("o", other)] {
      try repository.addWorktree(
        name: name, path: place, commit: test.commitTree(tree.id), branch: nil)
    }
    let lane = try test.open(path)
    for _ in 0..<8 {
      let next = try RandomTrees.edited(tree, repository, &random, edits: 6, submodules: false)
      if next.files.isEmpty { continue }
      #expect(try lane.pristineTree() == tree.id)
      #expect(try lane.updatePlainly(from: tree.id, to: next.id))
      try test.git("read-tree", "-m", "-u", tree.id.hex, next.id.hex, at: other)
      for words in [["ls-files", "-s"], ["diff-files"], ["write-tree"], ["clean", "-n", "-d"]] {
        #expect(try test.runGit(words, at: path).text == test.runGit(words, at: other).text)
      }
      let difference = try TestProgram.run(
        ["diff", "-r", "--no-dereference", "-x", ".git", path, other], directory: "/",
        environment: test.environment)
      #expect(difference.status == 0, "\(difference.text)")
      try lane.setHead(branch: nil, commit: test.commitTree(next.id))
      // It knows at once that nothing is changed, and so does git.
      let index = try #require(IndexFile(path: lane.gitDirectory + "/index"))
      #expect(WorktreeLook(index).isClean(path))
      #expect(try test.git("status", "--porcelain", "--ignored", at: path) == "")
      #expect(try lane.pristineTree() == next.id)
      tree = next
    }
  }

  /// What is in the way is left as it is, and git has its turn.
  @Test func anUpdateOverwritesNothing() throws {
    let (test, lane, first) = try CheckoutTests.lane([
      "a": "1\n", "d/b": "1\n", ".gitignore": "*.o\n",
    ])
    try test.write("a", "2\n")
    try test.write("d/b", "2\n")
    try test.write("e/x.txt", "2\n")
    try test.write(".gitignore", "")
    try test.write("i.o", "2\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    let repository = try test.open(lane)
    let (old, new) = try (repository.commit(first).tree, repository.commit(second).tree)
    let files = FileManager.default
    /// Lets the index be later than every file.
    func settle() throws {
      usleep(30_000)
      try test.git("update-index", "--refresh", "--force-write-index", at: lane)
    }
    func update() throws -> Bool { try repository.updatePlainly(from: old, to: new) }
    let index = try Data(contentsOf: URL(fileURLWithPath: repository.gitDirectory + "/index"))
    func isAsItWas() throws -> Bool {
      try Data(contentsOf: URL(fileURLWithPath: repository.gitDirectory + "/index")) == index
        && !files.fileExists(atPath: repository.gitDirectory + "/index.lock")
    }
    // A file that was changed, the last that would be looked at.
    try test.root.write("lane/d/b", "mine\n")
    #expect(try !update() && isAsItWas())
    #expect(try test.root.read("lane/d/b") == "mine\n" && test.root.read("lane/a") == "1\n")
    try test.git("checkout", "-q", "--", ".", at: lane)
    // A directory behind a link.
    try settle()
    rename(lane + "/d", test.root.path("outside"))
    symlink(test.root.path("outside"), lane + "/d")
    #expect(try !update())
    #expect(try test.root.read("outside/b") == "1\n")
    unlink(lane + "/d")
    rename(test.root.path("outside"), lane + "/d")
    // Files that nobody tracks stand where new ones belong.
    try test.root.write("lane/i.o", "mine\n")
    #expect(try !update())
    #expect(try test.root.read("lane/i.o") == "mine\n")
    unlink(lane + "/i.o")
    try test.git("reset", "-q", "--hard", at: lane)
    try test.git("clean", "-q", "-fdx", at: lane)
    try settle()
    try files.createSymbolicLink(
      atPath: lane + "/e", withDestinationPath: test.root.path("elsewhere"))
    try files.createDirectory(
      atPath: test.root.path("elsewhere"), withIntermediateDirectories: false)
    #expect(try !update())
    #expect(!test.root.exists("elsewhere/x.txt"))
    unlink(lane + "/e")
    // Somebody else holds the index.
    try test.git("reset", "-q", "--hard", at: lane)
    try settle()
    let lock = repository.gitDirectory + "/index.lock"
    #expect(files.createFile(atPath: lock, contents: nil))
    #expect(try !update() && files.fileExists(atPath: lock))
    unlink(lock)
    #expect(try update())
    #expect(try test.root.read("lane/i.o") == "2\n")
    #expect(try test.git("write-tree", at: lane) == new.hex)
  }

  /// A file that was written in the step in which the index was is looked into, by git.
  @Test func anUpdateHidesNoChange() throws {
    let (test, lane, first) = try CheckoutTests.lane(["a": "1\n", "b": "1\n"])
    try test.write("b", "2\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    let repository = try test.open(lane)
    for _ in 0..<30 {
      try test.root.write("lane/a", "2\n")
      try test.git("add", "a", at: lane)
      try test.root.write("lane/a", "3\n")
      _ = try repository.updatePlainly(
        from: repository.commit(first).tree, to: repository.commit(second).tree)
      #expect(try test.git("status", "--porcelain", at: lane).contains("M a"))
      try test.git("reset", "-q", "--hard", first.hex, at: lane)
    }
  }

  /// Settings are remembered, and not longer than they are so.
  @Test func settingsThatChangeAreNoticed() throws {
    let (test, lane, _) = try CheckoutTests.lane(["a": "1\n"])
    var environment = test.environment
    environment["GIT_TRACE"] = test.root.path("trace")
    environment["GIT_CONFIG_GLOBAL"] = nil
    let repository = try Repository(opening: lane, environment: environment)
    usleep(30_000)
    #expect(try repository.checksOutPlainly())
    unlink(test.root.path("trace"))
    #expect(try repository.checksOutPlainly() && !test.root.exists("trace"))
    // In the repository, in the user's own file, in one that is included and was not there, in the worktree's.
    try test.git("config", "core.autocrlf", "true")
    #expect(try !repository.checksOutPlainly())
    try test.git("config", "--unset", "core.autocrlf")
    #expect(try repository.checksOutPlainly())
    try test.git("config", "include.path", "later.config")
    usleep(30_000)
    #expect(try repository.checksOutPlainly() && repository.checksOutPlainly())
    try test.write(".git/later.config", "[core]\n\tautocrlf = true\n")
    #expect(try !repository.checksOutPlainly())
    try FileManager.default.removeItem(atPath: test.path + "/.git/later.config")
    #expect(try repository.checksOutPlainly())
    let own = try #require(environment["HOME"]) + "/.gitconfig"
    let text = FileManager.default.contents(atPath: own)
    usleep(30_000)
    #expect(try repository.checksOutPlainly())
    try Data("[core]\n\teol = crlf\n".utf8).write(to: URL(fileURLWithPath: own))
    #expect(try !repository.checksOutPlainly())
    if let text { try text.write(to: URL(fileURLWithPath: own)) } else { unlink(own) }
    #expect(try repository.checksOutPlainly())
  }

  /// Another commit may ignore less; what it does not ignore goes, as on the long way.
  @Test func whatIsIgnoredNoLongerIsRemoved() throws {
    let (test, lane, _) = try CheckoutTests.lane([".gitignore": "*.o\n*.log\n", "a": "1\n"])
    try test.root.write("lane/x.o", "o\n")
    try test.root.write("lane/x.log", "log\n")
    try test.write(".gitignore", "*.o\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    let repository = try test.open(lane)
    let pristine = try #require(try repository.pristineTree())
    try repository.switchWorktree(
      to: second, branch: nil, removeUntracked: true, pristine: pristine)
    #expect(!test.root.exists("lane/x.log") && test.root.exists("lane/x.o"))
  }

  /// The files may have changed since somebody looked, or somebody looked at something else.
  @Test func aWrongBeliefDoesNoHarm() throws {
    let (test, lane, first) = try CheckoutTests.lane(["a": "1\n", "b": "1\n"])
    try test.write("a", "2\n")
    try test.write("b", "2\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    try test.write("b", "1\n")
    let third = try #require(ObjectID(hex: test.commit("three")))
    let repository = try test.open(lane)
    let tree = try repository.commit(second).tree
    // The index is the first commit's, which has the third one's `b`.
    try repository.switchWorktree(to: third, branch: nil, removeUntracked: true, pristine: tree)
    #expect(try test.git("status", "--porcelain", at: lane) == "")
    #expect(try test.root.read("lane/a") == "2\n")
    try test.root.write("lane/a", "edited\n")
    try repository.switchWorktree(
      to: first, branch: nil, removeUntracked: true, pristine: repository.commit(third).tree)
    #expect(try test.root.read("lane/a") == "1\n")
    #expect(try test.git("status", "--porcelain", at: lane) == "")
  }
}
