import Backlog
import Engine
import Model

/// Refuses an edit of a feature that has changed since it was shown.
enum FeatureConflict {
  /// - Parameter was: the shown value of each key to be changed.
  /// - Throws: ``Refusal`` 409 with the present values.
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
