import CProcess
import Foundation
import Processes
import TestSupport
import Testing

/// Paths below a directory that somebody else can write, by openat2(2) and name by name.
@Suite(.bounded) struct RootTests {
  private let scratch: TemporaryDirectory

  init() throws {
    scratch = try TemporaryDirectory()
    try scratch.write("outside/secret", "secret\n")
    try scratch.write("root/dir/file", "content\n")
  }

  private func root(_ isStepwise: Bool) throws -> Root {
    try Root(scratch.path("root"), isStepwise: isStepwise)
  }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test(arguments: [false, true]) func readsWritesAndRemoves(isStepwise: Bool) throws {
    let root = try root(isStepwise)
    #expect(try root.read(bytes("dir/file"), limit: 8) == bytes("content\n"))
    #expect(try root.read(bytes("dir/absent"), limit: 8) == nil)
    #expect(try root.read(bytes("absent/file"), limit: 8) == nil)
    try root.makeDirectory(bytes("a/b/c"))
    try root.write(bytes("a/b/c/new"), bytes("new\n"), mode: 0o640)
    #expect(try scratch.read("root/a/b/c/new") == "new\n")
    #expect(try root.facts(bytes("a/b/c/new"))?.st_mode == S_IFREG | 0o640)
    #expect(root.remove(bytes("a/b/c/new")) && !root.remove(bytes("a/b/c/new")))
    #expect(root.removeDirectory(bytes("a/b/c")) && !root.removeDirectory(bytes("a")))
    try root.removeAll(bytes("a"))
    #expect(!scratch.exists("root/a"))
    try root.removeAll(bytes("a"))
    #expect(
      try root.walk(limit: 10).map { String(decoding: $0.path, as: UTF8.self) } == [
        "dir/file", "dir",
      ])
  }

  /// A link to a directory as the first, a middle and the last part, absolute and relative, and to nothing.
  @Test(
    arguments: [false, true], ["first/dir/secret", "dir/middle/secret", "dir/last", "dangling"])
  func noLinkIsFollowed(isStepwise: Bool, name: String) throws {
    symlink(scratch.path("outside"), scratch.path("root/first"))
    symlink("../../outside", scratch.path("root/dir/middle"))
    symlink(scratch.path("outside/secret"), scratch.path("root/dir/last"))
    symlink(scratch.path("outside/made"), scratch.path("root/dangling"))
    let root = try root(isStepwise)
    #expect(throws: RootError.self) { try root.read(bytes(name), limit: 100) }
    #expect(throws: RootError.self) { try root.makeDirectory(bytes(name)) }
    #expect(throws: RootError.self) {
      _ = try root.copyOut(bytes(name), to: scratch.path("copy"), limit: 100)
    }
    let isLast = name == "dir/last" || name == "dangling"
    if isLast {
      // The link itself is replaced, and not what it leads to.
      try root.write(bytes(name), bytes("mine\n"))
      #expect(try scratch.read("root/" + name) == "mine\n")
    } else {
      #expect(throws: RootError.self) { try root.write(bytes(name), bytes("mine\n")) }
      #expect(!root.remove(bytes(name)))
      #expect(throws: RootError.self) { try root.removeAll(bytes(name)) }
    }
    #expect(try scratch.read("outside/secret") == "secret\n")
    #expect(!scratch.exists("outside/made"))
  }

  @Test(
    arguments: [false, true],
    [
      "", "/etc/passwd", "../outside/secret", "dir/../../outside/secret", ".", "dir//file", "dir/",
      "a\0b",
    ])
  func noPathLeadsElsewhere(isStepwise: Bool, name: String) throws {
    let root = try root(isStepwise)
    #expect(throws: RootError.self) { try root.read(bytes(name), limit: 100) }
    #expect(throws: RootError.self) { try root.write(bytes(name), []) }
    #expect(throws: RootError.self) { try root.removeAll(bytes(name)) }
    #expect(try scratch.read("outside/secret") == "secret\n")
  }

  @Test(arguments: [false, true]) func onlyRegularFilesOfBoundedSizeAreRead(isStepwise: Bool)
    throws
  {
    let root = try root(isStepwise)
    mkfifo(scratch.path("root/pipe"), 0o600)
    #expect(throws: RootError.notRegular("pipe")) { try root.read(bytes("pipe"), limit: 100) }
    #expect(throws: RootError.notRegular("dir")) { try root.read(bytes("dir"), limit: 100) }
    let machine = try Root("/dev", isStepwise: isStepwise)
    #expect(throws: RootError.notRegular("zero")) { try machine.read(bytes("zero"), limit: 100) }
    try scratch.write("root/giant", "")
    truncate(scratch.path("root/giant"), 300 << 30)
    #expect(throws: RootError.tooLarge("giant", limit: 4096)) {
      try root.read(bytes("giant"), limit: 4096)
    }
    #expect(throws: RootError.tooLarge("giant", limit: 4096)) {
      _ = try root.copyOut(bytes("giant"), to: scratch.path("copy"), limit: 4096)
    }
    // A file of /proc says that it has no size.
    let process = try Root("/proc", isStepwise: isStepwise)
    #expect(throws: RootError.tooLarge("filesystems", limit: 4)) {
      try process.read(bytes("filesystems"), limit: 4)
    }
    #expect(throws: RootError.tooLarge(".", limit: 1)) { _ = try root.walk(limit: 1) }
  }

  /// Another name of the same file, somewhere else, keeps what it has.
  @Test func aHardLinkIsReplacedAndNotWritten() throws {
    link(scratch.path("outside/secret"), scratch.path("root/hard"))
    try root(false).write(bytes("hard"), bytes("mine\n"))
    #expect(try scratch.read("outside/secret") == "secret\n")
  }

  @Test func sweepsAndTakesAwayWhateverIsThere() throws {
    let root = try root(false)
    symlink("../outside", scratch.path("root/dir/link"))
    mkfifo(scratch.path("root/dir/pipe"), 0o600)
    try root.sweep()
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.path("root/dir")) == ["file"])
    // Deeper than any path can be, and closed.
    let start = open(scratch.path("root"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    var at = start
    for _ in 0..<1500 {
      mkdirat(at, "nested", 0o700)
      let next = openat(at, "nested", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      close(at)
      at = next
    }
    fchmod(at, 0)
    close(at)
    chmod(scratch.path("root/nested/nested"), 0)
    try root.removeAll(bytes("nested"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("root")) == ["dir"])
  }

  @Test func copiesInWhatIsTrusted() throws {
    try scratch.write("mine/goose/config", "mine\n")
    symlink("config", scratch.path("mine/goose/link"))
    try FileManager.default.createDirectory(
      atPath: scratch.path("root/home"), withIntermediateDirectories: true)
    symlink(scratch.path("mine"), scratch.path("root/home/.config"))
    let root = try root(false)
    for _ in 0..<2 {
      try root.copyIn(scratch.path("mine/goose"), to: bytes("home/.config/goose"))
      #expect(try scratch.read("root/home/.config/goose/link") == "mine\n")
    }
    try scratch.write("root/home/.config/goose/config", "the agent's\n")
    #expect(try scratch.read("mine/goose/config") == "mine\n")
  }

  @Test func takesFilesOverEmptyDirectories() throws {
    try scratch.write("source/one", "one\n")
    mkdir(scratch.path("root/one"), 0o700)
    try root(false).take(bytes("one"), from: Root(scratch.path("source")))
    #expect(try scratch.read("root/one") == "one\n" && !scratch.exists("source/one"))
    try scratch.write("source/dir", "a file\n")
    #expect(throws: RootError.self) {
      try root(false).take(bytes("dir"), from: Root(scratch.path("source")))
    }
    #expect(try scratch.read("root/dir/file") == "content\n")
  }

  /// While a directory is swapped for a link and back, nothing is written or removed outside.
  @Test(arguments: [false, true]) func aSwapMeanwhileWinsNothing(isStepwise: Bool) throws {
    let root = try root(isStepwise)
    let (real, aside) = (scratch.path("root/dir"), scratch.path("root/dir2"))
    symlink(scratch.path("outside"), scratch.path("root/evil"))
    let evil = scratch.path("root/evil")
    let ended = Flag()
    let swapping = Thread {
      while !ended.isSet {
        rename(real, aside)
        rename(evil, real)
        rename(real, evil)
        rename(aside, real)
      }
      ended.done()
    }
    swapping.start()
    for _ in 0..<3000 {
      try? root.write(bytes("dir/file"), bytes("written\n"))
      _ = try? root.makeDirectory(bytes("dir/made"), replacing: false)
      root.remove(bytes("dir/secret"))
      if let seen = try? root.read(bytes("dir/secret"), limit: 100) {
        Issue.record("read \(seen)")
      }
    }
    ended.set()
    ended.wait()
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.path("outside")) == ["secret"])
    #expect(try scratch.read("outside/secret") == "secret\n")
  }

  private final class Flag: @unchecked Sendable {
    private let lock = NSCondition()
    private var wasSet = false
    private var isDone = false
    var isSet: Bool { lock.withLock { wasSet } }
    func set() { lock.withLock { wasSet = true } }
    func done() {
      lock.withLock {
        isDone = true
        lock.broadcast()
      }
    }
    func wait() {
      lock.lock()
      while !isDone { lock.wait() }
      lock.unlock()
    }
  }
}
