/// The revisions of the protocol that current clients ask for.
enum ProtocolVersion: String, Sendable, CaseIterable {
  /// The `initialize` of goose.
  case march2025 = "2025-03-26"
  /// The `initialize` of Codex.
  case june2025 = "2025-06-18"
  /// The `initialize` of Claude Code and of the Python `mcp` client, where 2026-07-28 is refused.
  case november2025 = "2025-11-25"
  /// Without a handshake: each request tells its version.
  case july2026 = "2026-07-28"

  /// The newest that begins with `initialize`.
  static let newestWithHandshake = ProtocolVersion.november2025

  /// True if there is no handshake: each request carries its version.
  var isStateless: Bool { self == .july2026 }

  /// Returns the version that answers `initialize`: the requested one if it is supported, else our newest with
  /// handshake. Clients reject one without.
  static func negotiated(_ wanted: String?) -> ProtocolVersion {
    guard let wanted, let version = ProtocolVersion(rawValue: wanted), !version.isStateless else {
      return newestWithHandshake
    }
    return version
  }
}
