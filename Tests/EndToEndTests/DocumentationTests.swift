import Foundation
import TestSupport
import Testing

/// The documentation does what it says.
@Suite(.bounded) struct DocumentationTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL.path

  private func tool(_ name: String, _ arguments: String...) throws -> TestProgramResult {
    let scratch = try TemporaryDirectory()
    var environment = TestProgram.environment(home: scratch.path)
    environment["LC_ALL"] = "C.UTF-8"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return try TestProgram.run(
      ["\(root)/Tools/\(name)"] + arguments, directory: root, environment: environment)
  }

  private let build = (Workshop.program as NSString).deletingLastPathComponent

  @Test func everyCommandBlockRunsAndPrintsWhatIsShown() throws {
    let result = try tool("test-docs", build)
    #expect(result.status == 0, "\(result.error)\n\(result.text)")
    #expect(result.text.contains(/\d\d pages: \d\d+ blocks of commands run/), "\(result.text)")
  }

  /// What the tool would not notice, it could not promise.
  @Test func aBlockThatFailsOrPrintsSomethingElseIsNoticed() throws {
    let scratch = try TemporaryDirectory()
    let page = scratch.path("page.md")
    for (text, words) in [
      ("```sh\nlanekeeper status\n```\n", "ended with 1, not 0"),
      ("```console\n$ echo one\ntwo\n```\n", "+one"),
      ("```yaml\ntargett: main\n```\n", "neither settings nor a backlog"),
      ("```yaml\nlimits: {attemptz: 3}\n```\n", "attemptz"),
      ("<!-- not run: -->\n```sh\ntrue\n```\n", "says not why"),
      ("```\nlanekeeper run\n```\n", "is it `sh`"),
    ] {
      try text.write(toFile: page, atomically: true, encoding: .utf8)
      let result = try tool("test-docs", build, page)
      #expect(result.status == 1 && result.error.contains(words), "\(text)\(result.error)")
    }
  }

  @Test func theReferenceIsWhatTheProgramSays() throws {
    let result = try tool("reference", build, "--check")
    #expect(result.status == 0, "\(result.error)")
  }

  @Test func everyLinkLeadsSomewhere() throws {
    let result = try tool("check-docs")
    #expect(result.status == 0, "\(result.error)")
  }
}
