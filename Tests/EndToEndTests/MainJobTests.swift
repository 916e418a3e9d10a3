import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct MainJobTests {
  /// The greatest number of attempts at work at the same time.
  private func width(_ trace: [[String]]) -> Int {
    var now = 0
    var most = 0
    for line in trace {
      now += line[0] == "begin" ? 1 : -1
      most = max(most, now)
    }
    return most
  }

  @Test func p1_p2_tenFeaturesThreeAgents() throws {
    let shop = try Workshop(
      features: Workshop.independent(10) { ["f\($0).txt"] },
      agent: """
        # The first three are at work at the same time, or this waits a minute in vain.
        for i in $(seq 600); do
          [ "$(grep -c begin "$trace")" -ge 3 ] && break
          sleep 0.1
        done
        sleep 0.1
        echo $id > f$id.txt
        """)
    let result = try shop.run("run", "--parallel", "3")
    #expect(result.status == 0, "\(result.error)\(result.text)")
    #expect(try shop.landed().sorted() == (1...10).map(String.init).sorted())
    let trace = try shop.trace()
    let begins = trace.filter { $0[0] == "begin" }
    #expect(begins.count == 10 && Set(begins.map { $0[1] }).count == 10)
    #expect(width(trace) == 3)
    #expect(Set(begins.map { $0[4] }) == ["agent-1", "agent-2", "agent-3"])
    for line in begins {
      let choice = try shop.json(
        "models", "select", "--category", "backend", "--title", "Feature \(line[1])",
        "--description", "")
      #expect(choice["tier"] as? String == line[3])
    }
    // No path was ever granted to two features.
    let events = try shop.run("events", "--json").text.split(separator: "\n")
    var owners: [String: Set<String>] = [:]
    for event in events {
      let facts = try #require(
        JSONSerialization.jsonObject(with: Data(event.utf8)) as? [String: Any])
      guard facts["type"] as? String == "claims_granted" else { continue }
      for path in facts["paths"] as? [String] ?? [] {
        owners[path, default: []].insert(facts["feature"] as? String ?? "")
      }
    }
    #expect(owners.count == 10 && owners.values.allSatisfy { $0.count == 1 })
    #expect(try shop.leftovers() == [])
    for number in 1...10 { #expect(try shop.repository.read("f\(number).txt") == "\(number)\n") }
  }

  @Test func p1_fiveWorkProcessesAtOnce() throws {
    let shop = try Workshop(
      features: Workshop.independent(10), agent: "sleep 0.1; echo $id > f$id.txt")
    // Five at a time, and each feature asked for twice.
    var failures: [String] = []
    for round in 0..<2 {
      let running = try (1...5).flatMap { number in
        try [0, 1].map { copy in
          let id = String(round * 5 + number)
          let output = "work-\(id)-\(copy)"
          return (output, try shop.start(["work", id], output: output))
        }
      }
      for (output, process) in running where process.wait() != 0 {
        failures.append(try shop.repository.root.read(output))
      }
    }
    #expect(failures.isEmpty, "\(failures.joined(separator: "----"))")
    #expect(try shop.landed().sorted() == (1...10).map(String.init).sorted())
    let begins = try shop.trace().filter { $0[0] == "begin" }
    let events = try shop.run("events").text
    #expect(begins.count == 10, "\(begins)\n\(events)")
    #expect(try shop.leftovers() == [])
  }

  @Test func p3_landsInDependencyOrder() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: d, title: Roof, depends_on: [b, c]}
          - {id: b, title: Walls, depends_on: [a]}
          - {id: c, title: Stairs, depends_on: [a]}
          - {id: a, title: Ground}

        """,
      agent: """
        case $id in
          b|c) test -f a.txt || exit 9 ;;
          d) test -f b.txt && test -f c.txt || exit 9 ;;
        esac
        echo $id > $id.txt
        """)
    let result = try shop.run("run", "--parallel", "5")
    #expect(result.status == 0, "\(result.error)\(result.text)")
    let order = try shop.landed()
    #expect(order.count == 4 && order.first == "a" && order.last == "d")
  }

  @Test func p2_twoFeaturesThatWantTheSameFile() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One, touches: [shared.txt]}
          - {id: 2, title: Two, touches: [shared.txt]}
          - {id: 3, title: Undeclared}

        """,
      agent: """
        sleep 0.3
        echo "line $id" >> shared.txt
        if [ $id = 3 ]; then git commit -qam "three" || { git checkout -q HEAD shared.txt; exit 0; }; fi
        """)
    let result = try shop.run("run", "--parallel", "3")
    #expect(result.status == 0, "\(result.text)")
    let text = try shop.repository.read("shared.txt")
    for number in 1...3 { #expect(text.contains("line \(number)\n")) }
    #expect(!text.contains("<<<<"))
    let log = try shop.run("logs", "3", "--attempt", "1").text
    #expect(log.contains("shared.txt: held by feature #") && log.contains("What you can do"))
    #expect(try shop.leftovers() == [])
  }

  @Test func makeRunsTheGraph() throws {
    let shop = try Workshop(
      features: """
        features:
          - {id: 1, title: One}
          - {id: 2, title: Two, depends_on: [1]}
          - {id: 3, title: Three}

        """, agent: "echo $id > f$id.txt")
    let graph = try shop.run("graph", "--format", "make")
    #expect(graph.status == 0)
    try shop.repository.root.write("lanes.mk", graph.text + "\n")
    var environment = shop.environment
    environment["PATH"] =
      (Workshop.program as NSString).deletingLastPathComponent + ":" + (environment["PATH"] ?? "")
    let make = try TestProgram.run(
      ["make", "-j3", "-f", shop.repository.root.path("lanes.mk"), "features"],
      directory: shop.repository.path, environment: environment)
    #expect(make.status == 0, "\(make.error)")
    #expect(try shop.landed().sorted() == ["1", "2", "3"])
  }
}
