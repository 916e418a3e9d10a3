import Foundation
import Git

/// Leftovers of a landing that was cut off in a checkout of the target.
package enum FollowLeftovers {
  /// Returns a sentence for each.
  package static func find(target: String, common: Repository) throws -> [String] {
    guard let follow = try Follow.find(target: target, common: common, landing: 0) else {
      return []
    }
    var found = [follow.newIndex, follow.oldIndex, follow.stage].filter {
      FileManager.default.fileExists(atPath: $0)
    }
    if let text = try? String(contentsOfFile: follow.lock, encoding: .utf8),
      text.hasPrefix("lanekeeper landing ")
    {
      found.append(follow.lock)
    }
    return found.map { "\($0) is left of a landing" }
  }
}
