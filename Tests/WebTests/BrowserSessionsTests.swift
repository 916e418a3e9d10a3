import Foundation
import TestSupport
import Testing

@testable import Web

@Suite(.bounded) struct BrowserSessionsTests {
  @Test func p8_aKeyOpensOnce() throws {
    let directory = try TemporaryDirectory()
    let door = BrowserSessions(file: directory.path("sessions"))
    let key = door.key()
    #expect(door.enter("") == nil)
    #expect(door.enter(key + "0") == nil)
    let secret = try #require(door.enter(key))
    #expect(door.enter(key) == nil)
    #expect(door.knows(secret) && !door.knows(key) && !door.knows(""))
    // What is kept does not let anybody in.
    let kept = try directory.read("sessions")
    #expect(!kept.contains(secret))
    #expect(!door.knows(String(kept.prefix(64))))
    let mode = try FileManager.default.attributesOfItem(atPath: directory.path("sessions"))
    #expect(mode[.posixPermissions] as? Int == 0o600)
  }

  @Test func p8_sessionsOutliveTheServerAndEnd() throws {
    let directory = try TemporaryDirectory()
    let file = directory.path("sessions")
    let first = BrowserSessions(file: file, now: { 1000 })
    let secret = try #require(first.enter(first.key()))
    let other = try #require(first.enter(first.key()))
    #expect(BrowserSessions(file: file, now: { 1001 }).knows(secret))
    #expect(!BrowserSessions(file: file, now: { 1001 + BrowserSessions.lifetime }).knows(secret))
    first.leave(secret)
    let next = BrowserSessions(file: file, now: { 1002 })
    #expect(!next.knows(secret) && next.knows(other))
  }
}
