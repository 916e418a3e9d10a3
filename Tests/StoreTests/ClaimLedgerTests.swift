import GRDB
import Model
import TestSupport
import Testing

@testable import Store

/// The reads and writes of claims that the program and the hook share.
@Suite(.bounded) struct ClaimLedgerTests {
  private let directory: TemporaryDirectory
  private let store: Store

  init() throws {
    directory = try TemporaryDirectory()
    store = try Store(path: directory.path("state.sqlite"), clock: { 1000 })
  }

  private func path(_ text: String) throws -> ClaimPath { try ClaimPath(normalising: text) }

  private func grant(
    _ paths: [String], to feature: String, replacing expired: [ClaimRow] = [], until: Int64? = nil
  ) throws -> [ClaimRow] {
    let new = try paths.map { ClaimRequest(path: try path($0), mode: .exclusive) }
    return try store.write { db in
      try db.ledger.grant(
        new, replacing: expired, to: .feature(feature), agent: "a", expiresAt: until, now: 7)
    }
  }

  @Test func oneGrantHasOneGenerationAndOneEvent() throws {
    let first = try grant(["src/", "b"], to: "1", until: 50)
    #expect(first.map(\.generation) == [1, 1] && first.allSatisfy { $0.acquiredAt == 7 })
    #expect(try Set(store.claims().map(\.path)) == Set(first.map(\.path)))
    let b = try #require(first.first { $0.path.description == "b" })
    #expect(try grant([], to: "2", replacing: [b]).isEmpty)
    #expect(try store.claims().map(\.path.description) == ["src/"])
    #expect(try grant(["b"], to: "2").map(\.generation) == [2])
    #expect(try store.claims(of: .feature("2")).map(\.path.description) == ["b"])
    let events = try store.events(after: 0)
    #expect(events.map(\.type) == ["claims_granted", "claims_granted"])
    #expect(events[0].data == #"{"generation":1,"paths":["src/","b"]}"#)
    #expect(events[0].feature == "1" && events[0].agent == "a" && events[0].time == 7)
  }

  @Test func whatCoversACommittedFileIsPinned() throws {
    _ = try grant(["src/", "lib", "lib2/", "c"], to: "1", until: 50)
    _ = try grant(["other/"], to: "2")
    try store.write { db in
      try db.ledger.pin(
        files: ["src/a/b", "lib/x", "c", "other/y"].map { Array($0.utf8) }, of: "1")
    }
    let pinned = try store.claims().filter(\.isPinned)
    // `lib` is claimed as a file, and a pinned claim does not expire.
    #expect(pinned.map(\.path.description) == ["c", "src/"])
    #expect(pinned.allSatisfy { $0.expiresAt == nil && $0.owner == .feature("1") })
    let expired = try store.write { try $0.ledger.expiredClaims(now: 50) }
    #expect(expired.map(\.path.description).sorted() == ["lib", "lib2/"])
  }

  @Test func aRefusalNamesItsHolder() throws {
    let held = try #require(try grant(["a"], to: "2").first)
    let conflicts = [
      ClaimConflict(path: try path("a"), reason: .held, holder: held),
      ClaimConflict(path: try path("frozen"), reason: .frozen, holder: nil),
      // Not claimed beforehand, so nobody is waited for.
      ClaimConflict(path: try path("own"), reason: .held, holder: nil),
    ]
    try store.write { db in
      try db.ledger.refuse(
        conflicts, shared: [conflicts[0].path], to: .feature("1"), agent: nil, now: 9)
    }
    let refused = try store.refusals(of: "1")
    #expect(refused.map(\.path.description) == ["a", "frozen"])
    #expect(refused.map(\.holder) == ["2", nil] && refused.allSatisfy { $0.at == 9 })
    let mode = try store.read { db in
      try String.fetchAll(db, sql: "SELECT mode FROM refusals ORDER BY path")
    }
    #expect(mode == ["shared", "exclusive"])
    #expect(
      try store.events(after: 0).last?.data
        == #"{"paths":["a","frozen","own"],"reasons":["held","frozen","held"]}"#)
    try store.write { try $0.ledger.forgetRefusals(of: [Array("a".utf8)], to: "1") }
    #expect(try store.refusals(of: "1").map(\.path.description) == ["frozen"])
  }

  @Test func twoCommitsAreComparedOnce() throws {
    let (base, tip) = ([UInt8](repeating: 1, count: 20), [UInt8](repeating: 2, count: 20))
    var compared = 0
    func table(_ db: Database, mayWrite: Bool = true) -> LedgerTable<StoreConnection> {
      LedgerTable(db.ledger, naming: PathNaming(ignoresCase: true), mayWrite: mayWrite) {
        LedgerTable.Pair(base: base, tip: tip) {
          compared += 1
          return [Array("Src/A".utf8), Array("x".utf8)]
        }
      }
    }
    let paths = try ["src/a", "src/", "x", "src/b", "y/"].map { try path($0) }
    try store.write { db in
      // Who may not write what it finds out refuses.
      let unknown = try paths.map { try table(db, mayWrite: false).isStale($0) }
      #expect(unknown == [true, true, true, true, true] && compared == 0)
      let stale = try paths.map { try table(db).isStale($0) }
      #expect(stale == [true, true, true, false, false])
      let known = try table(db, mayWrite: false).isStale(paths[3])
      let withoutBranch = try LedgerTable(db.ledger, naming: .exact).isStale(paths[0])
      #expect(!known && !withoutBranch)
    }
    #expect(compared == 1)
  }
}
