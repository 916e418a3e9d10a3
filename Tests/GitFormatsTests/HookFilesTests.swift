import Foundation
import GitFormats
import TestSupport
import Testing

/// The files by which git starts our hooks, in a directory into which other programs write as well.
@Suite(.bounded) struct HookFilesTests {
  private let root: TemporaryDirectory
  private let directory: String
  private let files: HookFiles

  init() throws {
    root = try TemporaryDirectory()
    directory = root.path("lanekeeper/hooks")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    files = HookFiles(directory)
  }

  private func write(_ name: String, _ text: String) throws {
    try root.write("lanekeeper/hooks/" + name, text, executable: true)
  }

  private func read(_ name: String) throws -> String { try root.read("lanekeeper/hooks/" + name) }

  @Test func theKernelStartsTheProgramUnlessItsPathHasToBeQuoted() {
    func first(_ program: String) -> String {
      let text = String(decoding: HookLauncher(program: program).content, as: UTF8.self)
      #expect(HookLauncher.recognise(Array(text.utf8)) == .launcher)
      return String(text.prefix { $0 != "\n" })
    }
    #expect(first("/a/b/bin/lanekeeper-hook") == "#!/a/b/bin/lanekeeper-hook")
    for odd in [
      "/a b/p", "/a\nb/p", "/a\tb", "relative/p", "/" + String(repeating: "x", count: 130),
    ] {
      #expect(first(odd) == "#!/bin/sh")
    }
  }

  @Test func p6_whatAnotherProgramWroteIsKept() throws {
    for text in ["#!/bin/sh\necho theirs\n", "", "#!/usr/bin/env python3\n", "\u{0}binary"] {
      try write("pre-commit", text)
      #expect(files.put("pre-commit") == 0)
      #expect(files.isWhole("pre-commit"))
      #expect(try read("pre-commit.displaced") == text)
      unlink(directory + "/pre-commit.displaced")
    }
    #expect(HookFiles.entries(of: directory) == ["pre-commit"])
  }

  @Test func p6_theSecondProgramDoesNotReplaceTheFirstOnesHook() throws {
    for text in ["one", "two", "two", "three"] {
      try write("pre-push", text)
      files.put("pre-push")
    }
    #expect(try read("pre-push.displaced") == "three")
    #expect(try read("pre-push.displaced.1") == "one")
    #expect(try read("pre-push.displaced.2") == "two")
    #expect(HookFiles.entries(of: directory).count == 4)
  }

  @Test func whatIsAddedToOursBecomesAHookOfItsOwn() throws {
    files.put("pre-commit")
    try write("pre-commit", try read("pre-commit") + "echo added\n")
    #expect(!files.isWhole("pre-commit") && !files.isOurs("pre-commit"))
    files.put("pre-commit")
    #expect(try read("pre-commit.displaced") == "#!/bin/sh\necho added\n")
    // Of a path with a space it is a shell's file.
    let other = root.path("with space/hooks")
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    HookFiles(other).put("pre-commit")
    let text = try root.read("with space/hooks/pre-commit")
    try root.write("with space/hooks/pre-commit", text + "echo more\n", executable: true)
    HookFiles(other).put("pre-commit")
    #expect(try root.read("with space/hooks/pre-commit.displaced") == "#!/bin/sh\necho more\n")
  }

  @Test func olderOnesOfOursGoWithoutATrace() throws {
    symlink("../bin/lanekeeper-hook", directory + "/pre-commit")
    let moved = HookLauncher(program: "/before/bin/lanekeeper-hook").content
    try write("pre-push", String(decoding: moved, as: UTF8.self))
    #expect(files.isOurs("pre-commit") && files.isOurs("pre-push"))
    files.put("pre-commit")
    files.put("pre-push")
    #expect(files.isWhole("pre-commit") && files.isWhole("pre-push"))
    #expect(HookFiles.entries(of: directory).sorted() == ["pre-commit", "pre-push"])
  }

  @Test func linksPipesAndDirectoriesAreNeitherFollowedNorWaitedFor() throws {
    try root.write("elsewhere", "theirs", executable: true)
    symlink(root.path("elsewhere"), directory + "/pre-commit")
    mkfifo(directory + "/pre-push", 0o755)
    mkdir(directory + "/pre-merge-commit", 0o755)
    for name in ["pre-commit", "pre-push", "pre-merge-commit"] {
      #expect(files.put(name) == 0)
      #expect(files.isWhole(name), "\(name)")
    }
    #expect(try root.read("elsewhere") == "theirs")
    #expect(try read("pre-commit.displaced") == "theirs")
  }

  @Test func aFileWithoutTheRightToStartIsPutRight() throws {
    files.put("pre-commit")
    chmod(directory + "/pre-commit", 0o600)
    #expect(!files.isWhole("pre-commit"))
    files.put("pre-commit")
    #expect(files.isWhole("pre-commit"))
    #expect(HookFiles.entries(of: directory) == ["pre-commit"])
  }

  @Test func hooksOfTheUserAreAddedOnce() throws {
    for name in ["commit-msg", "update", "pre-commit", "helper", "post-merge.sample", "a-b"] {
      try root.write("user/" + name, "#!/bin/sh\n", executable: true)
    }
    try root.write("user/post-commit", "no program")
    mkdir(root.path("user/post-rewrite"), 0o755)
    files.add(hooksOf: root.path("user"))
    #expect(
      HookFiles.entries(of: directory).sorted() == ["a-b", "commit-msg", "pre-commit", "update"])
    try write("commit-msg", "theirs")
    files.add(hooksOf: root.path("user"))
    #expect(try read("commit-msg") == "theirs")
  }
}
