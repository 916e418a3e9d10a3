import CSQLite
import Foundation
import Model
import TestSupport

/// A state file as the program makes it, written through SQLite itself.
final class LockTableFile {
  private var handle: OpaquePointer?

  init(_ path: String) throws {
    guard sqlite3_open(path, &handle) == SQLITE_OK else { throw SQLError(message: "open \(path)") }
    try run("PRAGMA journal_mode = WAL")
    for statement in ClaimSchema.statements + ClaimSchema.targetMoves + [ClaimSchema.stacks] {
      try run(statement)
    }
    try run("CREATE TABLE features(id TEXT PRIMARY KEY, title TEXT, state TEXT, branch TEXT)")
    try run("PRAGMA user_version = \(ClaimSchema.version)")
  }

  deinit { sqlite3_close(handle) }

  struct SQLError: Error { let message: String }

  @discardableResult
  func run(_ sql: String) throws -> [[String]] {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
      throw SQLError(message: String(cString: sqlite3_errmsg(handle)) + ": " + sql)
    }
    defer { sqlite3_finalize(statement) }
    var rows: [[String]] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        rows.append(
          (0..<sqlite3_column_count(statement)).map { column in
            guard let bytes = sqlite3_column_blob(statement, column) else { return "" }
            let count = Int(sqlite3_column_bytes(statement, column))
            return String(
              decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
          })
      case SQLITE_DONE: return rows
      default: throw SQLError(message: String(cString: sqlite3_errmsg(handle)) + ": " + sql)
      }
    }
  }
}

/// A repository with one lane, `lane-1`, of feature 1, and the hooks in it.
struct HookFixture {
  let test: TestRepository
  let lane: String
  let table: LockTableFile
  let hooks: String

  init(files: [String: String] = [:], prepare: (TestRepository) throws -> Void = { _ in }) throws {
    test = try TestRepository()
    try test.write("a.txt", "1\n")
    try test.write("dir/b.txt", "1\n")
    for (name, text) in files { try test.write(name, text) }
    try test.commit("base")
    try prepare(test)
    lane = test.root.path("lane-1")
    try test.git("worktree", "add", "-q", "-b", "lane/1-one", lane)
    let own = test.path + "/.git/lanekeeper"
    hooks = own + "/hooks"
    try FileManager.default.createDirectory(atPath: hooks, withIntermediateDirectories: true)
    for name in [
      "pre-commit", "pre-merge-commit", "pre-push", "reference-transaction", "commit-msg",
    ] {
      try FileManager.default.createSymbolicLink(
        atPath: hooks + "/" + name,
        withDestinationPath: BuiltPrograms.path("lanekeeper-hook"))
    }
    try FileManager.default.createSymbolicLink(
      atPath: own + "/hooks/user", withDestinationPath: test.path + "/.git/hooks")
    try test.write(".git/lane.config", "[core]\n\thooksPath = \(hooks)\n")
    try test.git("config", "includeIf.gitdir:./worktrees/lane-*.path", "lane.config")
    table = try LockTableFile(own + "/state.sqlite")
    let base = try test.git("rev-parse", "HEAD")
    try table.run(
      "INSERT INTO meta VALUES ('target', 'refs/heads/main'), ('claims.policy', 'auto')")
    try table.run(
      "INSERT INTO features VALUES ('1', 'One', 'running', NULL), ('2', 'Two', 'running', NULL)")
    try table.run(
      """
      INSERT INTO lanes(number, path, feature, agent, branch, base, state)
      VALUES (1, '\(lane)', '1', 'agent-1', 'refs/heads/lane/1-one', x'\(base)', 'assigned')
      """)
  }

  /// Lets feature 2 hold a path; a subtree ends in a slash.
  func hold(_ path: String, owner: String = "2") throws {
    let isSubtree = path.hasSuffix("/")
    let name = isSubtree ? String(path.dropLast()) : path
    try table.run(
      """
      INSERT INTO claims(path, subtree, mode, owner_kind, owner, agent, generation, acquired_at)
      VALUES (CAST('\(name)' AS BLOB), \(isSubtree ? 1 : 0), 'exclusive', 'feature', '\(owner)',
        'agent-2', 1, 0)
      """)
  }

  func write(_ name: String, _ text: String) throws { try test.root.write("lane-1/" + name, text) }

  func git(_ arguments: String...) throws -> TestProgramResult {
    try test.runGit(arguments, at: lane)
  }

  /// Stages everything and commits below a process with a guard's name, as an agent does.
  func commitAsAgent(staging path: String = ".") throws -> TestProgramResult {
    try test.git("add", "-A", path, at: lane)
    // Written by the shell: what is open for writing in this process can't be started meanwhile.
    let script = """
      printf '#!/bin/sh\\n"$@"; exit $?\\n' > "$0" && chmod +x "$0" && "$0" git commit -q -m work
      """
    return try TestProgram.run(
      ["sh", "-c", script, test.root.path("lanekeeper-guard")], directory: lane,
      environment: test.environment)
  }

  /// Stages everything and commits.
  func commit(_ more: String...) throws -> TestProgramResult {
    try test.git("add", "-A", at: lane)
    return try test.runGit(["commit", "-q", "-m", "work"] + more, at: lane)
  }

  /// The paths that feature 1 holds, a `!` behind those that are pinned.
  func claims() throws -> [String] {
    try table.run(
      """
      SELECT path || CASE pinned WHEN 1 THEN '!' ELSE '' END FROM claims WHERE owner = '1'
      ORDER BY path
      """
    ).map { $0[0] }
  }

  func tip() throws -> String { try test.git("rev-parse", "lane/1-one") }
}
