import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// Limits, budgets and cycles, with agents that are defined by files and tell JSON lines.
@Suite(.bounded) struct LimitTests {
  private func shop(_ agents: [String: String], more: String, features: Int = 1) throws -> Workshop
  {
    let shop = try Workshop(
      features: Workshop.independent(features), agent: "",
      configuration: "limits: {stagger_seconds: 0, attempts: 9\(more)}")
    for (name, script) in agents {
      let path = shop.repository.root.path("\(name).sh")
      try shop.repository.root.write(
        "\(name).sh", "cat > /dev/null\nid=$LANEKEEPER_FEATURE_ID\n" + script)
      try shop.repository.write(
        ".lanekeeper/agents/\(name).yml",
        """
        program: sh
        arguments: ["\(path)"]
        environment: {pass: [NOTHING]}
        backoff_seconds: 0.3
        output:
          format: json-lines
          repeats: 5
          rules:
            - {when: {type: limit}, limit: usage, reset: at, message: words}
            - {when: {type: busy}, limit: overload, message: words}
            - {when: {type: out}, limit: login, message: words}
            - {when: {type: edit}, event: edit, path: path}
            - {when: {type: end}, event: result, cost: usd, session: session}

        """)
    }
    let list = agents.keys.sorted().joined(separator: ", ")
    let file = try shop.repository.read("lanekeeper.yml")
    try shop.repository.write(
      "lanekeeper.yml", file.replacingOccurrences(of: "agent: command", with: "agent: [\(list)]"))
    return shop
  }

  private let works =
    #"echo $id > f$id.txt; echo '{"type":"end","usd":0.5,"session":"s"}'"#

  @Test func theNextAgentTakesOverAtAUsageLimit() async throws {
    let shop = try shop(
      ["a": #"echo '{"type":"limit","at":4102444800,"words":"no more"}'; exit 1"#, "b": works],
      more: "")
    // A time that lies over a month ahead is not believed; it is tried again by and by.
    let result = try await shop.run()
    #expect(result.status == 0, "\(result.text)")
    #expect(result.text.contains("interrupted (met the usage limit: no more)"))
    #expect(try shop.landed() == ["1"])
    #expect(try shop.status()["cost_usd"] == 0.5)
  }

  @Test func aRunWaitsForTheReset() async throws {
    let limited = #"""
      if [ ! -e "$LANEKEEPER_REPOSITORY/../met" ]; then
        touch "$LANEKEEPER_REPOSITORY/../met"
        echo "{\"type\":\"limit\",\"at\":$(($(date +%s) + 2)),\"words\":\"later\"}"
        exit 0
      fi

      """#
    let shop = try shop(["a": limited + works], more: "")
    let result = try await shop.run()
    #expect(result.status == 0, "\(result.text)")
    #expect(result.text.contains("#1 waits: for the limit until "))
    #expect(try shop.landed() == ["1"])
  }

  @Test func anOverloadIsTriedAgainAndUsesUpNoAttempt() async throws {
    let busy = #"""
      n=$(cat "$LANEKEEPER_REPOSITORY/../n" 2>/dev/null || echo 0)
      echo $((n + 1)) > "$LANEKEEPER_REPOSITORY/../n"
      if [ "$n" -lt 3 ]; then echo '{"type":"busy","words":"529"}'; exit 1; fi

      """#
    let shop = try shop(["a": busy + works], more: "")
    let result = try await shop.run()
    #expect(result.status == 0, "\(result.text)")
    #expect(!result.text.contains("#1 failed"))
    #expect(try shop.landed() == ["1"])
  }

  @Test func aLostLoginWaitsForAPerson() async throws {
    let shop = try shop(["a": #"echo '{"type":"out","words":"401"}'; exit 1"#], more: "")
    let result = try await shop.run()
    #expect(result.status == 75, "\(result.text)")
    #expect(result.text.contains("until a person has acted"))
    #expect(result.text.contains("log in to a, then `lanekeeper run`"))
    let pause = try #require(try shop.store().pauses().first)
    #expect(pause.agent == "a" && pause.detail == "401")
    #expect(pause.advice?.contains("log in to a, then `lanekeeper run`") == true)
  }

  @Test func aBudgetStopsBeforeItIsExceeded() async throws {
    let shop = try shop(["a": works], more: ", max_cost_usd: 1.2", features: 5)
    let result = try await shop.run(parallel: 1)
    #expect(result.status == 75, "\(result.text)")
    // The third would bring it from 1.00 to 1.50.
    #expect(try shop.landed().count == 2, "\(result.text)")
    #expect(result.text.contains("limits.max_cost_usd is 1.20: 1.00 is spent"))
    #expect(try await shop.run(maxCost: 10).status == 0)
  }

  @Test func theSameErrorThreeTimesIsTheEnd() async throws {
    let shop = try shop(["a": "exit 7"], more: "")
    let result = try await shop.run()
    #expect(result.status == 1)
    #expect(result.text.contains("the same error 3 times in a row (the agent exited with 7)"))
    let report = shop.repository.path + "/.git/lanekeeper/logs/1/report.md"
    #expect(try String(contentsOfFile: report, encoding: .utf8).contains("- attempt 3, a,"))
  }

  @Test func theSameEditOverAndOverEndsTheAttempt() async throws {
    let shop = try shop(
      ["a": #"while :; do echo '{"type":"edit","path":"x"}'; sleep 0.02; done"#],
      more: ", max_feature_cost_usd: 5")
    let result = try await shop.run()
    #expect(result.status == 1)
    #expect(result.text.contains("it made the same edit"))
    #expect(try shop.leftovers() == [])
  }
}
