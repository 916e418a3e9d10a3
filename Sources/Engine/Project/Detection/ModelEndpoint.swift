import Backlog
import Foundation
import Model
import Processes

/// A model behind HTTP, in the wire format of Anthropic's messages or OpenAI's chat completions.
///
/// `curl` sends the request. The key comes from the environment, is handed to curl on standard input, stands in
/// no argument, no file and no message, and is sent over TLS or to loopback only.
struct ModelEndpoint: Sendable {
  private let settings: DetectionSource.Endpoint
  private let url: URL
  private let headers: [String: String]
  private let environment: [String: String]
  private static let seconds = 300
  private static let mostBytes = 4_000_000

  /// - Throws: ``DependencyAsker/Unable`` if curl or the key is missing, or the address is not allowed.
  init(_ settings: DetectionSource.Endpoint, environment: [String: String]) throws {
    self.settings = settings
    self.environment = environment
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
    guard headers.values.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } }) else {
      throw DependencyAsker.Unable(
        "the key in the environment holds a line break or another control character")
    }
    guard ShellCommand.exists("curl", directory: "/", path: environment["PATH"]) else {
      throw DependencyAsker.Unable(
        "curl is not installed; install it, or name an agent program in schedule.ask")
    }
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

  /// Sends a prompt and returns the text of the answer. Blocks.
  func answer(_ prompt: String) throws -> String {
    var body: JSON = [
      "model": .string(settings.model),
      "messages": [["role": "user", "content": .string(prompt)]],
    ]
    if settings.wire == .anthropic { body.set("max_tokens", 16_000) }
    let (status, received) = try send(Data(body.bytes))
    let object = (try? JSON(reading: Array(received), by: .lenient)) ?? .null
    guard status == "200" else {
      let error = object["error"]
      let words = error?["message"]?.string ?? error?.string ?? ""
      throw unable("HTTP status \(status)" + (words.isEmpty ? "" : ": \(words)"))
    }
    return try Self.text(object, settings.wire)
  }

  /// Posts a body; returns the HTTP status, three digits, and the body of the answer.
  private func send(_ body: Data) throws -> (status: String, body: Data) {
    let directory =
      FileManager.default.temporaryDirectory.path + "/lanekeeper-question-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body.write(to: URL(fileURLWithPath: directory + "/body"))
    // The variables of proxies and of certificates, and nothing else.
    let passed = environment.filter {
      ["PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"].contains($0.key)
        || $0.key.lowercased().hasSuffix("_proxy")
    }
    let result = try Command.runBlocking(
      // -q: the person's ~/.curlrc could log the key, or follow redirections with it.
      ["curl", "-q", "-K", "-"], directory: directory, environment: passed,
      input: Array(request(body: directory + "/body").utf8),
      timeoutSeconds: Double(Self.seconds) + 10, outputLimit: Self.mostBytes + 5)
    // 63: longer than `max-filesize`, which curl before 8.4 only compares with Content-Length.
    guard result.status != 63, result.output.count <= Self.mostBytes + 4 else {
      throw unable("the answer is longer than \(Self.mostBytes) bytes")
    }
    guard result.status == 0 else {
      let words = String(decoding: result.error, as: UTF8.self)
      throw unable(words.split(separator: "\n").last.map(String.init) ?? "curl: \(result.status)")
    }
    return (
      String(decoding: result.output.suffix(3), as: UTF8.self), Data(result.output.dropLast(4))
    )
  }

  /// The request as a configuration of curl, one option a line; redirections are not followed.
  private func request(body: String) -> String {
    var options = [
      ("url", url.absoluteString), ("data-binary", "@" + body), ("max-time", "\(Self.seconds)"),
      ("max-filesize", "\(Self.mostBytes)"), ("write-out", "\n%{http_code}"),
      // Without a wait for "100 Continue".
      ("header", "Expect:"),
    ]
    // A key for this machine is not shown to a proxy.
    if url.scheme == "http" { options.append(("noproxy", "*")) }
    options += headers.sorted { $0.key < $1.key }.map { ("header", "\($0.key): \($0.value)") }
    func quoted(_ text: String) -> String {
      text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
    return "silent\nshow-error\ngloboff\n"
      + options.map { "\($0.0) = \"\(quoted($0.1))\"\n" }.joined()
  }

  private static func text(_ object: JSON, _ wire: DetectionSource.Wire) throws -> String {
    var (text, reason): (String?, String?)
    switch wire {
    case .anthropic:
      let blocks = object["content"]?.array ?? []
      let texts = blocks.filter { $0["type"]?.string == "text" }.compactMap { $0["text"]?.string }
      text = texts.isEmpty ? nil : texts.joined()
      reason = object["stop_reason"]?.string
    case .openai:
      let choice = object["choices"]?.array?.first
      text = choice?["message"]?["content"]?.string
      reason = choice?["finish_reason"]?.string
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
