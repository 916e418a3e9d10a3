import Backlog
import Foundation
import Store
import TestSupport
import Testing

@testable import Engine

@Suite(.bounded) struct AttemptsTests {
  private var feature: FeatureRecord {
    var record = FeatureRecord(
      id: "7", position: 0, title: "Login", category: "backend", state: .running)
    record.description = "Log in with a password."
    record.steps = ["POST /login answers 200"]
    record.touches = ["src/auth/"]
    return record
  }

  private var templates: PromptTemplates {
    PromptTemplates(directories: [OutputReaderTests.root + "/templates/prompts"])
  }

  @Test func thePromptsThatAgentsGet() throws {
    var record = feature
    var prompt = Prompt(feature: record, attempt: 1, target: "main", gate: "make test")
    prompt.held = ["src/auth/"]
    Snapshot.check(try prompt.text(templates), name: "prompt-first")
    record.rework = "The gate failed:\n<x> != \"y\" & z {{not a tag}}"
    prompt = Prompt(feature: record, attempt: 2, target: "main", gate: "")
    prompt.notes = ["main was merged into your branch."]
    prompt.landed = [("3", "Users & roles", "1a2b3c4d5e")]
    prompt.others = [
      ("src/db.py, src/log.py", "feature #9 \"Logs\", it is built and waits for the gate")
    ]
    prompt.resumes = true
    Snapshot.check(try prompt.text(templates), name: "prompt-rework")
    prompt = Prompt(feature: feature, attempt: 3, target: "main", gate: "make test")
    prompt.held = ["src/auth/"]
    prompt.review = ReviewRecord(
      id: 1, feature: "7", attempt: 2, verdict: .changesRequested, tip: "", base: "", digest: "",
      person: "Somebody <s@example.org>", text: "Almost there.",
      comments: [
        ReviewComment(path: "src/auth/login.py", line: 12, text: "Compare in constant time."),
        ReviewComment(path: "README.md", line: 0, text: "Say how."),
      ], at: 0)
    Snapshot.check(try prompt.text(templates), name: "prompt-review")
    record = FeatureRecord(id: "8", position: 0, title: "T", category: "testing", state: .running)
    prompt = Prompt(feature: record, attempt: 1, target: "trunk", gate: "")
    Snapshot.check(try prompt.text(templates), name: "prompt-least")
  }

  @Test func aLongFailureKeepsItsBeginAndItsEnd() throws {
    var record = feature
    record.rework = "first words" + String(repeating: "\nnoise", count: 10_000) + "\nlast words"
    let text = try Prompt(feature: record, attempt: 2, target: "main", gate: "").text(templates)
    #expect(text.utf8.count < 15_000 && text.contains("first words") && text.contains("last words"))
  }

  @Test func aRepositorysOwnPromptComesFirstAndABrokenOneIsTold() throws {
    let directory = try TemporaryDirectory()
    try directory.write("feature.md", "Do {{title}} on {{target}}")
    let own = PromptTemplates(directories: [directory.path] + templates.directories)
    let prompt = Prompt(feature: feature, attempt: 1, target: "main", gate: "")
    #expect(try prompt.text(own) == "Do Login on main\n")
    try directory.write("feature.md", "{{#a}} never closed")
    #expect(throws: PromptTemplates.Problem.self) { try prompt.text(own) }
    #expect(throws: PromptTemplates.Problem.self) {
      try prompt.text(PromptTemplates(directories: []))
    }
  }

  @Test(arguments: [
    ("<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n", true), ("x\n<<<<<<< a\n=======\n>>>>>>> b", true),
    ("Title\n=======\ntext\n", false), (" <<<<<<< a\n=======\n>>>>>>> b\n", false),
    (">>>>>>> b\n=======\n<<<<<<< a\n", false), ("", false),
  ])
  func conflictMarkers(text: String, expected: Bool) {
    #expect(ConflictMarkers.hasMarkers(Array(text.utf8)) == expected)
  }

  @Test func theTailOfALargeLog() throws {
    let directory = try TemporaryDirectory()
    let text = (1...50_000).map { "line \($0)\n" }.joined()
    try directory.write("log", text + "\n")
    #expect(LogTail.lines(directory.path("log"), count: 3) == ["line 49999", "line 50000", ""])
    #expect(LogTail.last(directory.path("log")) == "line 50000")
    #expect(LogTail.last(directory.path("nothing")) == nil)
  }
}
