import Foundation
import Processes

/// The mark in a directory of lanes that names the repository whose lanes they are.
///
/// Two repositories, such as two clones that share an absolute `lanes.path`, would else take each other's lanes for
/// their own broken ones.
package enum LaneOwner {
  private static let mark = ".lanekeeper-owner"
  private static let lock = ".lanekeeper-owner.lock"

  /// Makes sure that a directory belongs to a repository; one without a mark becomes its own. Blocks while another
  /// repository looks at it.
  ///
  /// The mark of a repository that is gone, or was moved here, is taken over.
  /// - Parameter directory: absolute; one that does not exist is nobody's.
  /// - Throws: ``LaneError/othersDirectory(path:owner:)``.
  package static func take(_ directory: String, _ commonDirectory: String) throws {
    guard FileManager.default.fileExists(atPath: directory) else { return }
    let own = realPath(commonDirectory)
    if isOwn(directory, own) { return }
    let lock = try FileLock.acquireBlocking(directory + "/" + lock)
    defer { lock.release() }
    let path = directory + "/" + mark
    var facts = stat()
    if lstat(path, &facts) == 0 {
      guard let text = SmallFile.end(of: path, most: 8192) else {
        throw LaneError.othersDirectory(path: directory, owner: "whose mark can't be read")
      }
      let owner = text.trimmingCharacters(in: .newlines)
      if realPath(owner) == own { return }
      if FileManager.default.fileExists(atPath: owner + "/HEAD") {
        throw LaneError.othersDirectory(path: directory, owner: owner)
      }
    }
    do {
      try Data((own + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw LaneError.notWritable(path: path, reason: error.localizedDescription)
    }
  }

  /// Takes the mark away where no lane is left.
  static func release(_ directory: String, _ commonDirectory: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    guard Set(names).isSubset(of: [mark, lock]), isOwn(directory, realPath(commonDirectory)) else {
      return
    }
    unlink(directory + "/" + mark)
    unlink(directory + "/" + lock)
  }

  private static func isOwn(_ directory: String, _ own: String) -> Bool {
    SmallFile.end(of: directory + "/" + mark, most: 8192)?.trimmingCharacters(in: .newlines) == own
  }
}
