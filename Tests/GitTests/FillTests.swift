import Foundation
import Git
import TestSupport
import Testing

@Suite(.bounded) struct FillTests {
  @Test func runsFilterDrivers() throws {
    let (test, lane, _) = try CheckoutTests.lane(["a.up": "abc\n"]) { test in
      try test.git("config", "filter.upper.smudge", "tr a-z A-Z")
      try test.git("config", "filter.upper.clean", "tr A-Z a-z")
      try test.write("sub/.gitattributes", "*.up filter=upper\n")
      try test.write("sub/b.up", "abc\n")
    }
    #expect(try test.root.read("lane/sub/b.up") == "ABC\n")
    #expect(try test.root.read("lane/a.up") == "abc\n")
    #expect(try test.git("status", "--porcelain", at: lane).isEmpty)
    #expect(try test.open(lane).status().isEmpty)
    try test.write("sub/b.up", "def\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    try test.open(lane).switchWorktree(to: second, branch: nil)
    #expect(try test.root.read("lane/sub/b.up") == "DEF\n")
    #expect(try test.git("status", "--porcelain", at: lane).isEmpty)
  }

  @Test func writesEncodings() throws {
    let (test, lane, _) = try CheckoutTests.lane([
      ".gitattributes": "*.wide text working-tree-encoding=UTF-16LE\n"
    ]) { test in
      try Data([0x61, 0, 0x0a, 0]).write(to: URL(fileURLWithPath: test.path + "/a.wide"))
    }
    #expect(FileManager.default.contents(atPath: lane + "/a.wide") == Data([0x61, 0, 0x0a, 0]))
    #expect(try test.git("status", "--porcelain", at: lane).isEmpty)
  }

  @Test func servesSplitIndexes() throws {
    let (test, lane, _) = try CheckoutTests.lane(["a": "1\n"])
    try test.git("update-index", "--split-index", at: lane)
    try test.write("a", "2\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    try test.open(lane).switchWorktree(to: second, branch: nil)
    #expect(try test.root.read("lane/a") == "2\n")
    #expect(try test.git("status", "--porcelain", at: lane).isEmpty)
  }

  @Test func p6_runsNoHookOfTheUser() throws {
    let (test, lane, first) = try CheckoutTests.lane(["a": "1\n"])
    for hook in ["post-checkout", "post-index-change", "reference-transaction"] {
      try test.write(
        ".git/hooks/" + hook, "#!/bin/sh\necho \(hook) >>'\(test.root.path("log"))'\n",
        executable: true)
    }
    let repository = try test.open(lane)
    try repository.fill(test.id("HEAD^{tree}"))
    try test.root.write("lane/junk", "junk")
    try repository.switchWorktree(to: first, branch: "refs/heads/x", removeUntracked: true)
    #expect(try repository.status().isEmpty)
    #expect(!test.root.exists("log"))
  }
}
