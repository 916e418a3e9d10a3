import Foundation
import Git
import TestSupport
import Testing

@Suite(.bounded) struct StatusTests {
  @Test func tellsStagedUnstagedAndUntrackedApart() throws {
    let test = try TestRepository()
    for name in ["both", "edited", "gone", "moved", "typed"] { try test.write(name, "1\n") }
    try test.write(".gitignore", "*.o\n")
    try test.commit("one")
    #expect(try test.open().status().isEmpty)
    try test.write("both", "2\n")
    try test.write("new", "n\n")
    try test.git("add", "both", "new")
    try test.write("both", "3\n")
    try test.write("edited", "2\n")
    try test.git("mv", "moved", "there")
    try FileManager.default.removeItem(atPath: test.path + "/gone")
    try FileManager.default.removeItem(atPath: test.path + "/typed")
    symlink("edited", test.path + "/typed")
    try test.write("sub/deep/x y\n", "u\n")
    try test.write("a.o", "ignored")

    let index = try Data(contentsOf: URL(fileURLWithPath: test.path + "/.git/index"))
    let found = try test.open().status()
    #expect(try Data(contentsOf: URL(fileURLWithPath: test.path + "/.git/index")) == index)
    func entry(
      _ path: String, _ staged: StatusEntry.Change? = nil, _ unstaged: StatusEntry.Change? = nil
    ) -> StatusEntry {
      StatusEntry(
        path: bytes(path), staged: staged, unstaged: unstaged,
        isUntracked: staged == nil && unstaged == nil, isConflicted: false)
    }
    #expect(
      found == [
        entry("both", .modified, .modified), entry("edited", nil, .modified),
        entry("gone", nil, .deleted), entry("moved", .deleted), entry("new", .added),
        entry("sub/deep/x y\n"), entry("there", .added), entry("typed", nil, .typeChanged),
      ])
  }

  @Test func setsTheIndexWithoutTheFiles() throws {
    let test = try TestRepository()
    try test.write("a", "1\n")
    let first = try #require(ObjectID(hex: test.commit("one")))
    try test.write("a", "2\n")
    try test.write("b", "2\n")
    try test.commit("two")
    let repository = try test.open()
    try repository.writeIndex(matching: repository.commit(first).tree)
    #expect(try test.read("a") == "2\n" && test.read("b") == "2\n")
    #expect(try test.git("write-tree") == repository.commit(first).tree.hex)
    #expect(try test.git("status", "--porcelain") == "MM a\nD  b\n?? b")
  }
}
