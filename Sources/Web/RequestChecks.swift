import HTTPTypes
import Hummingbird

/// The checks of host, origin and session.
struct RequestChecks: Sendable {
  let door: BrowserSessions
  let hosts: HostNames

  private static let hostField = HTTPField.Name("Host")!

  /// Refuses a request with several `Host` headers: programs disagree on which one counts.
  static func checkHost(_ request: Hummingbird.Request) throws {
    // The first is taken out of the fields as the request's authority.
    guard request.headers[values: hostField].isEmpty else {
      throw Refusal(400, "a request names its host once")
    }
  }

  /// Refuses a request with a foreign host or from another page.
  func check(_ request: Hummingbird.Request) throws {
    let host = request.head.authority
    guard hosts.allow(host) else { throw Refusal(403, "this server is not asked by that name") }
    if let origin = request.headers[.origin], origin != "http://\(host ?? "")" {
      throw Refusal(403, "requests of other pages are refused")
    }
    if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ request.headers[$0] }),
      site != "same-origin", site != "none"
    {
      // A link on another page may lead here; the page itself tells nothing.
      let isLink = request.method == .get && !request.uri.path.hasPrefix("/api/")
      guard isLink else { throw Refusal(403, "requests of other pages are refused") }
    }
  }

  /// Refuses a change that does not come from the page itself.
  func checkChange(_ request: Hummingbird.Request) throws {
    guard request.method != .get else { return }
    guard request.headers[.origin] != nil else {
      throw Refusal(403, "a request that changes something has to name its Origin")
    }
    let type = request.headers[.contentType]?.split(separator: ";").first.map(String.init)
    guard request.method == .delete || type == "application/json" else {
      throw Refusal(415, "the content type has to be application/json")
    }
  }

  /// Returns the secret of the request's session; `nil` if there is none.
  ///
  /// The page sends it in the `Authorization` header: a browser sends a host's cookies to each of its ports
  /// (RFC 6265, 8.5), so also to agents' development servers.
  func session(_ request: Hummingbird.Request) -> String? {
    guard let header = request.headers[.authorization] else { return nil }
    let words = header.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer", door.knows(String(words[1])) else {
      return nil
    }
    return String(words[1])
  }
}
