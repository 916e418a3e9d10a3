import Foundation
import Git
import Processes
import Store
import TestSupport
import Testing

@testable import Engine

@Suite(.bounded) struct LeftoversTests {
  private func commit(
    _ test: TestRepository, products: [String] = [], author: (name: String, email: String)? = nil,
    message: String = "work\n"
  ) throws -> LeftoverOutcome {
    try Leftovers.commit(
      in: try Repository(opening: test.path, environment: test.environment), litter: [],
      products: Set(products.map { Array($0.utf8) }), message: message, author: author, adding: [:])
  }

  private func names(_ test: TestRepository) throws -> [String] {
    try test.git("show", "--format=", "--name-only", "HEAD").split(separator: "\n").map(String.init)
  }

  /// Files that look changed right after a checkout, in each way that git knows.
  private func noisy(_ kind: String) throws -> TestRepository {
    let test = try TestRepository()
    switch kind {
    case "text":
      for number in 1...3 { try test.write("old\(number).txt", "one\r\ntwo\r\n") }
      try test.git("-c", "core.autocrlf=false", "add", "-A")
      try test.git("commit", "-qm", "base")
      try test.write(".gitattributes", "*.txt text\n")
    case "filter":
      for number in 1...3 { try test.write("old\(number).txt", "raw \(number)\n") }
      try test.commit("base")
      try test.git("config", "filter.up.clean", "tr a-z A-Z")
      try test.git("config", "filter.up.smudge", "tr A-Z a-z")
      try test.write(".gitattributes", "*.txt filter=up\n")
    default:
      for number in 1...3 { try test.write("old\(number).txt", "raw\n") }
      try test.commit("base")
      // Each checkout adds something that is never taken away.
      try test.git("config", "filter.add.clean", "sed s/raw/clean/")
      try test.git("config", "filter.add.smudge", "sed s/raw/smudged/")
      try test.write(".gitattributes", "*.txt filter=add\n")
    }
    try test.git("add", ".gitattributes")
    try test.git("commit", "-qm", "attributes")
    for number in 1...3 {
      try FileManager.default.removeItem(atPath: test.path + "/old\(number).txt")
    }
    try test.git("checkout", "-q", "--", ".")
    return test
  }

  @Test(arguments: ["text", "filter", "sed"], [false, true])
  func whatACheckoutWritesIsNobodysWork(kind: String, isStaged: Bool) throws {
    let test = try noisy(kind)
    let later = Date(timeIntervalSinceNow: 5)
    for number in 1...3 {
      try FileManager.default.setAttributes(
        [.modificationDate: later], ofItemAtPath: test.path + "/old\(number).txt")
    }
    #expect(try !test.git("status", "--short").isEmpty)
    if isStaged { try test.git("add", "-A") }
    let repository = try Repository(opening: test.path, environment: test.environment)
    #expect(try PhantomChanges.paths(repository.status(), repository).count == 3)
    let outcome = try commit(test)
    #expect(outcome == .nothing, "\(outcome)")
    try test.write("new.md", "new\n")
    try test.write("old2.txt", "changed by an agent\n")
    guard case .committed = try commit(test) else {
      Issue.record("nothing was committed")
      return
    }
    #expect(try names(test) == ["new.md", "old2.txt"])
  }

  @Test func whereAttributesChangeEverythingIsWork() throws {
    let test = try noisy("filter")
    try test.write(".gitattributes", "*.txt -filter text\n")
    guard case .committed = try commit(test) else {
      Issue.record("nothing was committed")
      return
    }
    #expect(try names(test).contains(".gitattributes"))
  }

  @Test func newFilesOfTheGateAreNobodysWork() throws {
    let test = try TestRepository()
    try test.write("kept", "1\n")
    try test.commit("base")
    try test.write("kept", "2\n")
    try test.write("product", "p\n")
    try test.write("out/deep", "p\n")
    try test.write("out/mine", "m\n")
    // An agent has staged them all.
    try test.git("add", "-A")
    guard case .committed = try commit(test, products: ["product", "out/deep", "kept"]) else {
      Issue.record("nothing was committed")
      return
    }
    // What is tracked already is work, whatever a gate left once.
    #expect(try names(test) == ["kept", "out/mine"])
    #expect(FileManager.default.fileExists(atPath: test.path + "/product"))
    #expect(try commit(test, products: ["product", "out/deep"]) == .nothing)
  }

  @Test func aHookThatRefusesAndASignerThatFailsAreToldApart() throws {
    let test = try TestRepository()
    try test.commit("base")
    try test.write(
      ".git/hooks/commit-msg", "#!/bin/sh\necho type may not be empty >&2\nexit 1\n",
      executable: true)
    try test.write("a.txt", "1\n")
    guard case .hookRefused(let words) = try commit(test) else {
      Issue.record("it was not refused")
      return
    }
    #expect(words.contains("type may not be empty"))
    try FileManager.default.removeItem(atPath: test.path + "/.git/hooks/commit-msg")
    let signer = test.root.path("signer")
    try test.root.write("signer", "#!/bin/sh\necho no pinentry >&2\nexit 2\n", executable: true)
    for (key, value) in [
      ("gpg.program", signer), ("commit.gpgsign", "true"), ("user.signingkey", "K"),
    ] {
      try test.git("config", key, value)
    }
    guard case .unsigned(let reason) = try commit(test) else {
      Issue.record("it was signed")
      return
    }
    #expect(reason.contains("sign"), "\(reason)")
    try test.git("config", "commit.gpgsign", "false")
    guard case .committed = try commit(test, author: ("Build Bot", "bot@example.org")) else {
      Issue.record("it was not committed")
      return
    }
    #expect(
      try test.git("log", "-1", "--format=%an <%ae>") == "Build Bot <bot@example.org>")
  }

  @Test func p4_aLaneThatIsOnlyNoisyLeavesNoRescue() throws {
    let fixture = try LaneTests.Fixture()
    try GateLitter.remember([Array("product".utf8)], fixture.store)
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    func rescues() throws -> String {
      try fixture.test.git("for-each-ref", "--format=%(refname)", "refs/lanekeeper/rescue")
    }
    try fixture.test.root.write("lanes/1/product", "p\n")
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try rescues() == "")
    try fixture.test.root.write("lanes/1/product", "p\n")
    try fixture.test.root.write("lanes/1/work", "w\n")
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try !rescues().isEmpty)
  }

  @Test func p4_aHookThatDoesNotEndRefusesTheCommit() throws {
    let test = try TestRepository()
    try test.commit("first")
    try test.write("work", "done\n")
    try test.root.write(
      "repo/.git/hooks/pre-commit", "#!/bin/sh\nsleep 3000; true\n", executable: true)
    let repository = try Repository(opening: test.path, environment: test.environment)
    let outcome = try Programs.$most.withValue(2) {
      try Leftovers.commit(in: repository, litter: [], message: "work", adding: [:])
    }
    guard case .refused(let words) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(words.contains("did not end within 2 s"))
    #expect(words.contains("pre-commit"))
    #expect(try test.read("work") == "done\n")
  }

  @Test func pipesInPlaceOfGitsFilesAreRemoved() throws {
    let test = try TestRepository()
    try test.commit("first")
    try test.write("sub/y", "work\n")
    for name in [".gitignore", ".gitattributes"] { mkfifo(test.path + "/sub/" + name, 0o600) }
    let repository = try Repository(opening: test.path, environment: test.environment)
    let removed = LaneSpecials.remove(test.path, gitDirectory: repository.gitDirectory)
    #expect(removed.count == 2)
    let status = try Programs.$most.withValue(60) { try repository.status() }
    #expect(status.map(\.path) == [Array("sub/y".utf8)])
  }
}
