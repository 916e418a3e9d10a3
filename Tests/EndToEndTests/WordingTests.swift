import Foundation
import TestSupport
import Testing

/// What agents and people are told.
@Suite(.bounded) struct WordingTests {
  /// What Swift writes of a value that has no words of its own: `ClaimOwner(kind: …)`, `Optional(…)`.
  private func dumps(_ text: String) -> [String] {
    text.matches(
      of:
        /\b(?:[A-Z][A-Za-z]+\.)*[A-Z][A-Za-z]+\([a-z][A-Za-z]*: |Optional\(|\bSome\(|\.some\(|Error Domain=/
    ).map { String($0.output) }
  }

  private let longTitle =
    "Search the catalogue: " + String(repeating: "by name and by colour and by size ", count: 6)

  /// A feature waits for a review and holds a file, a person holds another, and a third feature wants both.
  @Test func nobodyIsToldHowAValueLooksInside() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: "\(longTitle)", touches: [one.txt]}
          - {id: 2, title: Second, depends_on: []}
          - {id: 3, title: Third}

        """,
      agent: """
        case $id in
          1) echo 1 > one.txt ;;
          2) cp "$LANEKEEPER_PROMPT_FILE" "$LANEKEEPER_REPOSITORY/../prompt"
             echo 2 > one.txt; echo 2 > free.txt; git add -A
             git commit -qm two 2> "$LANEKEEPER_REPOSITORY/../refusal"
             git restore -q --staged one.txt; rm one.txt; git commit -qm free ;;
          3) echo 3 > held.txt ;;
        esac
        """, configuration: "review: required")
    var texts: [String: String] = [:]
    texts["run 1"] = try shop.run("run", "--feature", "1").text
    texts["claim"] = try shop.run("claim", "held.txt").text
    texts["run"] = try shop.run("run").text
    for arguments in [
      ["explain", "1"], ["explain", "2"], ["explain", "3"], ["status"], ["status", "--json"],
      ["claims"], ["claims", "--json"], ["claims", "--stuck"], ["events", "--json"],
      ["check", "one.txt", "--json"], ["check", "one.txt"], ["doctor", "--deep"],
      ["review", "1"], ["review", "--json"],
    ] { texts[arguments.joined(separator: " ")] = try shop.run(arguments).text }
    texts["prompt"] = try shop.repository.root.read("prompt")
    texts["refusal"] = try shop.repository.root.read("refusal")
    for (place, text) in texts { #expect(dumps(text) == [], "\(place): \(text)") }

    // What is held is told with who holds it and how far that one is; titles are short.
    let line = "one.txt: feature #1 \"Search the catalogue\", it is built and waits for a review"
    #expect(texts["prompt"]?.contains(line) == true, "\(texts["prompt"] ?? "")")
    #expect(texts["prompt"]?.contains("held.txt: a person (") == true)
    let refusal = texts["refusal"] ?? ""
    #expect(
      refusal.contains("one.txt: held by feature #1 \"Search the catalogue\"")
        && refusal.contains("; it is built and waits for a review"), "\(refusal)")
    #expect(!refusal.contains("by size"))
    #expect(
      try shop.repository.git("log", "--format=%s", "--all").split(separator: "\n").allSatisfy {
        $0.count < 80
      })
    // What could not be committed is not lost by asking again: the feature waits for its holder.
    #expect(texts["run"]?.contains("is held by feature #1") == true, "\(texts["run"] ?? "")")
  }

  /// A branch of the person's has the name that ours begin with, or lies below one of ours.
  @Test func aBranchInTheWayIsNamedBeforeAnythingIsSpent() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "echo x > x.txt")
    try shop.repository.git("branch", "lane")
    let refused = try shop.run("run")
    #expect(refused.status == 1 && refused.error.contains("`git branch -m lane lane-old`"))
    #expect(try shop.trace() == [])
    #expect(try shop.run("doctor").text.contains("a branch lane;"))
    try shop.repository.git("branch", "-m", "lane", "lane-old")
    try shop.repository.git("branch", "lane/1-feature-1/sub")
    #expect(try shop.run("run").status == 0)
    #expect(try shop.landed() == ["1"])
  }

  @Test func deletedBranchesOfFeaturesInReviewComeBackAndRetryStartsOver() throws {
    let shop = try Workshop(
      features: Workshop.independent(3), agent: "echo $LANEKEEPER_ATTEMPT > f$id.txt",
      configuration: "review: required")
    #expect(try shop.run("run").status == 75)
    for id in 1...3 { try shop.repository.git("branch", "-q", "-D", "lane/\(id)-feature-\(id)") }
    let review = try shop.run("review", "1").text
    #expect(review.contains("was deleted and is back at") && review.contains("f1.txt"))
    #expect(try shop.run("review", "1", "--approve").status == 0)
    let retry = try shop.run("retry", "2")
    #expect(retry.status == 0 && retry.text.contains("is in_review as before"), "\(retry.text)")
    // What a message names is there.
    let abandoned = try shop.run("abandon", "3")
    #expect(abandoned.status == 0 && abandoned.text.contains("lane/3-feature-3"))
    #expect(try shop.repository.git("show", "lane/3-feature-3:f3.txt") == "1")
    let reopen = try shop.run("reopen", "2")
    #expect(reopen.status == 1 && reopen.error.contains("`lanekeeper retry 2 --fresh`"))
    let fresh = try shop.run("retry", "2", "nothing", "--fresh")
    #expect(fresh.status == 1 && fresh.error.contains("'nothing'"))
    #expect(fresh.text.contains("is kept as refs/lanekeeper/rescue/2/1-branch"), "\(fresh.text)")
    #expect(try shop.repository.git("show", "refs/lanekeeper/rescue/2/1-branch:f2.txt") == "1")
    #expect(try shop.repository.git("branch", "--list", "lane/2*") == "")
    #expect(try shop.run("run").status == 75)
    #expect(try shop.landed() == ["1"])
    #expect(try shop.repository.git("show", "lane/2-feature-2:f2.txt") == "2")
  }

  @Test func retryTakesAllThatHaveFailed() throws {
    let shop = try Workshop(
      features: Workshop.independent(3),
      agent:
        "[ -e \"$LANEKEEPER_REPOSITORY/../ok\" ] || [ $id = 2 ] || exit 1; echo $id > f$id.txt",
      configuration: "limits: {attempts: 3}")
    #expect(try shop.run("run").status == 1)
    #expect(try shop.run("retry").status == 64)
    let retried = try shop.run("retry", "--failed", "1")
    #expect(retried.status == 0, "\(retried.error)")
    #expect(retried.text.split(separator: "\n").count == 2, "\(retried.text)")
    // Each has all of its attempts again, also where they end the same way as before.
    #expect(try shop.run("run", "--feature", "1").status == 1)
    #expect(try shop.trace().filter { $0.first == "begin" && $0[1] == "1" }.count == 6)
    try shop.repository.root.write("ok", "")
    #expect(try shop.run("retry", "--failed").status == 0)
    #expect(try shop.run("run").status == 0)
    #expect(try shop.run("retry", "--failed").text == "no feature has failed")
  }
}
