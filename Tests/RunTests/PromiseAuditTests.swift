import CSQLite
import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// `doctor --deep` tells each promise that is broken, by its number.
@Suite(.bounded) struct PromiseAuditTests {
  /// The names of the checks that `doctor --deep` finds broken.
  private func broken(_ shop: Workshop) throws -> [String] {
    let checks = try PromiseAudit.checks(
      path: shop.repository.path, environment: shop.environment)
    #expect(checks.map { $0.name.prefix(2) } == (1...9).map { "P\($0)" })
    return checks.filter { !$0.isWell }.map { String($0.name.prefix(2)) }
  }

  private func change(_ shop: Workshop, _ sql: String) throws {
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    let path = shop.repository.path + "/.git/lanekeeper/state.sqlite"
    try #require(sqlite3_open(path, &database) == SQLITE_OK)
    let code = sqlite3_exec(database, sql, nil, nil, nil)
    try #require(code == SQLITE_OK, "\(String(cString: sqlite3_errmsg(database)))")
  }

  private static let statements = [
    (
      "P1",
      """
      INSERT INTO attempts SELECT feature, 9, participant, slot, 0, agent, lane, tier, model_name, choice,
        'other', base, tip, state, detail, 0, started_at, ended_at + 9, NULL, NULL, 1, NULL
        FROM (SELECT * FROM attempts WHERE feature = '1')
      """
    ),
    (
      "P2",
      """
      INSERT INTO claims(path, subtree, mode, owner_kind, owner, generation, acquired_at, pinned)
        VALUES (CAST('a.txt' AS BLOB), 0, 'exclusive', 'feature', '1', 7, 1, 1)
      """
    ),
    (
      "P3",
      "UPDATE events SET data = json_set(data, '$.passed', json('false')) WHERE type = 'gate_ended'"
    ),
    ("P4", "UPDATE features SET tip = '1111111111111111111111111111111111111111' WHERE id = '3'"),
    ("P7", "UPDATE lanes SET state = 'assigned'"),
    (
      "P9",
      """
      INSERT INTO landings(feature, phase, lane_tip, base, target_before, detail, conflict, started_at,
        ended_at)
        VALUES ('2', 'stopped', '', '', '', 'conflicts with main in a', 1, 1, 1)
      """
    ),
    ("P3", "INSERT INTO dependencies VALUES ('1', '2', 'declared', NULL, NULL)"),
  ]

  @Test func p1_p2_p3_p4_p5_p6_p7_p9_eachThatIsBrokenIsFoundByItsNumber() async throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One}
          - {id: 2, title: Two, depends_on: [1]}
          - {id: 3, title: Three, depends_on: [2]}
        """,
      agent: "[ $id = 3 ] && exit 1; echo $id > f$id.txt",
      gate: "test -e f1.txt || test ! -e f2.txt",
      configuration: "limits: {attempts: 1}")
    #expect(try await shop.run().status == 1)
    #expect(try broken(shop) == [] && shop.faults() == "")
    let whole = shop.repository.root.path("whole")
    let state = shop.repository.path + "/.git"
    try FileManager.default.copyItem(atPath: state, toPath: whole)
    func repair() throws {
      try FileManager.default.removeItem(atPath: state)
      try FileManager.default.copyItem(atPath: whole, toPath: state)
    }
    for (promise, sql) in Self.statements {
      try change(shop, sql)
      #expect(try broken(shop).contains(promise), "\(promise) \(sql)")
      try repair()
    }
    let mark = try #require(try shop.store().attempts().first?.mark)
    let left = try RunningProgram(
      ["sleep", "600"], directory: "/",
      environment: ["LANEKEEPER_MARK": mark, "PATH": "/usr/bin:/bin"], output: "/dev/null")
    #expect(try broken(shop) == ["P5"])
    left.signal(SIGKILL)
    left.wait()
    try shop.repository.write(".git/index.lock", "lanekeeper landing 1\n")
    try shop.repository.write(".git/worktrees/lane-1/index.lock", "")
    #expect(Set(try broken(shop)).isSuperset(of: ["P6", "P7"]))
    try repair()
    // A landing that is gone from the target.
    try shop.repository.git("update-ref", "refs/heads/main", "main~1")
    #expect(try broken(shop).contains("P3"))
    try repair()
    // A pointer to a commit that nobody can follow, also where a path is named for it.
    for declared in [
      "",
      "git config -f .gitmodules submodule.s.path s; git config -f .gitmodules submodule.s.url ./s; "
        + "git add .gitmodules",
    ] {
      try shop.repository.git("reset", "-q", "--hard")
      let made = try TestProgram.run(
        [
          "sh", "-ec",
          "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),s; \(declared)\n"
            + "git commit -qm s",
        ], directory: shop.repository.path, environment: shop.environment)
      try #require(made.status == 0, "\(made.text)")
      #expect(try broken(shop) == ["P4"], "\(declared)")
      try repair()
    }
    #expect(try broken(shop) == [])
  }

  @Test func beforeAnythingHasRunThereIsNothingToVerify() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let checks = try PromiseAudit.checks(
      path: shop.repository.path, environment: shop.environment)
    #expect(checks.map(\.detail) == ["nothing has run yet"])
  }

  /// A feature that was undone alone and built again lands after one that needs it and that stayed.
  @Test func p3_whatWasUndoneAloneAndBuiltAgainIsInOrder() async throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One}
          - {id: 2, title: Two, depends_on: [1]}
        """,
      agent: "echo $id > f$id-$LANEKEEPER_ATTEMPT.txt", gate: "true")
    #expect(try await shop.run().status == 0)
    #expect(try await shop.undo("1").status == 0)
    try shop.control().reopen("1")
    #expect(try await shop.run().status == 0)
    #expect(try broken(shop) == [])
    // Also where only the history tells.
    for end in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(
        atPath: shop.repository.path + "/.git/lanekeeper/state.sqlite" + end)
    }
    let project = try shop.project()
    let store = try project.store()
    try project.takeOver(project.backlog(), into: store)
    #expect(try Adoption.run(project, into: store).landed == 2)
    #expect(try broken(shop) == [])
  }

  /// What a person says of two that have landed already could not be kept to.
  @Test func p3_aNeedThatIsSaidAfterBothHaveLandedIsNoFault() async throws {
    let shop = try Workshop(
      features: Workshop.independent(2), agent: "echo $id > f$id.txt", gate: "true")
    #expect(try await shop.run().status == 0)
    let order = try shop.landed()
    try shop.repository.write(
      "features.yml",
      "features:\n  - {id: \(order[0]), title: One, depends_on: [\(order[1])]}\n"
        + "  - {id: \(order[1]), title: Two}\n")
    for _ in 0..<2 {
      #expect(try await shop.run().status == 0)
      #expect(try broken(shop) == [])
    }
  }
}
