/// The revisions of the protocol that current clients ask for.
package enum ProtocolVersion: String, Sendable, CaseIterable {
  /// The `initialize` of goose.
  case march2025 = "2025-03-26"
  /// The `initialize` of Codex.
  case june2025 = "2025-06-18"
  /// The `initialize` of Claude Code and of the Python `mcp` client, where 2026-07-28 is refused.
  case november2025 = "2025-11-25"
  /// Without a handshake: each request tells its version.
  case july2026 = "2026-07-28"

  /// The newest that begins with `initialize`.
  package static let newestWithHandshake = ProtocolVersion.november2025

  /// Tells whether each request stands for itself.
  package var isStateless: Bool { self == .july2026 }

  /// The version to answer `initialize` with: the same where it is spoken, else our newest.
  ///
  /// Never one without handshake: clients take that for an error.
  package static func negotiated(_ wanted: String?) -> ProtocolVersion {
    guard let wanted, let version = ProtocolVersion(rawValue: wanted), !version.isStateless else {
      return newestWithHandshake
    }
    return version
  }
}
