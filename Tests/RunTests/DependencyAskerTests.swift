import Backlog
import Foundation
import Planning
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// Who is asked for dependencies, an agent program or a model behind HTTP, and what becomes of the answer.
@Suite(.bounded) struct DependencyAskerTests {
  private static let features = """
    # ours
    features:
      - id: 1
        title: Login page
        description: "Uses the account table."
      - id: 2
        title: Account table
      - id: 3
        title: Dashboard
        description: "Shown after the login."

    """
  private static let edges = """
    {"dependencies": [{"feature": "1", "depends_on": "2", "confidence": 0.9, "reason": "It reads that table."},
     {"feature": "3", "depends_on": "1", "confidence": 0.8, "reason": "It stands behind the login."},
     {"feature": "3", "depends_on": "2", "confidence": 0.3, "reason": "It may show accounts."}]}
    """
  private static let key = "sk-scripted-0123456789abcdef"

  /// - Parameter oracle: the body of the script that answers; its input is in `$prompt`, and `$count` tells how
  ///   often it was asked.
  private func shop(
    _ oracle: String, features: String = features,
    configuration: String = "schedule: {ask: oracle}"
  ) throws -> Workshop {
    try .withOracle(oracle, features: features, configuration: configuration, agent: "true")
  }

  private func says(_ text: String) -> String { "cat <<'END'\n\(text)\nEND" }

  private func asked(_ shop: Workshop) -> Int { shop.timesAsked }

  /// Looks for dependencies as `--detect agent` does.
  private func find(
    _ shop: Workshop, _ asked: String? = nil
  ) throws -> (edges: [String], words: String) {
    let project = try shop.project()
    let source = try asked.map { try #require(DetectionSource($0)) }
    let outcome = try DependencyDetection(.agent) {
      try DependencyAsker(project, asked: source)
    }.find(project.backlog())
    return (
      outcome.result.edges.map { "\($0.feature)>\($0.dependsOn) \(outcome.by ?? "-")" },
      outcome.notes.joined(separator: "\n")
    )
  }

  private static let standIn = "the learned detector was used instead"

  @Test func aWrongAnswerIsAskedForOnceMore() throws {
    let shop = try shop(
      """
      if [ $count = 1 ]; then echo 'Sure! {"dependencies": []}'; else
      \(says(Self.edges))
      fi
      """)
    #expect(try find(shop).edges.count == 2 && asked(shop) == 2)
    let second = try shop.repository.root.read("prompt2")
    #expect(second.contains("An earlier answer was refused: the answer is not one JSON object"))
  }

  @Test(arguments: [
    ("echo no", "does not fit, twice"), ("echo oh >&2; exit 3", "it ended with 3: oh"),
    ("true", "does not fit, twice"), ("yes '{'", "wrote more than 8 MB"),
  ])
  func theLearnedDetectorStandsIn(_ oracle: String, _ words: String) throws {
    let shop = try shop(oracle)
    let found = try find(shop)
    #expect(
      found.words.contains("could not be asked for dependencies") && found.words.contains(words)
        && found.words.contains(Self.standIn), "\(found.words)")
    #expect(!found.words.contains("\u{1b}"))
    let learned = try DependencyDetection(.learned).find(shop.project().backlog()).result.edges
    #expect(found.edges == learned.map { "\($0.feature)>\($0.dependsOn) -" })
  }

  @Test func whoCannotBeAskedIsNamed() throws {
    let shop = try shop("true", configuration: "")
    for (who, words) in [
      ("command", "does not say how it answers without tools"), ("nobody", "nobody"),
      ("anthropic:m", "ANTHROPIC_API_KEY holds no key"),
    ] {
      let found = try find(shop, who).words
      #expect(found.contains(words) && found.contains(Self.standIn), "\(found)")
    }
    try shop.repository.write("lanekeeper.yml", "schedule: {ask: 'mystery:m'}\n")
    #expect(throws: Failure.self) { try shop.project() }
  }

  @Test func p5_nothingOfTheProgramIsLeft() throws {
    let shop = try shop("(sleep 300 & ) ; setsid sleep 300 >/dev/null 2>&1 &\n" + says(Self.edges))
    #expect(try find(shop).words.isEmpty)
    let marks = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
      let data = FileManager.default.contents(atPath: "/proc/\(name)/environ") ?? Data()
      let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") ?? Data()
      return String(decoding: line, as: UTF8.self).hasPrefix("sleep\0300")
        && String(decoding: data, as: UTF8.self).contains(shop.repository.root.path)
    }
    #expect(marks.isEmpty)
  }

  @Test(arguments: ["anthropic", "openai"])
  func anEndpointIsAskedInItsWireFormat(_ wire: String) throws {
    let endpoint = try ScriptedEndpoint { ScriptedEndpoint.says(Self.edges, to: $0) }
    defer { endpoint.close() }
    var shop = try shop("exit 1", configuration: "schedule: {ask: '\(wire):some-model'}")
    let base = wire == "anthropic" ? endpoint.url : endpoint.url + "/v1"
    shop.environment["\(wire.uppercased())_BASE_URL"] = base
    shop.environment["\(wire.uppercased())_API_KEY"] = Self.key
    #expect(try find(shop).edges == ["1>2 some-model", "3>1 some-model"])
    let request = try #require(endpoint.requests.first)
    #expect(request.path == (wire == "anthropic" ? "/v1/messages" : "/v1/chat/completions"))
    #expect(request.body["model"] as? String == "some-model" && request.body["tools"] == nil)
    #expect(ScriptedEndpoint.prompt(request).contains("Account table"))
    if wire == "anthropic" {
      #expect(
        request.headers["x-api-key"] == Self.key && request.headers["anthropic-version"] != nil)
      #expect(request.body["max_tokens"] is Int && request.headers["authorization"] == nil)
    } else {
      #expect(request.headers["authorization"] == "Bearer \(Self.key)")
    }
    // It is remembered, and the key stands nowhere.
    #expect(try find(shop).edges.count == 2 && endpoint.requests.count == 1)
    let state = shop.repository.path + "/.git/lanekeeper"
    for case let name as String in FileManager.default.enumerator(atPath: state)! {
      let data = FileManager.default.contents(atPath: state + "/" + name) ?? Data()
      #expect(data.range(of: Data(Self.key.utf8)) == nil, "\(name)")
    }
  }

  @Test func baseAndKeyCanBeSet() throws {
    let endpoint = try ScriptedEndpoint { ScriptedEndpoint.says(Self.edges, to: $0) }
    defer { endpoint.close() }
    var shop = try shop(
      "exit 1",
      configuration: "schedule: {ask: {endpoint: openai, model: m, url: '\(endpoint.url)/own/', "
        + "key_env: OUR_KEY}}")
    #expect(try find(shop).words.contains("OUR_KEY holds no key"))
    shop.environment["OUR_KEY"] = Self.key
    #expect(try find(shop).edges.count == 2)
    #expect(endpoint.requests.map(\.path) == ["/own/chat/completions"])
    // On this machine a model needs no key.
    try shop.repository.write(
      "lanekeeper.yml",
      "schedule: {ask: {endpoint: openai, model: other, url: '\(endpoint.url)'}}\n")
    #expect(try find(shop).edges.count == 2)
    #expect(endpoint.requests.last?.headers["authorization"] == nil)
  }

  /// Other users may read arguments, and children of a run its environment.
  @Test func theKeyStandsInNoArgumentAndNoEnvironmentOfCurl() throws {
    let key = Self.key + UUID().uuidString
    let found = Mutex<(curls: Int, places: [String])>((0, []))
    let endpoint = try ScriptedEndpoint { request in
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
        func file(_ part: String) -> Data {
          FileManager.default.contents(atPath: "/proc/\(name)/\(part)") ?? Data()
        }
        let program = String(decoding: file("comm"), as: UTF8.self).trimmingCharacters(
          in: .newlines)
        let isShown = ["cmdline", "environ"].contains {
          file($0).range(of: Data(key.utf8)) != nil
        }
        found.withLock {
          if program == "curl" { $0.curls += 1 }
          if isShown { $0.places.append(program) }
        }
      }
      return ScriptedEndpoint.says(Self.edges, to: request)
    }
    defer { endpoint.close() }
    var shop = try shop("exit 1", configuration: "")
    shop.environment["ANTHROPIC_BASE_URL"] = endpoint.url
    shop.environment["ANTHROPIC_API_KEY"] = key
    shop.environment["http_proxy"] = "http://127.0.0.1:1"
    #expect(try find(shop, "anthropic:m").edges.count == 2)
    #expect(endpoint.requests.first?.headers["x-api-key"] == key)
    #expect(found.withLock { $0.places }.isEmpty && found.withLock { $0.curls } > 0)
    // No header can be added by a key.
    shop.environment["ANTHROPIC_API_KEY"] = "key\nX-Other: 1"
    #expect(try find(shop, "anthropic:other").words.contains("holds a line break"))
    shop.environment["ANTHROPIC_API_KEY"] = "a \\ b \" = #'"
    #expect(try find(shop, "anthropic:quoted").edges.count == 2)
    #expect(endpoint.requests.map { $0.headers["x-api-key"] } == [key, "a \\ b \" = #'"])
  }

  @Test func withoutCurlAnEndpointIsNotAsked() throws {
    var shop = try shop("exit 1", configuration: "")
    let project = try shop.project()
    shop.environment["PATH"] = shop.repository.root.path("home")
    shop.environment["ANTHROPIC_API_KEY"] = Self.key
    let (settings, environment) = (
      DetectionSource.Endpoint(wire: .anthropic, model: "m"), shop.environment
    )
    let unable = #expect(throws: DependencyAsker.Unable.self) {
      try ModelEndpoint(settings, environment: environment)
    }
    #expect(unable?.description.contains("curl is not installed") == true)
    #expect(
      try DependencyDetection(.agent) { throw unable! }.find(project.backlog()).notes.count == 1)
  }

  @Test func errorsOfAnEndpointHoldNoSecretAndNoEscapes() throws {
    let elsewhere = try ScriptedEndpoint { ScriptedEndpoint.says(Self.edges, to: $0) }
    let other = elsewhere.url
    let endpoint = try ScriptedEndpoint { request in
      switch request.body["model"] as? String {
      case "denied":
        .init(
          status: 401,
          body:
            "{\"error\": {\"message\": \"bad key \(Self.key) \\u001b[31m\", \"type\": \"authentication_error\"}}"
        )
      case "moved": .init(status: 307, headers: ["Location": other + "/v1/messages"], body: "")
      case "cut":
        .init(
          body:
            "{\"content\": [{\"type\": \"text\", \"text\": \"{\"}], \"stop_reason\": \"max_tokens\"}"
        )
      case "tools":
        .init(
          body:
            "{\"content\": [{\"type\": \"tool_use\", \"name\": \"Bash\", \"input\": {\"command\": \"ls\"}}], "
            + "\"stop_reason\": \"tool_use\"}")
      case "flood": .init(body: String(repeating: "x", count: 5_000_000))
      default: .init(body: "<html>no JSON</html>")
      }
    }
    defer {
      endpoint.close()
      elsewhere.close()
    }
    var shop = try shop("exit 1", configuration: "")
    shop.environment["ANTHROPIC_BASE_URL"] = endpoint.url
    shop.environment["ANTHROPIC_API_KEY"] = Self.key
    for (model, words) in [
      ("denied", "HTTP status 401: bad key [secret]"), ("moved", "HTTP status 307"),
      ("cut", "cut off"), ("tools", "gave no text"), ("flood", "longer than"),
      ("odd", "gave no text"),
    ] {
      let found = try find(shop, "anthropic:\(model)").words
      #expect(found.contains(words) && found.contains(Self.standIn), "\(model): \(found)")
      #expect(!found.contains(Self.key) && !found.contains("\u{1b}"))
    }
    #expect(elsewhere.requests.isEmpty)
    shop.environment["ANTHROPIC_BASE_URL"] = "http://192.0.2.1"
    #expect(try find(shop, "anthropic:m").words.contains("neither https nor on this machine"))
  }
}
