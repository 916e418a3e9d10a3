import Backlog
import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// Changes of `features.yml` while a person changes it too.
@Suite(.bounded) struct BacklogFileTests {
  private static let text = """
    features:
      - id: 1 # the first
        title: One
        priority: 0
      - id: 2
        title: Two
    # 0

    """

  private func repository() throws -> (TestRepository, BacklogEditor, String) {
    let test = try TestRepository()
    try test.write("features.yml", Self.text)
    try test.commit("one")
    let project = try Project.open(test.path, environment: test.environment)
    return (test, BacklogEditor(project, try project.store()), project.backlogFile)
  }

  @Test func nothingIsLostBesideOneWhoAppends() throws {
    let (test, desk, file) = try repository()
    let writer = Thread {
      for number in 1...2000 {
        guard let handle = fopen(file, "a") else { continue }
        fputs("# \(number)\n", handle)
        fclose(handle)
      }
    }
    writer.start()
    for priority in 1...100 { try desk.edit("1") { $0.priority = priority } }
    while !writer.isFinished { usleep(1000) }
    let lines = try test.read("features.yml").split(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("# ") } == (0...2000).map { "# \($0)" })
    #expect(lines[1] == "  - id: 1 # the first" && lines[3] == "    priority: 100")
  }

  @Test(arguments: [false, true])
  func nothingIsLostBesideAnEditor(isReplacing: Bool) throws {
    let (test, desk, file) = try repository()
    let writer = Thread {
      for number in 1...400 {
        // Reads and writes the whole, as editors do.
        guard let text = try? InputFile.read(file) else { continue }
        let target = isReplacing ? file + ".new" : file
        guard let handle = fopen(target, "w") else { continue }
        fputs(text + "# \(number)\n", handle)
        fclose(handle)
        if isReplacing { rename(target, file) }
        usleep(300)
      }
    }
    writer.start()
    var priority = 0
    while !writer.isFinished {
      priority += 1
      try desk.edit("1") { $0.priority = priority }
    }
    try desk.edit("1") { $0.priority = 1_000 }
    let lines = try test.read("features.yml").split(separator: "\n").filter { $0.hasPrefix("# ") }
    #expect(lines == (0...400).map { "# \($0)" }, "\(lines.count)")
    #expect(try test.read("features.yml").contains("    priority: 1000\n"))
  }

  @Test func aLinkIsWrittenThrough() throws {
    let (test, desk, file) = try repository()
    try test.write("planning/backlog.yml", Self.text)
    try FileManager.default.removeItem(atPath: file)
    symlink("planning/backlog.yml", file)
    chmod(test.path + "/planning/backlog.yml", 0o640)
    try desk.edit("2") { $0.title = "Zwei" }
    #expect(
      try test.read("planning/backlog.yml")
        == Self.text.replacing("title: Two", with: "title: Zwei"))
    let mode = try FileManager.default.attributesOfItem(atPath: test.path + "/planning/backlog.yml")
    #expect(mode[.posixPermissions] as? Int == 0o640)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: file) == "planning/backlog.yml")
    // Out of the repository, into git's own directory, and to nothing.
    try test.root.write("elsewhere.yml", Self.text)
    try test.write(".git/backlog.yml", Self.text)
    for target in [test.root.path("elsewhere.yml"), ".git/backlog.yml", "nothing.yml"] {
      unlink(file)
      symlink(target, file)
      do {
        try desk.edit("2") { $0.title = "Drei" }
        Issue.record("\(target) was written")
      } catch let failure as Failure {
        #expect(failure.status == 65 && failure.description.contains("features.yml is a link"))
      }
    }
    #expect(try test.root.read("elsewhere.yml") == Self.text)
  }

  @Test func whatWouldBreakALineOrARunIsRefused() throws {
    let (test, desk, _) = try repository()
    let wrong: [(String, (inout Feature) -> Void)] = [
      ("title", { $0.title = "a\nb" }), ("title", { $0.title = " " }),
      ("title", { $0.title = "a\u{1b}[31m" }), ("category", { $0.category = "" }),
      ("category", { $0.category = "a\u{2028}b" }), ("nobody", { $0.agent = "nobody" }),
      ("opus", { $0.model = "best" }),
    ]
    for (word, change) in wrong {
      do {
        try desk.edit("1", change)
        Issue.record("\(word) was taken")
      } catch let failure as Failure {
        #expect(failure.description.contains(word), "\(failure)")
      }
    }
    do {
      _ = try desk.add(Feature(id: "", title: "Three", agent: "nobody"))
      Issue.record("an unknown agent was taken")
    } catch let failure as Failure {
      #expect(failure.description.contains("nobody"), "\(failure)")
    }
    #expect(try test.read("features.yml") == Self.text)
  }
}
