import Foundation
import Processes
import TestSupport
import Testing

@Suite(.bounded) struct MakeFlagsTests {
  @Test func readsWhatMakeHandsOn() {
    let some = MakeFlags("kn -j3 --jobserver-auth=3,4 -- SUB=a\\ -j\\ b CC=gcc")
    #expect(some.letters == ["k", "n"])
    #expect(some.jobs == "-j3" && some.jobServer == "3,4" && some.isDry && !some.isQuestion)
    let none = MakeFlags(" -j2 --jobserver-auth=fifo:/tmp/a\\ b")
    #expect(none.letters.isEmpty && none.jobServer == "fifo:/tmp/a b" && !none.isDry)
    #expect(MakeFlags("k -j2 --jobserver-auth=3,4 -Otarget").letters == ["k"])
    #expect(MakeFlags("k -j2 -Otarget").outputSync == "target")
    #expect(MakeFlags(" -l2.5 -Inothing -Onone").letters.isEmpty)
    #expect(MakeFlags("").letters.isEmpty)
    #expect(MakeFlags("q").isQuestion)
    #expect(MakeFlags("-n").isDry)
    #expect(!MakeFlags("-- N=n").isDry)
    #expect(!MakeFlags("--no-print-directory").isDry)
  }

  @Test func aGatesMakeGetsTheJobServerAndNothingElse() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("jobs")
    #expect(mkfifo(path, 0o600) == 0)
    let cleaned = MakeFlags.clean([
      "MAKEFLAGS": "ik -j3 --jobserver-auth=fifo:\(path) -- CFLAGS=-w", "MAKELEVEL": "1",
      "MFLAGS": "-i", "GNUMAKEFLAGS": "-i", "MAKEFILES": "x", "CC": "cc",
    ])
    #expect(cleaned == ["MAKEFLAGS": " -j3 --jobserver-auth=fifo:\(path)", "CC": "cc"])
    #expect(MakeFlags.clean(["MAKEFLAGS": "i -j3 --jobserver-auth=fifo:/nowhere"]) == [:])
    #expect(MakeFlags.clean(["MAKEFLAGS": "-j4"]) == ["MAKEFLAGS": "-j4"])
    #expect(MakeFlags.clean(["A": "b"]) == ["A": "b"])
  }

  @Test func tokensAreTakenAndGivenBack() throws {
    let server = try JobServer.make(tokens: 2)
    #expect(server.take() && server.take())
    var asked = 0
    #expect(
      !server.take {
        asked += 1
        return asked > 2
      })
    server.give()
    let other = try #require(JobServer(address: server.address))
    #expect(other.take())
    other.give()
    server.give()
    #expect(server.take() && other.take())
    server.give()
    other.give()
    // A program that is killed takes its token along.
    _ = other.take()
    #expect(server.take() && server.take())
    #expect(JobServer(address: "3") == nil && JobServer(address: "1,2") == nil)
    #expect(JobServer(address: "fifo:/nowhere") == nil)
  }
}
