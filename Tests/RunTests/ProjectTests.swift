import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

@Suite(.bounded) struct ProjectTests {
  private func repository(_ configuration: String? = nil) throws -> TestRepository {
    let test = try TestRepository()
    try test.write("a", "1")
    if let configuration { try test.write("lanekeeper.yml", configuration) }
    try test.commit("one")
    return test
  }

  @Test func opensFromALaneAndFromBelow() throws {
    let test = try repository("target: main\nparallel: 2\n")
    try test.git("worktree", "add", "-q", "--detach", test.root.path("lane-1"))
    try test.write("deep/er/x", "1")
    for directory in [test.path, test.path + "/deep/er", test.root.path("lane-1")] {
      let project = try Project.open(directory, environment: test.environment)
      #expect(project.directory == test.path)
      #expect(project.configuration.parallel == 2)
      #expect(project.lanesDirectory == test.root.path("repo.lanes"))
    }
  }

  @Test(arguments: ["info/exclude", "hooks/pre-commit", "FETCH_HEAD"])
  func pipesThatHoldNothingKeepNoCommandFromGoingOn(name: String) throws {
    let test = try repository()
    try test.root.write("repo/.git/info/x", "")
    try test.root.write("repo/.git/hooks/x", "")
    let path = test.path + "/.git/" + name
    unlink(path)
    #expect(mkfifo(path, 0o600) == 0)
    let project = try Project.open(test.path, environment: test.environment)
    #expect(project.notes.count == 1 && project.notes[0].contains("\(name) was a pipe"))
    #expect(!test.root.exists("repo/.git/" + name))
    #expect(try Project.open(test.path, environment: test.environment).notes == [])
  }

  @Test(arguments: ["packed-refs", "HEAD", "config"])
  func pipesInPlaceOfWhatGitNeedsAreRefusedInWords(name: String) throws {
    let test = try repository()
    let path = test.path + "/.git/" + name
    unlink(path)
    #expect(mkfifo(path, 0o600) == 0)
    let failure = #expect(throws: Failure.self) {
      try Project.open(test.path, environment: test.environment)
    }
    #expect(failure?.status == 1 && failure?.description.contains("\(path) is a pipe") == true)
  }

  @Test func configurationErrorsHaveStatus65() throws {
    let test = try repository("paralel: 2\n")
    do {
      _ = try Project.open(test.path, environment: test.environment)
      Issue.record("opened")
    } catch let failure as Failure {
      #expect(failure.status == 65)
      #expect(failure.description.contains("lanekeeper.yml:1:1"))
      #expect(failure.description.contains("did you mean `parallel`?"))
    }
  }

  @Test func whatIsOursIsFrozenUnlessSaidOtherwise() throws {
    let test = try repository("claims: {paths: {features.yml: free}}\n")
    let policies = try Project.open(test.path, environment: test.environment).policies
    let byName = Dictionary(
      policies.map { ($0.0.description, $0.1) }, uniquingKeysWith: { first, _ in first })
    #expect(byName["lanekeeper.yml"] == .frozen && byName[".lanekeeper/"] == .frozen)
    #expect(byName["features.yml"] == .free)
  }

  @Test func landedFeaturesAreFoundInTheHistory() throws {
    let test = try repository()
    try test.write("b", "1")
    try test.commit("Feature #2: Two\n\nFeature: 2\nGate: none")
    let project = try Project.open(test.path, environment: test.environment)
    let store = try project.store()
    try store.takeOver(
      ["1", "2"].map {
        Feature(id: $0, title: $0, category: "b")
      })
    #expect(try HistoryAdoption.run(project, into: store) == 1)
    #expect(try store.feature("2")?.state == .landed)
    #expect(try store.feature("2")?.landedCommit == (try test.git("rev-parse", "HEAD")))
    #expect(try store.feature("1")?.state == .ready)
    // A feature that a person reopened is not taken for landed again.
    try store.reopen("2")
    #expect(try store.feature("2")?.state == .ready)
  }

  @Test func doctorTellsWhatIsMissing() throws {
    let test = try repository("gate: no-such-gate\nagent: nobody\n")
    try test.write("features.yml", "features:\n  - {id: 1, title: One}\n")
    let checks = Diagnosis(path: test.path, environment: test.environment).checks()
    let wrong = Set(checks.filter { !$0.isWell }.map(\.name))
    // The hook program is not beside the test program.
    #expect(wrong.subtracting(["hooks"]) == ["gate", "agent nobody"])
    let none = Diagnosis(path: test.root.path("home"), environment: test.environment).checks()
    #expect(none.last?.name == "repository" && none.last?.isWell == false)
  }
}
