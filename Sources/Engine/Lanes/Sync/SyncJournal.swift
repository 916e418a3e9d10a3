import Foundation
import Git
import Model

/// The steps that a sync is about to take in a lane, recorded before it begins, so that one that was cut off
/// is brought to its end (P7).
struct SyncJournal: Codable, Equatable {
  struct Stage: Codable, Equatable {
    var path: String
    var mode: UInt32
    var id: ObjectID
    var number: Int
  }

  /// The full name of the lane's branch, and where it stood.
  var branch: String
  var tip: ObjectID
  /// The target's commit that is merged in.
  var target: ObjectID
  /// The merge; `nil` where its conflicts are left to the agent.
  var commit: ObjectID?
  /// The files of the lane before, uncommitted work included, and after.
  var before: ObjectID
  var after: ObjectID
  /// The index entries to write, without the stages.
  var index: ObjectID
  var stages: [Stage]
  /// Paths, quoted, that were staged and are to be so again.
  var staged: [String]
  var message: String

  /// The journal's name in the directory of a lane's sync. The hook looks for it, too.
  static let name = "journal"

  /// Returns whether a sync was cut off.
  static func exists(_ directory: String) -> Bool {
    FileManager.default.fileExists(atPath: directory + "/" + name)
  }

  static func read(_ directory: String) throws -> SyncJournal? {
    guard let data = FileManager.default.contents(atPath: directory + "/" + name) else {
      return nil
    }
    return try JSONDecoder().decode(SyncJournal.self, from: data)
  }

  /// Puts the journal in its place in one step.
  func write(_ directory: String) throws {
    let path = directory + "/" + Self.name
    let temporary = path + ".new"
    try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: temporary))
    let descriptor = open(temporary, O_RDONLY | O_CLOEXEC)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
    guard rename(temporary, path) == 0 else {
      throw LaneError.broken(path: path, reason: String(cString: strerror(errno)))
    }
  }

  static func remove(_ directory: String) { unlink(directory + "/" + name) }

  /// Paths keep their bytes in a text.
  static func text(_ path: [UInt8]) -> String { PathText.quoted(path) }
  static func bytes(_ text: String) -> [UInt8] {
    let plain = Array(text.utf8)
    return PathText.unquoted(plain) ?? plain
  }
}
