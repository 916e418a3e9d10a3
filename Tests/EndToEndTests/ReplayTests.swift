import Foundation
import TestSupport
import Testing

/// `lanekeeper replay` as a command; what it does is tested in RunTests.
@Suite(.bounded) struct ReplayTests {
  @Test func p9_branchesAreReplayedWithClaimsAndWithout() throws {
    let repository = try TestRepository()
    try repository.write("a.txt", "a\n")
    try repository.commit("base")
    for name in ["first", "second"] {
      try repository.git("checkout", "-q", "-b", name, "main")
      try repository.write("\(name).txt", "1\n")
      try repository.commit(name)
      try repository.git("checkout", "-q", "main")
      try repository.git("merge", "-q", "--no-ff", "-m", "Merge branch '\(name)'", name)
    }
    func replay(_ arguments: String...) throws -> TestProgramResult {
      try TestProgram.run(
        [Workshop.program, "replay"] + arguments, directory: repository.root.path,
        environment: repository.environment)
    }
    let result = try replay(
      repository.path, "--json", "--work", "0", "--order", "history", "--parallel", "2")
    #expect(result.status == 0, "\(result.text)\(result.error)")
    let facts = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    #expect(facts["merges"] as? Int == 2 && facts["concurrent"] is Int)
    for key in ["claims_on", "claims_off"] {
      let outcome = try #require(facts[key] as? [String: Any], "\(key)")
      #expect(outcome["landed"] as? Int == 2 && outcome["conflicts_at_landing"] as? Int == 0)
      #expect(outcome["tree_equal"] as? Bool == true && outcome["refused"] is [String: Int])
    }
    let missing = try replay("nowhere")
    #expect(missing.status == 1 && missing.error.contains("can't be cloned"), "\(missing.error)")
  }
}
