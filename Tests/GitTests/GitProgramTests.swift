import Foundation
import Processes
import TestSupport
import Testing

@testable import Git

@Suite(.bounded) struct GitProgramTests {
  @Test func clearsWhatTiesGitToAnotherRepository() throws {
    let test = try TestRepository()
    let other = try TestRepository()
    var environment = test.environment
    environment["GIT_DIR"] = other.path + "/.git"
    environment["GIT_INDEX_FILE"] = "/nonexistent"
    environment["GIT_CONFIG_COUNT"] = "1"
    environment["GIT_CONFIG_KEY_0"] = "user.name"
    environment["GIT_CONFIG_VALUE_0"] = "leaked"
    environment["GIT_CONFIG_PARAMETERS"] = "'user.email'='leaked'"
    let result = try GitProgram.check(
      ["rev-parse", "--show-toplevel"], directory: test.path, environment: environment)
    #expect(result.text == test.path)
    let leaks = try GitProgram.run(
      ["config", "--get-regexp", "^user\\."], directory: test.path, environment: environment)
    #expect(leaks.status == 1 && leaks.output.isEmpty)
  }

  @Test func knowsEveryVariableThatGitLists() throws {
    let test = try TestRepository()
    let listed = try test.git("rev-parse", "--local-env-vars").split(separator: "\n").map(
      String.init)
    #expect(GitProgram.localVariables.isSuperset(of: listed))
  }

  @Test func anOuterCommitLendsNothingToOthers() {
    let own = ["GIT_AUTHOR_NAME": "Person", "GIT_EDITOR": "vi", "PATH": "/bin"]
    #expect(GitProgram.clean(own) == own)
    for sign in ["GIT_DIR", "GIT_INDEX_FILE"] {
      var hook = own
      hook[sign] = ".git/x"
      hook["GIT_AUTHOR_DATE"] = "@1 +0000"
      #expect(GitProgram.clean(hook) == ["PATH": "/bin"])
    }
  }

  @Test func p3_replacementsOfObjectsAreNotFollowed() throws {
    let test = try TestRepository()
    try test.write("a", "true\n")
    try test.commit("first")
    let other = try test.git(["hash-object", "-w", "--stdin"], input: Array("forged\n".utf8))
    try test.git("replace", try test.git("rev-parse", "HEAD:a"), other)
    var environment = test.environment
    environment["GIT_NO_REPLACE_OBJECTS"] = nil
    let shown = try GitProgram.check(
      ["cat-file", "blob", "HEAD:a"], directory: test.path, environment: environment)
    #expect(shown.text == "true")
  }

  @Test func passesMuchInBothDirections() throws {
    let test = try TestRepository()
    let content = [UInt8](repeating: 0x61, count: 3_000_000)
    let id = try GitProgram.check(
      ["hash-object", "-w", "--stdin"], directory: test.path, environment: test.environment,
      input: content
    ).text
    let back = try GitProgram.check(
      ["cat-file", "blob", id], directory: test.path, environment: test.environment)
    #expect(back.output == content)
  }

  @Test func survivesAProgramThatReadsNothing() throws {
    let test = try TestRepository()
    let result = try GitProgram.run(
      ["nonsense"], directory: test.path, environment: test.environment,
      input: [UInt8](repeating: 0, count: 1_000_000))
    #expect(result.status == 1)
    #expect(result.error.contains("nonsense"))
  }

  @Test func reportsHowGitEnded() throws {
    let test = try TestRepository()
    let error = #expect(throws: GitProgramError.self) {
      try GitProgram.check(
        ["rev-parse", "HEAD"], directory: test.path, environment: test.environment)
    }
    #expect(error?.status == 128)
    #expect(error?.description.contains("rev-parse HEAD") == true)
    #expect(try GitProgram.version(environment: test.environment).first == 2)
  }
}

@Suite(.bounded) struct GitThatWaitsTests {
  /// Lets every hook, signer or filter of a test wait for ever, with a process that has left its session.
  private func waiter(_ test: TestRepository, _ name: String) throws -> String {
    let path = test.root.path(name)
    try test.root.write(
      name,
      """
      #!/bin/sh
      setsid sleep 3000 > /dev/null 2>&1 &
      echo $! > '\(path).left'
      sleep 3001

      """, executable: true)
    return path
  }

  private func expectEnd(
    _ test: TestRepository, of program: String, _ arguments: [String], input: [UInt8] = []
  ) throws {
    let error = #expect(throws: GitProgramError.self) {
      try GitProgram.run(
        arguments, directory: test.path, environment: test.environment, input: input, seconds: 2)
    }
    guard case .timedOut(_, _, let waitingFor) = error?.failure else {
      Issue.record("\(String(describing: error))")
      return
    }
    let name = (program as NSString).lastPathComponent
    #expect(waitingFor?.contains(name) == true, "\(waitingFor ?? "nothing")")
    #expect(error?.description.contains("within 2 s") == true)
    let left = try String(contentsOfFile: program + ".left", encoding: .utf8)
    #expect(kill(try #require(Int32(left.dropLast())), 0) != 0)
    #expect(!FileManager.default.fileExists(atPath: test.path + "/.git/index.lock"))
  }

  @Test func p5_aHookThatWaitsEndsWithItsGit() throws {
    let test = try TestRepository()
    try test.commit("first")
    let hooks = test.root.path("hooks")
    let hook = try waiter(test, "hooks/commit-msg")
    try expectEnd(
      test, of: hook,
      ["-c", "core.hooksPath=\(hooks)", "commit", "--allow-empty", "-q", "-F", "-"],
      input: Array("x".utf8))
  }

  @Test func p5_aSignerThatWaitsEndsWithItsGit() throws {
    let test = try TestRepository()
    try test.commit("first")
    let signer = try waiter(test, "signer")
    try expectEnd(
      test, of: signer, ["-c", "gpg.program=\(signer)", "commit-tree", "-S", "HEAD^{tree}"])
  }

  @Test func p5_aTransportThatWaitsEndsWithItsGit() throws {
    let test = try TestRepository()
    let transport = try waiter(test, "transport")
    try expectEnd(
      test, of: transport,
      ["-c", "core.sshCommand=\(transport)", "ls-remote", "ssh://nobody@localhost/x"])
  }
}
