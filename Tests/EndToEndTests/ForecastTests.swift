import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct ForecastTests {
  @Test func showsWhichLanesWouldConflict() throws {
    let shop = try Workshop(
      features: Workshop.independent(3),
      agent: """
        case $id in
          1) echo one >> shared.txt ;;
          2) echo two > shared.txt; git add shared.txt ;;
          3) echo mine > own.txt ;;
        esac
        while [ ! -f "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.05; done
        git reset -q --hard
        rm -f own.txt
        echo $id > $id.txt
        """, gate: "")
    let run = try shop.start(["run", "--parallel", "3"], output: "out")
    defer { run.signal(SIGKILL) }
    #expect(
      try eventually {
        try conflicts(shop) == ["1": ["2: shared.txt"], "2": ["1: shared.txt"], "3": []]
      })
    // What a person commits to the target counts, too.
    try shop.repository.write("own.txt", "theirs\n")
    try shop.repository.git("add", "own.txt")
    try shop.repository.git("commit", "-q", "-m", "by hand")
    #expect(try conflicts(shop)["3"] == ["target: own.txt"])
    let words = try shop.run("status").text
    #expect(words.contains("as it is now, #1 would conflict with #2 in shared.txt"), "\(words)")
    #expect(words.contains("as it is now, #3 would conflict with main in own.txt"), "\(words)")
    #expect(try shop.run("lanes").text.contains("CONFLICTS WITH"))
    // The lanes are as their agents left them.
    for lane in try shop.json("status")["lanes"] as? [[String: Any]] ?? [] {
      guard let path = lane["path"] as? String, let feature = lane["feature"] as? String else {
        continue
      }
      let status = try shop.repository.git("status", "--porcelain", at: path)
      #expect(status == ["1": " M shared.txt", "2": "M  shared.txt", "3": "?? own.txt"][feature])
    }
    try shop.repository.root.write("go", "")
    let status = run.wait()
    let output = try shop.repository.root.read("out")
    #expect(status == 0, "\(output)")
    #expect(try shop.landed().sorted() == ["1", "2", "3"])
  }

  /// By feature: what each lane would conflict with, and where.
  private func conflicts(_ shop: Workshop) throws -> [String: [String]] {
    var result: [String: [String]] = [:]
    guard shop.repository.root.exists("repo/.git/lanekeeper/state.sqlite") else { return [:] }
    for lane in try shop.json("lanes")["lanes"] as? [[String: Any]] ?? [] {
      guard let feature = lane["feature"] as? String,
        let found = lane["conflicts"] as? [[String: Any]]
      else { continue }
      result[feature] = found.map { conflict in
        let other = conflict["feature"] as? String ?? conflict["with"] as? String ?? ""
        return "\(other): \((conflict["paths"] as? [String] ?? []).joined(separator: " "))"
      }
    }
    return result
  }
}
