import Backlog
import Run

/// Keeps a change that was made for what a person saw from going over another's change.
enum FeatureConflict {
  /// - Parameter was: what was shown of each key that is to change.
  /// - Throws: ``Refusal`` 409 that tells what the feature says now.
  static func check(_ feature: Feature, was: JSONValue) throws {
    guard case .object(let shown) = was else {
      throw Refusal(400, "`was` has to be an object with what was shown")
    }
    guard case .object(let now) = feature.json else { return }
    let changed = shown.compactMap { name, value -> String? in
      guard let own = now.first(where: { $0.0 == name })?.1, own.text != value.text else {
        return nil
      }
      return "its \(name) is now \(own.text)"
    }
    guard changed.isEmpty else {
      throw Refusal(
        409, "#\(feature.id) was changed meanwhile: \(changed.joined(separator: "; "))")
    }
  }
}
