import Foundation
import TestSupport
import Testing

/// What a run waits for is told by `status` and `explain`, too.
@Suite(.bounded) struct WaitsToldTests {
  @Test func whatTakesLongIsToldWhileTheRunLives() throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: "sleep 600", configuration: "parallel: 1")
    let run = try shop.start(["run"], output: "run")
    #expect(eventually { (try? shop.trace().isEmpty) == false })
    let own = try #require(
      StateRows.read(shop, "SELECT id FROM participants WHERE ended_at IS NULL").first?.first)
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    let waits = """
      [{"id":1,"words":"git push has been going on","feature":"1","since":\(now - 90000)},
      {"id":2,"words":"the lock is held","since":\(now - 30000)}]
      """
    _ = try StateRows.read(shop, "INSERT INTO meta VALUES ('run_waits:\(own)', '\(waits)')")
    let status = try shop.run("status").text
    #expect(
      status.contains("waits: feature #1: git push has been going on (by now for 1m "), "\(status)")
    #expect(status.contains("waits: the lock is held"), "\(status)")
    let told = try #require(try shop.json("status")["waits"] as? [[String: Any]])
    #expect(told.count == 2 && told[0]["feature"] as? String == "1")
    let one = try shop.run("explain", "1").text
    #expect(one.contains("it waits: git push has been going on"), "\(one)")
    #expect(one.contains("the run waits: the lock is held"), "\(one)")
    let two = try shop.run("explain", "2").text
    #expect(!two.contains("git push") && two.contains("the lock is held"), "\(two)")
    run.signal(SIGKILL)
    run.wait()
    for words in try [shop.run("status").text, shop.run("explain", "1").text] {
      #expect(!words.contains("git push") && !words.contains("the lock is held"), "\(words)")
    }
    #expect(try eventually { try shop.processes().isEmpty })
  }

  @Test func whatHoldsADependencyIsTold() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One}
          - {id: 2, title: Two, depends_on: [1]}

        """, agent: "echo $id > $id.txt")
    // Something has to be written down before anything can be paused.
    #expect(try shop.run("claim", "mine.txt").status == 0)
    #expect(try shop.run("pause", "--landing").status == 0)
    #expect(try shop.run("run").status == 75)
    let two = try shop.run("explain", "2").text
    #expect(two.contains("#1 One is queued; it can't land yet: landing is paused"), "\(two)")
    let held = try #require(try shop.json("status")["held"] as? [[String: Any]])
    #expect(held.count == 1 && held.first?["feature"] as? String == "1")
    #expect((held.first?["reason"] as? String)?.contains("landing is paused") == true)
  }
}
