import CSQLite
import Foundation
import TestSupport
import Testing

/// `doctor --deep` tells each promise that is broken, by its number.
@Suite(.bounded) struct PromiseAuditTests {
  private func shop() throws -> Workshop {
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
    #expect(try shop.run("run").status == 1)
    return shop
  }

  /// The names of the checks that `doctor --deep` finds broken.
  private func broken(_ shop: Workshop) throws -> [String] {
    let result = try shop.run("doctor", "--deep", "--json")
    let value = try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any]
    let checks = value?["checks"] as? [[String: Any]] ?? []
    #expect(checks.count { ($0["name"] as? String)?.hasPrefix("P") == true } == 9)
    let names = checks.filter { $0["ok"] as? Bool == false }.compactMap { $0["name"] as? String }
    #expect(result.status == (names.isEmpty ? 0 : 1))
    return names.map { String($0.prefix(2)) }
  }

  private func change(_ shop: Workshop, _ sql: String) throws {
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    let path = shop.repository.path + "/.git/lanekeeper/state.sqlite"
    try #require(sqlite3_open(path, &database) == SQLITE_OK)
    let code = sqlite3_exec(database, sql, nil, nil, nil)
    try #require(code == SQLITE_OK, "\(String(cString: sqlite3_errmsg(database)))")
  }

  @Test func aRepositoryInOrderIsFoundSo() throws {
    let shop = try shop()
    #expect(try broken(shop) == [])
    let plain = try shop.run("doctor")
    #expect(plain.status == 0 && !plain.text.contains("P1"))
  }

  @Test func beforeAnythingHasRunThereIsNothingToVerify() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let result = try shop.run("doctor", "--deep")
    #expect(result.status == 0 && result.text.contains("nothing has run yet"), "\(result.text)")
  }

  @Test(arguments: [
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
      INSERT INTO landings(feature, phase, lane_tip, base, target_before, detail, started_at, ended_at)
        VALUES ('2', 'stopped', '', '', '', 'conflicts with main in a', 1, 1)
      """
    ),
  ]) func whatTheStateTellsIsFound(promise: String, sql: String) throws {
    let shop = try shop()
    try change(shop, sql)
    #expect(try broken(shop).contains(promise))
  }

  /// A feature that was undone alone and built again lands after one that needs it and that stayed.
  @Test func p3_whatWasUndoneAloneAndBuiltAgainIsInOrder() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One}
          - {id: 2, title: Two, depends_on: [1]}
        """,
      agent: "echo $id > f$id-$LANEKEEPER_ATTEMPT.txt", gate: "true")
    #expect(try shop.run("run").status == 0)
    #expect(try shop.run("undo", "1", "--alone").status == 0)
    #expect(try shop.run("reopen", "1").status == 0)
    #expect(try shop.run("run").status == 0)
    #expect(try broken(shop) == [])
    // Also where only the history tells.
    for end in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(
        atPath: shop.repository.path + "/.git/lanekeeper/state.sqlite" + end)
    }
    #expect(try shop.run("doctor", "--repair").status == 0)
    #expect(try broken(shop) == [])
  }

  @Test func p3_whatLandedBeforeWhatItNeedsIsFound() throws {
    let shop = try Workshop(
      features: Workshop.independent(2), agent: "echo $id > f$id.txt", gate: "true")
    #expect(try shop.run("run").status == 0)
    let order = try shop.landed()
    try change(
      shop, "INSERT INTO dependencies VALUES ('\(order[0])', '\(order[1])', 'declared', NULL, NULL)"
    )
    #expect(try broken(shop) == ["P3"])
  }

  @Test func p3_aLandingThatIsGoneFromTheTargetIsFound() throws {
    let shop = try shop()
    try shop.repository.git("reset", "-q", "--hard", "main~1")
    #expect(try broken(shop).contains("P3"))
  }

  @Test(arguments: [
    "",
    "git config -f .gitmodules submodule.sub.path sub; git config -f .gitmodules submodule.sub.url ./sub; git add .gitmodules",
  ]) func p4_aPointerThatNobodyCanFollowIsFound(declared: String) throws {
    let shop = try shop()
    let made = try TestProgram.run(
      [
        "sh", "-ec",
        "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub; \(declared)\ngit commit -qm sub",
      ], directory: shop.repository.path, environment: shop.repository.environment)
    try #require(made.status == 0, "\(made.text)")
    #expect(try broken(shop) == ["P4"])
  }

  @Test func p5_aProcessThatIsLeftIsFound() throws {
    let shop = try shop()
    var text: OpaquePointer?
    defer { sqlite3_close(text) }
    sqlite3_open(shop.repository.path + "/.git/lanekeeper/state.sqlite", &text)
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    sqlite3_prepare_v2(text, "SELECT mark FROM attempts LIMIT 1", -1, &statement, nil)
    try #require(sqlite3_step(statement) == SQLITE_ROW)
    let mark = String(cString: sqlite3_column_text(statement, 0))
    let left = try RunningProgram(
      ["sleep", "600"], directory: "/",
      environment: ["LANEKEEPER_MARK": mark, "PATH": "/usr/bin:/bin"],
      output: "/dev/null")
    defer { left.signal(SIGKILL) }
    #expect(try broken(shop) == ["P5"])
  }

  @Test func p6_p7_locksThatAreLeftAreFound() throws {
    let shop = try shop()
    try shop.repository.write(".git/index.lock", "lanekeeper landing 1\n")
    try shop.repository.write(".git/worktrees/lane-1/index.lock", "")
    #expect(Set(try broken(shop)).isSuperset(of: ["P6", "P7"]))
  }
}
