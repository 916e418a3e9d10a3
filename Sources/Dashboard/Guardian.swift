import HTTPTypes
import Hummingbird

/// The checks that a request has to pass before it counts.
struct Guardian: Sendable {
  let door: Door
  let hosts: HostNames

  /// A name that begins with `__Host-` is taken by browsers over TLS only, and from this very host.
  private var cookie: String { "\(hosts.isEncrypted ? "__Host-" : "")lanekeeper-\(hosts.port)" }

  /// Refuses what comes under another name, or from a page elsewhere.
  func check(_ request: Hummingbird.Request) throws {
    let host = request.head.authority
    guard hosts.allow(host) else { throw Refusal(403, "this server is not asked by that name") }
    if let origin = request.headers[.origin], origin != "\(hosts.scheme)://\(host ?? "")" {
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

  /// The session's secret that a request carries, where it counts.
  func session(_ request: Hummingbird.Request) -> String? {
    for header in request.headers[values: .cookie] {
      for pair in header.split(separator: ";") {
        let words = pair.split(separator: "=", maxSplits: 1)
        guard words.count == 2, words[0].drop(while: { $0 == " " }) == cookie else { continue }
        let secret = String(words[1])
        if door.knows(secret) { return secret }
      }
    }
    return nil
  }

  /// Sets the session in the browser; it is not sent along from pages elsewhere, and no script reads it.
  func cookie(for secret: String) -> String { cookie(secret, seconds: Int(Door.lifetime)) }

  var goneCookie: String { cookie("", seconds: 0) }

  private func cookie(_ secret: String, seconds: Int) -> String {
    "\(cookie)=\(secret); Path=/; HttpOnly; SameSite=Strict; Max-Age=\(seconds)"
      + (hosts.isEncrypted ? "; Secure" : "")
  }
}
