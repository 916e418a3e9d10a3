import Git

/// A person's approval of a branch, as the store keeps it: the tip that was approved, and who did.
package enum Approval {
  package static func key(_ feature: String) -> String { "review:\(feature)" }

  /// Returns who approved exactly this tip.
  static func reviewers(_ stored: String?, tip: ObjectID) -> [String] {
    guard let stored, stored.hasPrefix(tip.hex + " ") else { return [] }
    return [String(stored.dropFirst(tip.hex.count + 1))]
  }
}
