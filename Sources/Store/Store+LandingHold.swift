import Foundation

/// Why a feature in the landing queue could not land when that was last tried.
package struct LandingHold: Codable, Equatable, Sendable {
  package var feature: String
  package var reason: String
  /// Since when, in milliseconds since 1970.
  package var time: Int64
}

extension Store {
  private static let landingHoldKey = "landing.hold"

  /// Returns what was held off when landings were last tried, in the order in which that was found out.
  package func landingHolds() throws -> [LandingHold] {
    guard let text = try value(Self.landingHoldKey) else { return [] }
    return (try? JSONDecoder().decode([LandingHold].self, from: Data(text.utf8))) ?? []
  }

  /// Remembers why a feature is held off.
  package func hold(_ feature: String, reason: String) throws {
    var holds = try landingHolds()
    if holds.contains(where: { $0.feature == feature && $0.reason == reason }) { return }
    holds.removeAll { $0.feature == feature }
    holds.append(LandingHold(feature: feature, reason: reason, time: now))
    try setValue(
      Self.landingHoldKey, String(decoding: try JSONEncoder().encode(holds), as: UTF8.self))
  }

  /// Forgets what was held off, since landings go on.
  package func forgetHolds() throws {
    if try value(Self.landingHoldKey) != nil { try setValue(Self.landingHoldKey, nil) }
  }
}
