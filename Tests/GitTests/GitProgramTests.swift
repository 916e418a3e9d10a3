import TestSupport
import Testing

@testable import Git

@Suite struct GitProgramTests {
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
