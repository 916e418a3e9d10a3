import Foundation
import Processes
import TestSupport
import Testing

@Suite(.bounded) struct RegularFileTests {
  private let scratch: TemporaryDirectory
  init() throws { scratch = try TemporaryDirectory() }

  @Test func readsFilesOnlyAndNoLargerOnes() throws {
    try scratch.write("plain", "text")
    #expect(RegularFile.read(scratch.path("plain"), most: 4) == Array("text".utf8))
    #expect(RegularFile.read(scratch.path("plain"), most: 3) == nil)
    #expect(RegularFile.read(scratch.path("absent"), most: 4) == nil)
    #expect(RegularFile.read(scratch.path, most: 4) == nil)
    mkfifo(scratch.path("pipe"), 0o600)
    #expect(RegularFile.read(scratch.path("pipe"), most: 4) == nil)
    symlink("plain", scratch.path("link"))
    #expect(RegularFile.read(scratch.path("link"), most: 4) == nil)
    symlink("/dev/zero", scratch.path("endless"))
    #expect(RegularFile.read(scratch.path("endless"), most: 4) == nil)
  }

  @Test func p4_removesWhatHoldsNoWorkAndNothingElse() throws {
    try scratch.write("sub/.gitignore", "kept")
    try scratch.write("outside/x", "kept")
    mkfifo(scratch.path("sub/.gitattributes"), 0o600)
    mkfifo(scratch.path("sub/other"), 0o600)
    mkfifo(scratch.path("outside/.gitignore"), 0o600)
    symlink("../outside", scratch.path("sub/link"))
    let removed = RegularFile.removeOthers(
      below: scratch.path("sub"), names: [".gitignore", ".gitattributes"])
    #expect(removed == [scratch.path("sub/.gitattributes")])
    #expect(RegularFile.removeOthers(below: scratch.path("sub")) == [scratch.path("sub/other")])
    #expect(try scratch.read("sub/.gitignore") == "kept")
    #expect(access(scratch.path("outside/.gitignore"), F_OK) == 0)
  }
}
