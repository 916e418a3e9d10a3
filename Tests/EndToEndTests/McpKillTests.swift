import Foundation
import TestSupport
import Testing

/// `lanekeeper mcp` that is killed in the middle of its work.
@Suite(.bounded) struct McpKillTests {
  private func client(_ shop: Workshop) throws -> McpClient {
    let client = try McpClient(at: shop.repository.path, environment: shop.environment)
    try client.initialize()
    return client
  }

  private func paths(_ batch: Int) -> [String] { (0..<800).map { "b\(batch)/f\($0).txt" } }

  private func batch(_ number: Int, _ agent: String) -> [String: Any] {
    [
      "name": "claim_files",
      "arguments": ["file_paths": paths(number), "agent_id": agent],
    ]
  }

  @Test func p2_p7_aBatchIsWholeOrNotThereWhenItsServerIsKilled() throws {
    let shop = try Workshop(features: Workshop.independent(2), agent: "true")
    // How long one takes where nothing happens to it.
    let undisturbed = try client(shop)
    let start = ContinuousClock.now
    let whole = try undisturbed.answer(undisturbed.start("tools/call", batch(0, "ann")))
    let took = ContinuousClock.now - start
    #expect(whole["error"] == nil)
    undisturbed.program.closeInput()
    #expect(undisturbed.program.wait() == 0)
    var outcomes: [Int] = []
    for number in 1...24 {
      let client = try client(shop)
      _ = try client.start("tools/call", batch(number, "ann"))
      let pause = took * Double(number) / 20
      usleep(useconds_t(pause.components.attoseconds / 1_000_000_000_000))
      kill(client.program.pid, SIGKILL)
      #expect([0, 128 + SIGKILL].contains(client.program.wait()))
      let found = try StateRows.read(
        shop, "SELECT COUNT(*) FROM claims WHERE CAST(path AS TEXT) LIKE 'b\(number)/%'")
      outcomes.append(Int(found[0][0]) ?? -1)
    }
    #expect(outcomes.allSatisfy { $0 == 0 || $0 == 800 }, "\(outcomes)")
    #expect(try StateRows.integrity(shop) == "ok")
    // One generation for each batch, and a lease that is the session's, not the connection's.
    let generations = try StateRows.read(
      shop,
      """
      SELECT substr(CAST(path AS TEXT), 1, instr(CAST(path AS TEXT), '/')), COUNT(DISTINCT generation),
        COUNT(*), SUM(expires_at IS NULL) FROM claims GROUP BY 1
      """)
    #expect(generations.allSatisfy { $0[1] == "1" && $0[2] == "800" && $0[3] == "0" })
    // The agent goes on where it was: it claims the same again, and another is refused them.
    let again = try client(shop)
    let other = try client(shop)
    for (number, found) in zip(1...24, outcomes) {
      let refused = try other.call(
        "claim_files", ["file_paths": ["b\(number)/f7.txt", "x"], "agent_id": "bob"])
      #expect(refused["granted"] as? Bool == (found == 0), "\(number) \(found)")
      if found == 0 {
        _ = try other.call(
          "release_files", ["file_paths": ["b\(number)/f7.txt", "x"], "agent_id": "bob"])
      }
      let mine = try again.call(
        "claim_files", ["file_paths": paths(number), "agent_id": "ann"])
      #expect(mine["granted"] as? Bool == true)
    }
    let held = try StateRows.read(
      shop, "SELECT owner_kind, owner, COUNT(*) FROM claims GROUP BY 1, 2")
    #expect(held.count == 1 && held.first?.last == "20000", "\(held)")
    let released = try again.call("release_files", ["file_paths": paths(3), "agent_id": "ann"])
    #expect((released["released"] as? [String])?.count == 800)
  }

  @Test func p2_p7_whoWaitedAndWasKilledLeavesNothingBehind() throws {
    let shop = try Workshop(features: Workshop.independent(2), agent: "true")
    let holder = try client(shop)
    _ = try holder.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    for how in ["server", "client"] {
      let waiting = try client(shop)
      let request = try waiting.start(
        "tools/call",
        [
          "name": "wait_for_file", "_meta": ["progressToken": "p"],
          "arguments": ["file_path": "x", "agent_id": "bob", "timeout_s": 600],
        ])
      // It waits: progress is told.
      var isWaiting = false
      while !isWaiting {
        let message = try waiting.next()
        try #require(message["id"] as? Int != request)
        isWaiting = message["method"] as? String == "notifications/progress"
      }
      if how == "server" {
        kill(waiting.program.pid, SIGKILL)
        #expect(waiting.program.wait() == 128 + SIGKILL)
      } else {
        // As after kill -9 of the agent's program: both pipes are closed.
        waiting.program.closeInput()
        waiting.program.closeOutput()
        let status = waiting.program.wait()
        #expect([0, 128 + SIGPIPE].contains(status))
      }
    }
    #expect(
      try StateRows.read(shop, "SELECT owner, COUNT(*) FROM claims GROUP BY 1").map { $0[1] }
        == ["1"])
    #expect(try StateRows.read(shop, "SELECT * FROM waits") == [])
    // The holder keeps it; once it is given back the first who asks has it, not who waited.
    let third = try client(shop)
    let refused = try third.call("claim_file", ["file_path": "x", "agent_id": "cy"])
    #expect(refused["granted"] as? Bool == false)
    _ = try holder.call("release_file", ["file_path": "x", "agent_id": "ann"])
    let granted = try third.call("claim_file", ["file_path": "x", "agent_id": "cy"])
    #expect(granted["granted"] as? Bool == true)
    #expect(try StateRows.integrity(shop) == "ok")
  }

  @Test func p1_p2_aKilledServerInALaneEndsNoAttempt() throws {
    // A person holds the file; the attempt waits for it, and its server is killed meanwhile.
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent: """
        mkfifo "$TMPDIR/in"; "$LK" mcp < "$TMPDIR/in" > "$TMPDIR/out" & server=$!
        exec 3> "$TMPDIR/in"
        cat >&3 <<'END'
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
        {"jsonrpc":"2.0","method":"notifications/initialized"}
        {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"wait_for_file","_meta":{"progressToken":"p"},"arguments":{"file_path":"held.txt","agent_id":"x","timeout_s":600}}}
        END
        while ! grep -q progress "$TMPDIR/out"; do sleep 0.05; done
        kill -9 $server
        echo mine > mine.txt; git add mine.txt; git commit -qm mine
        [ $LANEKEEPER_ATTEMPT = 1 ] && "$LK" claims --json
        """)
    var prepared = shop
    prepared.environment["LK"] = Workshop.program
    #expect(try shop.run("run", "--feature", "1", "--help").status == 0)
    #expect(try shop.run("init").status == 0)
    let claimed = try shop.run("claim", "held.txt")
    #expect(claimed.status == 0 || claimed.error.contains("nothing has run"), "\(claimed.error)")
    let result = try prepared.run("run")
    // It was refused the file and never got it, so the feature waits for the person; its work is kept.
    #expect(result.status == 75, "\(result.error)\(result.text)")
    let status = try shop.json("status")
    let feature = (status["features"] as? [[String: Any]])?.first
    #expect(feature?["state"] as? String == "waiting")
    #expect(feature?["attempts"] as? Int == 1)
    #expect(
      try StateRows.read(
        shop, "SELECT CAST(path AS TEXT), pinned FROM claims WHERE owner_kind = 'feature'")
        == [["mine.txt", "1"]])
    #expect(try StateRows.read(shop, "SELECT * FROM waits") == [])
    #expect(try StateRows.integrity(shop) == "ok")
    #expect(try shop.processes() == [])
  }
}
