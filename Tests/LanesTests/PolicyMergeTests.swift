import Engine
import Foundation
import Git
import Model
import TestSupport
import Testing

@Suite(.bounded) struct PolicyMergeTests {
  private struct Fixture {
    let test: TestRepository
    let repository: Repository

    init(_ files: [String: String]) throws {
      test = try TestRepository()
      for (name, text) in files { try test.write(name, text) }
      try test.commit("base")
      repository = try Repository(opening: test.path, environment: test.environment)
    }

    /// A branch from main with these files; `nil` deletes one.
    func branch(_ name: String, _ files: [String: String?]) throws -> ObjectID {
      try test.git("switch", "-q", "-c", name, "base-of-all")
      for (file, text) in files {
        if let text { try test.write(file, text) } else { try test.git("rm", "-q", file) }
      }
      return ObjectID(hex: try test.commit(name))!
    }

    func merge(
      _ ours: ObjectID, _ theirs: ObjectID, _ policies: [(String, PathPolicy)]
    ) throws -> TreeMerge {
      try PolicyMerge(
        repository: repository,
        policies: PathPolicies(
          try policies.map { (try ClaimPath(normalising: $0.0), $0.1) }),
        commands: MergeCommands(
          scratch: test.root.path("scratch"), guardProgram: BuiltPrograms.path("lanekeeper-guard"))
      ).merge(ours: ours, theirs: theirs)
    }

    func text(_ name: String, in merge: TreeMerge) throws -> String? {
      guard case .clean(let tree) = merge else { return nil }
      let entry = try repository.entry(at: Array(name.utf8), inTree: tree)
      return try entry.map { String(decoding: try repository.blob($0.id), as: UTF8.self) }
    }
  }

  private func fixture(_ files: [String: String]) throws -> Fixture {
    let fixture = try Fixture(files)
    try fixture.test.git("branch", "base-of-all")
    return fixture
  }

  private func leftovers(_ fixture: Fixture) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: fixture.test.root.path("scratch"))) ?? []
  }

  @Test func unionKeepsTheLinesOfBothSides() throws {
    let fixture = try fixture(["CHANGELOG.md": "# Log\n", "a": "1\n", "b": "1\n"])
    let one = try fixture.branch("one", ["CHANGELOG.md": "# Log\n- one\n", "a": "2\n"])
    let two = try fixture.branch("two", ["CHANGELOG.md": "# Log\n- two\n", "b": "2\n"])
    guard case .conflicts = try fixture.merge(one, two, []) else {
      Issue.record("no conflict without a policy")
      return
    }
    let merged = try fixture.merge(one, two, [("CHANGELOG.md", .shared(strategy: "union"))])
    #expect(try fixture.text("CHANGELOG.md", in: merged) == "# Log\n- one\n- two\n")
    #expect(try fixture.text("a", in: merged) == "2\n" && fixture.text("b", in: merged) == "2\n")
    // Other conflicts stay conflicts, and only those.
    let three = try fixture.branch("three", ["CHANGELOG.md": "# Log\n- three\n", "a": "3\n"])
    guard
      case .conflicts(let paths, _) = try fixture.merge(
        one, three, [("CHANGELOG.md", .shared(strategy: "union"))])
    else {
      Issue.record("clean")
      return
    }
    #expect(paths == [Array("a".utf8)])
  }

  @Test func aDeletedFileIsNotUnitedSilently() throws {
    let fixture = try fixture(["CHANGELOG.md": "# Log\n", "a": "1\n"])
    let one = try fixture.branch("one", ["CHANGELOG.md": "# Log\n- one\n"])
    let two = try fixture.branch("two", ["CHANGELOG.md": nil])
    guard
      case .conflicts(let paths, _) = try fixture.merge(
        one, two, [("CHANGELOG.md", .shared(strategy: "union"))])
    else {
      Issue.record("clean")
      return
    }
    #expect(paths == [Array("CHANGELOG.md".utf8)])
  }

  @Test func generatedFilesAreMadeAnewFromTheMergedTree() throws {
    let fixture = try fixture(["deps/a": "1\n", "deps/b": "1\n", "all.lock": "1\n1\n"])
    let one = try fixture.branch("one", ["deps/a": "2\n", "all.lock": "2\n1\n"])
    let two = try fixture.branch("two", ["deps/b": "2\n", "all.lock": "1\n2\n"])
    let policy = PathPolicy.shared(strategy: "regenerate: cat deps/a deps/b > all.lock")
    let merged = try fixture.merge(one, two, [("all.lock", policy)])
    #expect(try fixture.text("all.lock", in: merged) == "2\n2\n")
    #expect(leftovers(fixture).isEmpty)
    // Where only one side has changed the file there is nothing to make anew.
    let three = try fixture.branch("three", ["deps/b": "3\n"])
    let plain = try fixture.merge(
      one, three, [("all.lock", .shared(strategy: "regenerate: false"))])
    #expect(try fixture.text("all.lock", in: plain) == "2\n1\n")
  }

  @Test func aFailingCommandIsAConflictThatSaysSo() throws {
    let fixture = try fixture(["all.lock": "1\n"])
    let one = try fixture.branch("one", ["all.lock": "2\n"])
    let two = try fixture.branch("two", ["all.lock": "3\n"])
    let policy = PathPolicy.shared(strategy: "regenerate: echo no registry >&2; exit 3")
    guard
      case .conflicts(let paths, let message) = try fixture.merge(one, two, [("all.lock", policy)])
    else {
      Issue.record("clean")
      return
    }
    #expect(paths == [Array("all.lock".utf8)])
    #expect(message.contains("it ended with 3: no registry"))
    #expect(leftovers(fixture).isEmpty)
  }

  @Test func p5_nothingOfACommandOutlivesIt() throws {
    let fixture = try fixture(["all.lock": "1\n"])
    let one = try fixture.branch("one", ["all.lock": "2\n"])
    let two = try fixture.branch("two", ["all.lock": "3\n"])
    let pids = fixture.test.root.path("pids")
    let command =
      "(trap '' TERM; echo $$ >> \(pids); exec setsid sleep 300) & setsid -f sh -c 'echo $$ >> \(pids); cd /; "
      + "exec sleep 300'; while [ $(wc -l < \(pids)) -lt 2 ]; do sleep 0.01; done; echo 4 > all.lock"
    let merged = try fixture.merge(
      one, two, [("all.lock", .shared(strategy: "regenerate: \(command)"))])
    #expect(try fixture.text("all.lock", in: merged) == "4\n")
    let started = try String(contentsOfFile: pids, encoding: .utf8).split(separator: "\n")
    #expect(started.count == 2)
    for pid in started { #expect(kill(Int32(pid)!, 0) != 0, "\(pid) is left") }
    #expect(leftovers(fixture).isEmpty)
  }

  @Test func whatAKilledProcessLaidOutIsClearedAway() throws {
    let fixture = try fixture(["all.lock": "1\n"])
    let one = try fixture.branch("one", ["all.lock": "2\n"])
    let two = try fixture.branch("two", ["all.lock": "3\n"])
    for name in [
      ".regenerate-1-2/file", ".regenerate-1-2.lock", ".regenerate-1-2.guard",
      ".regenerate-1-2.log",
    ] {
      try fixture.test.root.write("scratch/\(name)", "")
    }
    _ = try fixture.merge(one, two, [("all.lock", .shared(strategy: "regenerate: true"))])
    #expect(leftovers(fixture).isEmpty)
  }

  @Test func severalMergeBases() throws {
    let fixture = try fixture(["CHANGELOG.md": "# Log\n", "a": "1\n", "b": "1\n"])
    _ = try fixture.branch("one", ["CHANGELOG.md": "# Log\n- one\n", "a": "2\n"])
    _ = try fixture.branch("two", ["CHANGELOG.md": "# Log\n- two\n", "b": "2\n"])
    // Criss-cross: each takes the other in, in its own way.
    for (branch, other) in [("one", "two~0"), ("two", "one~1")] {
      try fixture.test.git("switch", "-q", branch)
      _ = try fixture.test.runGit(["merge", "-q", "-s", "ours", "-m", "cross", other])
      try fixture.test.write("CHANGELOG.md", "# Log\n- \(branch) again\n")
      try fixture.test.commit("more \(branch)")
    }
    let one = ObjectID(hex: try fixture.test.git("rev-parse", "one"))!
    let two = ObjectID(hex: try fixture.test.git("rev-parse", "two"))!
    let merged = try fixture.merge(one, two, [("CHANGELOG.md", .shared(strategy: "union"))])
    let text = try #require(try fixture.text("CHANGELOG.md", in: merged))
    #expect(text.contains("one again") && text.contains("two again") && !text.contains("<<<<"))
  }
}
