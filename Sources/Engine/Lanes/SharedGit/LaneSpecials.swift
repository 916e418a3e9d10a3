import Git
import Processes

/// Pipes and devices where git expects files: whoever opens one waits for ever.
package enum LaneSpecials {
  private static let names: Set<String> = [
    ".gitignore", ".gitattributes", ".gitmodules", ".mailmap",
  ]

  /// Removes those of a lane, and all in its administration; they hold no work.
  ///
  /// - Returns: the paths of those removed.
  @discardableResult
  package static func remove(_ lane: String, gitDirectory: String) -> [String] {
    RegularFile.removeOthers(below: lane, names: names)
      + RegularFile.removeOthers(below: gitDirectory)
  }
}
