import Backlog
import Model
import Run

/// Keeps a change that was made for what a person saw from going over another's change.
enum FeatureConflict {
  /// - Parameter was: what was shown of each key that is to change.
  /// - Throws: ``Refusal`` 409 that tells what the feature says now.
  static func check(_ feature: Feature, was: JSON) throws {
    guard let shown = was.members else {
      throw Refusal(400, "`was` has to be an object with what was shown")
    }
    let now = feature.json
    let changed = shown.compactMap { member -> String? in
      guard let own = now[member.name], own != member.value else { return nil }
      return "its \(member.name) is now \(own.text)"
    }
    guard changed.isEmpty else {
      throw Refusal(
        409, "#\(feature.id) was changed meanwhile: \(changed.joined(separator: "; "))")
    }
  }
}
