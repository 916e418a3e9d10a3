import Foundation
import TestSupport
import Testing

/// `lanekeeper mcp` as a process, in raw JSON lines.
@Suite(.bounded) struct McpTests {
  private func shop(_ features: Int = 3) throws -> Workshop {
    try Workshop(features: Workshop.independent(features), agent: "true")
  }

  private func client(_ shop: Workshop) throws -> McpClient {
    try McpClient(at: shop.repository.path, environment: shop.environment)
  }

  private func code(_ message: [String: Any]) -> Int? {
    (message["error"] as? [String: Any])?["code"] as? Int
  }

  @Test func answersWhateverComes() throws {
    let shop = try shop()
    let client = try client(shop)
    defer { withExtendedLifetime(shop) {} }
    client.program.send("{\"jsonrpc\":\n")
    #expect(try code(client.next()) == -32700)
    client.program.send("not json\n\n   \n[]\n")
    #expect(try code(client.next()) == -32700)
    #expect(try code(client.next()) == -32600)
    client.program.send([0xff, 0xfe, 0x0a])
    #expect(try code(client.next()) == -32700)
    #expect(try code(client.ask("no/such/method")) == -32601)
    #expect(try code(client.ask("server/nothing")) == -32601)
    // Half a line is completed by the next bytes.
    client.program.send("{\"jsonrpc\":\"2.0\",\"id\":77,")
    usleep(50_000)
    client.program.send("\"method\":\"ping\"}\r\n")
    #expect(try client.answer(77)["result"] != nil)
    // A message that is too long costs no memory and no answer but one.
    let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
    for _ in 0..<5 { client.program.send(chunk) }
    client.program.send("\n")
    #expect(try code(client.next()) == -32600)
    #expect(try client.ask("ping")["result"] != nil)
    // Notifications, even unknown ones, get no answer.
    try client.notify("notifications/nonsense")
    try client.notify("notifications/cancelled", ["requestId": 12345])
    client.program.send("{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}\n")
    #expect(try client.ask("ping")["result"] != nil)
    client.program.closeInput()
    #expect(client.program.line() == nil)
    #expect(client.program.wait() == 0)
  }

  @Test func endsWithItsPipes() throws {
    let shop = try shop()
    let half = try client(shop)
    half.program.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}")
    half.program.closeInput()
    #expect(try half.answer(1)["result"] != nil)
    #expect(half.program.wait() == 0)
    let cut = try client(shop)
    cut.program.send("{\"jsonrpc\":\"2.0\",\"id\":1,")
    cut.program.closeInput()
    #expect(try code(cut.next()) == -32700)
    #expect(cut.program.wait() == 0)
    let deaf = try client(shop)
    try deaf.initialize()
    deaf.program.closeOutput()
    for _ in 0..<3 { _ = try deaf.start("tools/list") }
    deaf.program.closeInput()
    #expect(deaf.program.wait() == 0)
    // What waits ends with the input, too.
    let waiting = try client(shop)
    _ = try waiting.call("claim_file", ["file_path": "x", "agent_id": "a"])
    _ = try waiting.start(
      "tools/call",
      [
        "name": "wait_for_file",
        "arguments": ["file_path": "x", "agent_id": "b", "timeout_s": 900],
      ])
    waiting.program.closeInput()
    #expect(waiting.program.wait() == 0)
  }

  @Test func tellsProgressAndCanBeCancelled() throws {
    let shop = try shop()
    let client = try client(shop)
    defer { withExtendedLifetime(shop) {} }
    try client.initialize()
    _ = try client.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    let short = try client.start(
      "tools/call",
      [
        "name": "wait_for_file", "_meta": ["progressToken": "p"],
        "arguments": ["file_path": "x", "agent_id": "bob", "timeout_s": 600],
      ])
    var steps: [Double] = []
    while steps.count < 2 {
      let params = try client.next()["params"] as? [String: Any]
      if params?["progressToken"] as? String == "p", let step = params?["progress"] as? Double {
        steps.append(step)
      }
    }
    #expect(steps == steps.sorted())
    let other = try self.client(shop)
    _ = try other.call("release_file", ["file_path": "x", "agent_id": "ann"])
    let answer = try client.answer(short)
    let content = (answer["result"] as? [String: Any])?["structuredContent"] as? [String: Any]
    #expect(content?["granted"] as? Bool == true)
    _ = try other.call("claim_file", ["file_path": "y", "agent_id": "ann"])
    let long = try client.start(
      "tools/call",
      [
        "name": "wait_for_file",
        "arguments": ["file_path": "y", "agent_id": "bob", "timeout_s": 900],
      ])
    try client.notify("notifications/cancelled", ["requestId": long])
    // A cancelled request is not answered; the next one is.
    let ping = try client.start("ping")
    while true {
      let message = try client.next()
      #expect(message["id"] as? Int != long)
      if message["id"] as? Int == ping { break }
    }
    client.program.closeInput()
    #expect(client.program.wait() == 0)
  }

  @Test func tellsOfChanges() throws {
    let shop = try shop()
    let client = try client(shop)
    try client.initialize()
    _ = try client.ask("resources/subscribe", ["uri": "lanekeeper://claims"])
    _ = try client.call("list_features")
    let other = try self.client(shop)
    _ = try other.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    try shop.repository.write("features.yml", Workshop.independent(4))
    _ = try other.call("list_features")
    var seen: Set<String> = []
    while seen.count < 2 {
      let message = try client.next()
      guard let method = message["method"] as? String else { continue }
      seen.insert(method)
      if method == "notifications/resources/updated" {
        #expect((message["params"] as? [String: Any])?["uri"] as? String == "lanekeeper://claims")
      }
    }
    #expect(
      seen == ["notifications/resources/updated", "notifications/resources/list_changed"])
  }

  /// What an agent in a lane says about itself does not count, and outside its lane it can do nothing.
  @Test func p2_anAgentCannotActForAnother() throws {
    let shop = try Workshop(
      features: Workshop.independent(2, touching: { ["own\($0).txt"] }),
      agent: """
        call() { printf '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%s","arguments":%s}}\\n' "$1" "$2"; }
        out="$LANEKEEPER_REPOSITORY/../out$id"
        { call claim_file '{"file_path":"mine'$id'.txt","agent_id":"somebody"}'
          call claim_features '{"count":5,"agent_id":"somebody"}'
          call release_file '{"file_path":"own1.txt","agent_id":"agent-1","feature_id":"1"}'
          call release_file '{"file_path":"own2.txt","agent_id":"agent-2"}'
        } | \(Workshop.program) mcp > $out.lane
        other=$((3 - id))
        for i in $(seq 200); do test -e "$LANEKEEPER_REPOSITORY/../out$other.lane" && break; sleep 0.05; done
        { call claim_file '{"file_path":"z.txt","agent_id":"somebody"}'
          call list_claims '{}'
        } | \(Workshop.program) mcp --project-dir "$LANEKEEPER_REPOSITORY" > $out.main
        for lane in "$LANEKEEPER_LANE"/../*; do
          test "$(realpath $lane)" = "$(realpath $LANEKEEPER_LANE)" && continue
          call claim_file '{"file_path":"stolen.txt","agent_id":"x"}' |
            (cd $lane && \(Workshop.program) mcp) >> $out.other 2>&1
        done
        echo $id > mine$id.txt
        """)
    let result = try shop.run("run", "--parallel", "2")
    #expect(result.status == 0, "\(result.text) \(result.error)")
    for id in ["1", "2"] {
      let lane = try shop.repository.root.read("out\(id).lane").split(separator: "\n")
      #expect(lane.count == 4)
      #expect(lane[0].contains("\"granted\":true") && lane[0].contains("\"feature\":\"\(id)\""))
      #expect(lane[1].contains("{\"features\":[]}"))
      // Giving back is refused for the other's path; one's own may go.
      let foreign = id == "1" ? lane[3] : lane[2]
      #expect(foreign.contains("\"isError\":true"), "\(foreign)")
      let main = try shop.repository.root.read("out\(id).main").split(separator: "\n")
      #expect(main[0].contains("an agent claims in its own lane"), "\(main[0])")
      #expect(main[1].contains("mine\(id).txt"))
      let other = try shop.repository.root.read("out\(id).other")
      #expect(!other.contains("\"granted\":true"), "\(other)")
      #expect(
        other.contains("it is not the one that this process was started for")
          || other.contains("no feature is at work in this lane"), "\(other)")
    }
    #expect(try shop.leftovers() == [])
  }

  private static let ownNamespace = ["unshare", "--pid", "--fork", "--mount-proc"]
  private static let canUnshare =
    (try? TestProgram.run(
      ownNamespace + ["true"], directory: "/",
      environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]))?.status == 0

  /// An agent that hides from whom it descends is no session of a person's, nor does it claim for a feature by name.
  @Test(.enabled(if: canUnshare, "namespaces can't be made here"))
  func p3_whoCannotBeSeenIsNoSessionWhileARunIsAtWork() throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: """
        top="$LANEKEEPER_REPOSITORY/.."
        (cd "$LANEKEEPER_REPOSITORY" && \(Workshop.program) claim --feature 2 b.txt) > "$top/claim" 2>&1
        touch "$top/started"
        while [ ! -e "$top/go" ]; do sleep 0.05; done
        echo "$id" > "f$id.txt"
        """, gate: "")
    let path = shop.repository.path
    func claim(_ file: String, below command: [String] = []) throws -> [String: Any] {
      let client = try McpClient(at: path, environment: shop.environment, below: command)
      return try client.call("claim_file", ["file_path": file, "agent_id": "ann"])
    }
    let run = try shop.start(["run", "--feature", "1"], output: "out")
    #expect(eventually { shop.repository.root.exists("started") })
    for way in [
      Self.ownNamespace, ["unshare", "--pid", "--fork"],
      [
        "unshare", "-m", "sh", "-c",
        #"d=$(mktemp -d); mount --bind $d /proc/$PPID; exec "$@""#, "sh",
      ],
    ] {
      let hidden = try claim("a.txt", below: way)
      #expect((hidden["error"] as? String)?.contains("nobody can tell") == true, "\(hidden)")
    }
    #expect(try claim("a.txt")["granted"] as? Bool == true)
    try shop.repository.root.write("go", "")
    #expect(run.wait() == 0)
    #expect(try claim("c.txt", below: Self.ownNamespace)["granted"] as? Bool == true)
    let refused = try shop.repository.root.read("claim")
    #expect(refused.contains("an agent claims in its own lane"), "\(refused)")
  }

  /// A claim through the server is the first look at the target after an agent has moved it.
  @Test func p3_aClaimNoticesATargetThatItsLaneHasMoved() throws {
    let shop = try shop(2)
    defer { withExtendedLifetime(shop) {} }
    let client = try client(shop)
    _ = try client.call("claim_features", ["count": 1, "agent_id": "ann"])
    let opened = try client.call("open_lane", ["feature_id": "1", "agent_id": "ann"])
    let lane = try #require(opened["lane"] as? String, "\(opened)")
    let git = { (arguments: [String]) in
      try TestProgram.run(
        ["git", "-c", "core.hooksPath=/dev/null"] + arguments, directory: lane,
        environment: shop.environment)
    }
    #expect(try git(["commit", "-q", "--allow-empty", "-m", "mine"]).status == 0)
    #expect(try git(["update-ref", "refs/heads/main", "HEAD"]).status == 0)
    func held() throws -> [[String: Any]] {
      try shop.run("events", "--json").text.split(separator: "\n").compactMap {
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      }.filter { $0["type"] as? String == "target_held" }
    }
    #expect(try held().isEmpty)
    _ = try client.call("claim_file", ["file_path": "any.txt", "agent_id": "ann"])
    #expect(try held().count == 1)
    #expect(try held().first?["features"] as? [String] == ["1"])
    let more = try client.call("claim_features", ["count": 1, "agent_id": "bob"])
    let words = more["error"] as? String ?? "\(more)"
    #expect(words.contains("main was moved from") && words.contains("feature #1"), "\(words)")
    try Data("new\n".utf8).write(to: URL(fileURLWithPath: lane + "/new.txt"))
    let done = try client.call("complete_feature", ["feature_id": "1", "agent_id": "ann"])
    #expect(done["state"] as? String == "queued", "\(done)")
    #expect(try shop.run("land").status == 75)
    #expect(try shop.landed() == [])
  }

  /// The promise under contention: processes of their own, each with its server.
  @Test func p1_p2_sixteenServersShareFeaturesAndFiles() throws {
    let shop = try shop(500)
    let ledger = Ledger(files: 1000)
    let path = shop.repository.path
    let environment = shop.environment
    let first = try client(shop)
    _ = try first.call("list_features")
    let group = DispatchGroup()
    for number in 0..<16 {
      group.enter()
      Thread.detachNewThread {
        defer { group.leave() }
        do {
          let client = try McpClient(at: path, environment: environment)
          try Self.fight(client, "agent-\(number)", seed: UInt64(number), ledger)
          client.program.closeInput()
          ledger.note(client.program.wait() == 0 ? nil : "server \(number) ended badly")
        } catch {
          ledger.note("agent-\(number): \(error)")
        }
      }
    }
    group.wait()
    #expect(ledger.problems == [])
    #expect(ledger.features.count == 500)
    #expect(ledger.grants > 500 && ledger.refusals > 0)
    let states =
      try first.call("list_features", ["state": "running"])["features"] as? [[String: Any]]
    #expect(states?.count == 500)
    #expect(Set(states?.compactMap { $0["agent"] as? String } ?? []).count > 1)
  }

  private static func fight(
    _ client: McpClient, _ agent: String, seed: UInt64, _ ledger: Ledger
  ) throws {
    var random = SplitMix64(seed: seed)
    var isDry = false
    var rounds = 0
    while !isDry || rounds < 15 {
      rounds += 1
      if !isDry {
        let answer = try client.call(
          "claim_features", ["count": 1 + random.below(6), "agent_id": agent])
        let features = try (answer["features"] as? [[String: Any]]).unwrapped("\(answer)")
        isDry = features.isEmpty
        for feature in features { ledger.took(feature["id"] as? String ?? "", agent) }
      }
      let start = random.below(ledger.files)
      let wanted = (0..<(1 + random.below(8))).map { (start + $0 * 7) % ledger.files }
      let names = wanted.map { "src/f\($0).txt" }
      let answer = try client.call("claim_files", ["file_paths": names, "agent_id": agent])
      let granted = try (answer["granted"] as? Bool).unwrapped("\(answer)")
      guard granted else {
        ledger.refused()
        continue
      }
      ledger.granted(wanted, agent)
      ledger.gaveBack(wanted, agent)
      let released = try client.call("release_files", ["file_paths": names, "agent_id": agent])
      _ = try (released["released"] as? [String]).unwrapped("\(released)")
    }
  }

  /// Who holds what, as the answers say.
  private final class Ledger: @unchecked Sendable {
    private let lock = NSLock()
    let files: Int
    private var holders: [String?]
    private(set) var features: [String: String] = [:]
    private(set) var problems: [String] = []
    private(set) var grants = 0
    private(set) var refusals = 0

    init(files: Int) {
      self.files = files
      holders = Array(repeating: nil, count: files)
    }

    func note(_ problem: String?) {
      lock.withLock { if let problem { problems.append(problem) } }
    }

    func took(_ feature: String, _ agent: String) {
      lock.withLock {
        if let other = features.updateValue(agent, forKey: feature) {
          problems.append("#\(feature) went to \(other) and \(agent)")
        }
      }
    }

    func refused() { lock.withLock { refusals += 1 } }

    func granted(_ wanted: [Int], _ agent: String) {
      lock.withLock {
        grants += wanted.count
        for file in wanted {
          if let other = holders[file], other != agent {
            problems.append("file \(file) went to \(agent) while \(other) had it")
          }
          holders[file] = agent
        }
      }
    }

    /// Noted before it is asked for, since another may have it at once.
    func gaveBack(_ wanted: [Int], _ agent: String) {
      lock.withLock { for file in wanted where holders[file] == agent { holders[file] = nil } }
    }
  }
}

extension Optional {
  fileprivate func unwrapped(_ words: String) throws -> Wrapped {
    guard let self else { throw Unexpected(words: words) }
    return self
  }
}

private struct Unexpected: Error { var words: String }
