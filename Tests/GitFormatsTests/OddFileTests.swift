import Foundation
import TestSupport
import Testing

@testable import GitFormats

/// Files that an agent can put in the place of git's.
@Suite(.bounded) struct OddFileTests {
  @Test func aPipeIsNotWaitedFor() throws {
    let scratch = try TemporaryDirectory()
    mkfifo(scratch.path("pipe"), 0o600)
    #expect(FileBytes.read(scratch.path("pipe")) ?? [] == [])
    #expect(MappedFile(scratch.path("pipe")) == nil)
  }

  @Test func aSparseObjectIsNoObject() throws {
    let scratch = try TemporaryDirectory()
    let name = String(repeating: "1", count: 38)
    try scratch.write("objects/22/" + name, "")
    truncate(scratch.path("objects/22/" + name), 300 << 30)
    let objects = ObjectFiles([scratch.path("objects")])
    #expect(objects.commit("22" + name) == nil)
  }
}
