import HTTPTypes
import Hummingbird

/// The checks that a request has to pass before it counts.
struct RequestChecks: Sendable {
  let door: BrowserSessions
  let hosts: HostNames

  private static let hostField = HTTPField.Name("Host")!

  /// Refuses a request that names its host more than once: programs don't agree on which counts.
  static func checkHost(_ request: Hummingbird.Request) throws {
    // The first is taken out of the fields as the request's authority.
    guard request.headers[values: hostField].isEmpty else {
      throw Refusal(400, "a request names its host once")
    }
  }

  /// Refuses what comes under another name, or from a page elsewhere.
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

  /// Refuses a change that does not come from our own page.
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

  /// Returns the session's secret that a request carries, `nil` where none counts.
  ///
  /// It comes in the `Authorization` header, which the page sets itself: a browser sends cookies of a host to
  /// each of its ports (RFC 6265, 8.5), so to the development servers of agents, too.
  func session(_ request: Hummingbird.Request) -> String? {
    guard let header = request.headers[.authorization] else { return nil }
    let words = header.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer", door.knows(String(words[1])) else {
      return nil
    }
    return String(words[1])
  }
}
