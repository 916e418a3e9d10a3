import Foundation

/// Where a remote is to be looked at in a browser.
package struct ForgeLink: Sendable, Equatable {
  package var host: String
  /// `owner/name`, without slashes at its ends.
  package var path: String

  /// Reads the address of a remote; `nil` for a path, or a protocol that no forge has.
  package init?(remote: String) {
    var text = remote[...]
    if let range = text.range(of: "://") {
      guard ["https", "http", "ssh", "git+ssh"].contains(String(text[..<range.lowerBound])) else {
        return nil
      }
      text = text[range.upperBound...]
      guard let slash = text.firstIndex(of: "/") else { return nil }
      var place = text[..<slash]
      // Names and passwords are nobody's business here, nor is the port of ssh.
      if let at = place.lastIndex(of: "@") { place = place[place.index(after: at)...] }
      let isWeb = remote.hasPrefix("http")
      if !isWeb, let colon = place.firstIndex(of: ":") { place = place[..<colon] }
      host = String(place)
      text = text[text.index(after: slash)...]
    } else {
      // git@host:owner/name
      guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else { return nil }
      var place = text[..<colon]
      if let at = place.lastIndex(of: "@") { place = place[place.index(after: at)...] }
      guard place.contains(".") else { return nil }
      host = String(place)
      text = text[text.index(after: colon)...]
    }
    var path = text.trimmingCharacters(in: CharacterSet(charactersIn: "/"))
    if path.hasSuffix(".git") { path.removeLast(4) }
    guard !host.isEmpty, path.contains("/") else { return nil }
    self.path = path
  }

  /// The host without its port.
  package var hostName: String { String(host.prefix { $0 != ":" }).lowercased() }

  /// The path, fit for an address.
  package var escapedPath: String { Self.escaped(path) }

  private static func escaped(_ text: String) -> String {
    text.addingPercentEncoding(
      withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~/"))) ?? text
  }

  /// The page that compares a branch with the target.
  package func compare(_ branch: String, with target: String) -> String {
    let base = "https://\(host)/\(escapedPath)"
    let (branch, target) = (Self.escaped(branch), Self.escaped(target))
    if host.contains("gitlab") { return "\(base)/-/compare/\(target)...\(branch)" }
    if host.contains("bitbucket") { return "\(base)/branches/compare/\(branch)%0D\(target)" }
    return "\(base)/compare/\(target)...\(branch)"
  }
}
