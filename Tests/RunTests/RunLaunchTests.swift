import Foundation
import TestSupport
import Testing

@testable import Engine

@Suite(.bounded) struct RunLaunchTests {
  @Test func theLogOfRunsIsBounded() throws {
    let scratch = try TemporaryDirectory()
    try scratch.write("run.log", "0123456789")
    RunLaunch.rotate(scratch.path("run.log"), most: 10)
    #expect(try scratch.read("run.log") == "0123456789")
    RunLaunch.rotate(scratch.path("run.log"), most: 9)
    #expect(!scratch.exists("run.log"))
    #expect(try scratch.read("run.log.1") == "0123456789")
    try scratch.write("run.log", "abcdefghij")
    RunLaunch.rotate(scratch.path("run.log"), most: 9)
    #expect(try scratch.read("run.log.1") == "abcdefghij")
    RunLaunch.rotate(scratch.path("none"), most: 0)
  }
}
