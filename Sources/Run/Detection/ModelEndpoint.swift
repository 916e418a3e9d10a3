import Attempts
import Backlog
import Foundation
import Processes

/// A model behind HTTP, in the wire format of Anthropic's messages or OpenAI's chat completions.
///
/// The request goes through `lanekeeper-ask`. The key comes from the environment, stands in no argument, no
/// file and no message, and is sent over TLS or to loopback only.
struct ModelEndpoint: Sendable {
  private let settings: DetectionSource.Endpoint
  private let url: URL
  private let headers: [String: String]
  private let program: String
  private let environment: [String: String]
  private let seconds = 300.0
  private static let mostBytes = 4_000_000

  /// - Throws: ``DependencyAsker/Unable`` where key or address are missing or won't do.
  init(_ settings: DetectionSource.Endpoint, environment: [String: String]) throws {
    self.settings = settings
    self.environment = environment
    program = try HelperPrograms.path("lanekeeper-ask")
    let wire = Self.wires[settings.wire]!
    let base = settings.url ?? environment[wire.baseVariable] ?? ""
    let address = (base.isEmpty ? wire.base : base)
    let path = address.hasSuffix("/") ? String(wire.path.dropFirst()) : wire.path
    guard let url = URL(string: address + path), let host = url.host, let scheme = url.scheme,
      ["http", "https"].contains(scheme)
    else { throw DependencyAsker.Unable("'\(address)' is no address of an endpoint") }
    guard scheme == "https" || ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host) else {
      throw DependencyAsker.Unable("'\(address)' is neither https nor on this machine")
    }
    self.url = url
    var headers = ["Content-Type": "application/json", "User-Agent": "lanekeeper"]
    let variable = settings.keyVariable ?? wire.keyVariable
    if let key = environment[variable], !key.isEmpty {
      switch settings.wire {
      case .anthropic: headers["x-api-key"] = key
      case .openai: headers["Authorization"] = "Bearer \(key)"
      }
    } else if settings.keyVariable == nil, settings.wire == .anthropic,
      let token = environment["ANTHROPIC_AUTH_TOKEN"], !token.isEmpty
    {
      headers["Authorization"] = "Bearer \(token)"
    } else if settings.keyVariable != nil || scheme == "https" {
      // Models on this machine mostly need none.
      throw DependencyAsker.Unable("the variable \(variable) holds no key")
    }
    if settings.wire == .anthropic { headers["anthropic-version"] = "2023-06-01" }
    self.headers = headers
  }

  private struct WireFacts: Sendable {
    var base: String
    var baseVariable: String
    var path: String
    var keyVariable: String
  }

  private static let wires: [DetectionSource.Wire: WireFacts] = [
    .anthropic: WireFacts(
      base: "https://api.anthropic.com", baseVariable: "ANTHROPIC_BASE_URL", path: "/v1/messages",
      keyVariable: "ANTHROPIC_API_KEY"),
    .openai: WireFacts(
      base: "https://api.openai.com/v1", baseVariable: "OPENAI_BASE_URL", path: "/chat/completions",
      keyVariable: "OPENAI_API_KEY"),
  ]

  private struct Sent: Encodable {
    var url: URL
    var headers: [String: String]
    var body: String
    var seconds: Double
    var limit: Int
  }

  private struct Received: Decodable {
    var status: Int?
    var body: String?
    var failure: String?
  }

  /// Sends a prompt and returns the text of the answer. Blocks.
  func answer(_ prompt: String) throws -> String {
    var body: [String: Any] = [
      "model": settings.model, "messages": [["role": "user", "content": prompt]],
    ]
    if settings.wire == .anthropic { body["max_tokens"] = 16_000 }
    let text = String(
      decoding: try JSONSerialization.data(withJSONObject: body, options: [.sortedKeys]),
      as: UTF8.self)
    let sent = try JSONEncoder().encode(
      Sent(url: url, headers: headers, body: text, seconds: seconds, limit: Self.mostBytes))
    // What names the way to the network, and nothing else.
    let passed = environment.filter {
      ["PATH", "HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"].contains($0.key)
        || $0.key.lowercased().hasSuffix("_proxy")
    }
    let result = try Command.runBlocking(
      [program], directory: "/", environment: passed, input: [UInt8](sent),
      timeoutSeconds: seconds + 10, outputLimit: 8 * Self.mostBytes)
    guard let received = try? JSONDecoder().decode(Received.self, from: Data(result.output)) else {
      throw DependencyAsker.Unable("lanekeeper-ask ended with \(result.status)")
    }
    if let failure = received.failure { throw unable(failure) }
    let object =
      (try? JSONSerialization.jsonObject(with: Data((received.body ?? "").utf8)))
      as? [String: Any]
    guard received.status == 200 else {
      let error = object?["error"]
      let words = (error as? [String: Any])?["message"] as? String ?? error as? String ?? ""
      throw unable("HTTP status \(received.status ?? 0)" + (words.isEmpty ? "" : ": \(words)"))
    }
    return try Self.text(object ?? [:], settings.wire)
  }

  private static func text(_ object: [String: Any], _ wire: DetectionSource.Wire) throws -> String {
    var (text, reason): (String?, String?)
    switch wire {
    case .anthropic:
      let blocks = object["content"] as? [[String: Any]] ?? []
      let texts = blocks.filter { $0["type"] as? String == "text" }.compactMap {
        $0["text"] as? String
      }
      text = texts.isEmpty ? nil : texts.joined()
      reason = object["stop_reason"] as? String
    case .openai:
      let choice = (object["choices"] as? [[String: Any]])?.first
      text = (choice?["message"] as? [String: Any])?["content"] as? String
      reason = choice?["finish_reason"] as? String
    }
    if reason == "max_tokens" || reason == "length" {
      throw DependencyAsker.Unable("the answer was cut off at its greatest length")
    }
    guard let text, !text.isEmpty else { throw DependencyAsker.Unable("it gave no text") }
    return text
  }

  /// A line for people without secrets and without anything that steers a terminal.
  private func unable(_ words: String) -> DependencyAsker.Unable {
    var plain = ""
    for scalar in words.unicodeScalars.prefix(300)
    where scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value) {
      plain.unicodeScalars.append(scalar)
    }
    for value in headers.values where value.count >= 8 {
      plain = plain.replacingOccurrences(of: value, with: "[secret]")
    }
    return DependencyAsker.Unable(Secrets(environment: environment).mask(plain))
  }
}
