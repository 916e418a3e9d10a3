import CProcess
import Foundation
import Processes
import TestSupport
import Testing

@Suite(.bounded) struct FileCopyTests {
  private let scratch: TemporaryDirectory

  init() throws { scratch = try TemporaryDirectory() }

  private func facts(_ path: String) -> (mode: mode_t, time: Int) {
    var found = stat()
    lstat(scratch.path(path), &found)
    return (found.st_mode, found.st_mtim.tv_sec)
  }

  @Test func keepsContentsModesTimesAndLinks() throws {
    let big = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    try scratch.write("cache/deep/empty", "")
    try scratch.write("cache/run", "#!/bin/sh\n", executable: true)
    try big.write(to: URL(fileURLWithPath: scratch.path("cache/deep/big")))
    chmod(scratch.path("cache/deep/big"), 0o400)
    symlink("deep/big", scratch.path("cache/link"))
    symlink("/nowhere/at/all", scratch.path("cache/dangling"))
    mkfifo(scratch.path("cache/pipe"), 0o600)
    var times = [timespec(tv_sec: 1_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000, tv_nsec: 0)]
    utimensat(AT_FDCWD, scratch.path("cache/run"), &times, 0)
    utimensat(AT_FDCWD, scratch.path("cache/deep"), &times, 0)
    let count = try FileCopy.copy(scratch.path("cache"), to: scratch.path("copy"))
    #expect(count.shared + count.copied == 3)
    #expect(FileManager.default.contents(atPath: scratch.path("copy/deep/big")) == big)
    #expect(try scratch.read("copy/deep/empty") == "")
    for name in ["run", "deep", "deep/big", "link"] {
      #expect(facts("copy/" + name).mode == facts("cache/" + name).mode, "\(name)")
    }
    #expect(facts("copy/run").time == 1_000_000 && facts("copy/deep").time == 1_000_000)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path("copy/link"))
        == "deep/big")
    #expect(!scratch.exists("copy/pipe"))
    // They are two files: what is written to one is not in the other.
    try scratch.write("copy/run", "changed\n")
    #expect(try scratch.read("cache/run") == "#!/bin/sh\n")
  }

  @Test func leavesWhatIsThere() throws {
    try scratch.write("cache/a", "new\n")
    try scratch.write("cache/b/c", "new\n")
    try scratch.write("copy/a", "old\n")
    try scratch.write("copy/b", "a file where the other has a directory\n")
    let count = try FileCopy.copy(scratch.path("cache"), to: scratch.path("copy"))
    #expect(count == (0, 0))
    #expect(try scratch.read("copy/a") == "old\n")
    #expect(throws: ProcessFailure.self) {
      try FileCopy.copy(scratch.path("nothing"), to: scratch.path("copy/x"))
    }
  }

  @Test func whatCantBeSharedIsCopied() throws {
    // A pipe's blocks can't be shared on any file system; the call says so, and nothing else.
    let source = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
    try scratch.write("target", "")
    let target = open(scratch.path("target"), O_WRONLY | O_CLOEXEC)
    defer {
      close(source)
      close(target)
    }
    #expect(lk_clone(target, source) == -1)
    let reason = errno
    #expect([EXDEV, EOPNOTSUPP, EINVAL, ENOTTY].contains(reason), "errno \(reason)")
    // From another file system bytes are copied, silently.
    #expect(try FileCopy.copy("/proc/version", to: scratch.path("version")) == (0, 1))
    #expect(
      FileManager.default.contents(atPath: scratch.path("version"))
        == FileManager.default.contents(atPath: "/proc/version"))
  }
}
