import CSQLite
import Foundation
import TestSupport
import Testing

/// A state file that 10cffc3 left, read by the program as it is.
@Suite(.bounded) struct EarlierStateTests {
  private func shop() throws -> Workshop {
    let features = (1...21).map { "  - {id: \($0), title: Feature \($0)}\n" }.joined()
    let shop = try Workshop(features: "features:\n" + features, agent: "exit 1")
    let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../StoreTests/Samples/interruptions.sql")
    let sql = try String(contentsOf: sample, encoding: .utf8)
    let directory = shop.repository.path + "/.git/lanekeeper"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    try #require(sqlite3_open(directory + "/state.sqlite", &database) == SQLITE_OK)
    // The commits of that time are not in this repository.
    let forget = "DELETE FROM meta WHERE key LIKE 'target%'"
    for part in [sql, forget] {
      try #require(sqlite3_exec(database, part, nil, nil, nil) == SQLITE_OK)
    }
    return shop
  }

  @Test func p7_whatAnEarlierProgramLeftIsToldAsItWas() throws {
    let shop = try shop()
    let status = try shop.json("status")
    let features = try #require(status["features"] as? [[String: Any]])
    func value(_ id: String, _ key: String) -> String? {
      features.first { $0["id"] as? String == id }?[key] as? String
    }
    #expect(value("5", "waiting_for") == "person:local")
    #expect(value("7", "waiting_for") == "limit:2026-12-01T06:24:28Z")
    #expect(value("8", "waiting_for") == "limit" && value("21", "waiting_for") == "budget")
    #expect(value("9", "model") == "session" && value("14", "model") == "opus")
    #expect(value("2", "state") == "undone" && value("12", "state") == "in_review")

    for (id, words) in [
      ("5", "it waits for a file held by"), ("8", "exit status 41"),
      ("9", "the agent asks to be run again later"),
      ("10", "asks for changes"), ("14", "it was cut off"), ("16", "stopped"),
      ("17", "the guard was killed"), ("21", "budget"),
    ] {
      let text = try shop.run("explain", id).text
      #expect(text.contains(words), "\(id): \(text)")
    }
    let claims = try shop.json("claims")["claims"] as? [[String: Any]] ?? []
    let paths = Set(claims.compactMap { $0["path"] as? String })
    #expect(paths.isSuperset(of: ["held/", "nine.txt", "sixteen.txt", "src/f12"]))
  }
}
