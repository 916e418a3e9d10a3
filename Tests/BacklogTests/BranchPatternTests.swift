import Backlog
import TestSupport
import Testing

@Suite(.bounded) struct BranchPatternTests {
  @Test(arguments: [
    ("lane/{id}-{slug}", "lane/7-log-in", "lane/7"),
    ("feature/{id}/{slug}", "feature/7/log-in", "feature/7"),
    ("feature/{slug}/{id}", "feature/log-in/7", "feature/7"), ("{slug}-{id}", "log-in-7", "7"),
    ("bugfix/APP-{id}_{slug}.x", "bugfix/APP-7_log-in.x", "bugfix/APP-7.x"),
    ("u/{id}/{slug}/y", "u/7/log-in/y", "u/7/y"), ("agents/{id}", "agents/7", "agents/7"),
  ])
  func namesComeOfIdAndSlug(text: String, full: String, bare: String) throws {
    let pattern = try #require(BranchPattern(text))
    #expect(pattern.name(id: "7", slug: "log-in") == full)
    #expect(pattern.name(id: "7", slug: "") == bare)
    #expect(pattern.gives(full, to: "7") && pattern.gives(bare, to: "7"))
    #expect(!pattern.gives(full, to: "8") && !pattern.gives("other/" + bare, to: "7"))
  }

  @Test(arguments: [
    "lane", "feature/{slug}", "{id}{slug}", "a/{slug}{id}", "{id}/{id}", "{id}-{slug}-{slug}",
    "x/{id}-{title}", "{id}.lock", "a//{id}", "/a/{id}", "{id}/", "a..{id}", "a b/{id}", "-{id}",
    "a/.{id}",
    "{id}.", "x~{id}", "x:{id}", "refs/heads/x/{id}", "a/{id}/{slug}.lock", "é\u{7f}{id}",
    "a@{{id}", "",
    String(repeating: "a", count: 101) + "{id}",
  ])
  func aPatternThatGivesNoBranchOfItsOwnIsRefused(text: String) {
    #expect(BranchPattern(text) == nil)
    #expect(BranchPattern.problem(text) != nil)
  }

  @Test(arguments: [
    ("lanes: {branch: 'feature/{slug}'}", "needs {id}"),
    ("lanes: {branch: 'main/{id}'}", "lies below the target"),
    ("target: a/b\nlanes: {branch: 'a/b/c/{id}-{slug}'}", "lies below the target"),
    ("lanes: {branch: 'x y/{id}'}", "character that git does not take"),
    ("lanes: {branch: 3}", "needs {id}"),
  ])
  func aBadSettingIsToldAtItsPlace(text: String, words: String) throws {
    let problems = #expect(throws: InputProblems.self) {
      try ConfigurationReader.read(text: text, file: "lanekeeper.yml", repositoryName: "app")
    }
    let line = text.split(separator: "\n").count
    #expect(problems?.description.contains("lanekeeper.yml:\(line):") == true, "\(problems!)")
    #expect(problems?.description.contains(words) == true, "\(problems!)")
  }

  @Test func aGoodSettingIsTaken() throws {
    let read = { try ConfigurationReader.read(text: $0, file: "f", repositoryName: "app") }
    #expect(try read("lanes: {branch: 'feature/APP-{id}'}").lanes.branch.text == "feature/APP-{id}")
    #expect(
      try read("target: feature/x\nlanes: {branch: 'feature/{id}'}").lanes.branch.prefix
        == "feature/")
    #expect(try read("").lanes.branch == .standard)
  }
}
