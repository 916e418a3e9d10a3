/// The revisions of the protocol that are spoken.
package enum ProtocolVersion: String, Sendable, CaseIterable {
  case november2024 = "2024-11-05"
  case march2025 = "2025-03-26"
  case june2025 = "2025-06-18"
  case november2025 = "2025-11-25"
  /// Without a handshake: each request tells its version.
  case july2026 = "2026-07-28"

  /// The newest that begins with `initialize`.
  package static let newestWithHandshake = ProtocolVersion.november2025

  /// Tells whether each request stands for itself.
  package var isStateless: Bool { self == .july2026 }

  /// Tells whether several messages may come at once.
  package var allowsBatches: Bool { self == .november2024 || self == .march2025 }

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
