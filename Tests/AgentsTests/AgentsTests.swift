import Backlog
import Foundation
import Store
import TestSupport
import Testing

@testable import Agents

@Suite struct AgentsTests {
  private var feature: FeatureRecord {
    var record = FeatureRecord(
      id: "7", position: 0, title: "Login", category: "backend", state: .running)
    record.description = "Log in with a password."
    record.steps = ["POST /login answers 200"]
    record.touches = ["src/auth/"]
    return record
  }

  @Test func thePromptTellsTaskRulesAndWhatWentWrong() {
    var record = feature
    let first = Prompt.text(record, attempt: 1, target: "main", gate: "make test", notes: [])
    for word in ["# Feature 7: Login", "- POST /login", "src/auth/", "`make test` must pass"] {
      #expect(first.contains(word), "\(word) is missing")
    }
    #expect(!first.contains("What the last attempt met"))
    record.rework = "The gate failed: x != y"
    let second = Prompt.text(record, attempt: 2, target: "main", gate: "", notes: ["merged"])
    #expect(second.contains("x != y") && second.contains("- merged"))
    #expect(!second.contains("must pass"))
  }

  @Test func anAgentWithoutACommandIsAnErrorThatSaysWhatToWrite() throws {
    let configuration = try ConfigurationReader.read(
      text: "agents: {own: {run: ./a.sh --fast}}", file: "lanekeeper.yml", repositoryName: "app")
    #expect(try AgentDefinition.find("own", in: configuration).program == "./a.sh")
    #expect(throws: AgentError.noCommand("claude", known: ["own"])) {
      try AgentDefinition.find("claude", in: configuration)
    }
    #expect("\(AgentError.noCommand("claude", known: ["own"]))".contains("agents: {claude: {run:"))
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
