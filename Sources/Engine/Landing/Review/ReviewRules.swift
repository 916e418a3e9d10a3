import Backlog
import Foundation
import Git
import Store

/// Decides whether a branch needs a person's verdict before it lands.
package struct ReviewRules: Sendable {
  package let settings: Configuration.Review

  package init(_ settings: Configuration.Review) { self.settings = settings }

  /// Whether the answer hangs on the paths that a branch changes.
  package var dependsOnPaths: Bool { !settings.required && !settings.paths.isEmpty }

  /// - Parameter paths: what the branch changes; is only asked for where it matters.
  package func isRequired(
    _ feature: FeatureRecord, paths: () throws -> [[UInt8]]
  ) rethrows -> Bool {
    if settings.required || settings.categories.contains(feature.category) { return true }
    guard dependsOnPaths else { return false }
    return try paths().contains(where: matches)
  }

  /// `review.paths` holds files, directories and patterns; a `*` also stands for slashes, so that
  /// rather more is looked at than less.
  private func matches(_ path: [UInt8]) -> Bool {
    settings.paths.contains { pattern in
      let bytes = Array(pattern.utf8)
      if path == bytes { return true }
      let directory = bytes.last == UInt8(ascii: "/") ? bytes : bytes + [UInt8(ascii: "/")]
      if path.starts(with: directory) { return true }
      guard pattern.contains(where: { "*?[".contains($0) }) else { return false }
      return pattern.withCString { pattern in
        (path + [0]).withUnsafeBytes {
          fnmatch(pattern, $0.baseAddress!.assumingMemoryBound(to: CChar.self), 0) == 0
        }
      }
    }
  }
}
