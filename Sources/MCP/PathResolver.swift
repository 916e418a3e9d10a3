import Engine
import Model

/// Turns paths as agents write them into paths of the repository.
struct PathResolver: Sendable {
  private let readers: [(top: String, reader: PathReader)]

  /// - Parameter tops: the directories whose files are meant: the lane, or the person's checkout and
  ///   the lanes of a session. Relative paths are relative to the first.
  init(_ project: Project, tops: [String]) throws {
    readers = try tops.map { (top: $0, reader: try project.pathReader(top: $0)) }
  }

  /// The paths to claim for one that was written, with the directory that it was found in.
  struct Found: Sendable, Equatable {
    /// More than one where a symbolic link is named: the link and what it points to.
    var paths: [ClaimPath]
    var top: String
  }

  /// Reads a path, absolute or relative to the top of the repository.
  ///
  /// - Throws: `ClaimPathError/leavesRepository(_:)` if the path lies in none of the directories.
  func find(_ text: String) throws(ClaimPathError) -> Found {
    var problem = ClaimPathError.leavesRepository(text)
    for (top, reader) in readers {
      do {
        return Found(
          paths: try reader.read(Array(text.utf8), from: Array(readers[0].top.utf8)), top: top)
      } catch {
        guard case .leavesRepository = error else { throw error }
        problem = error
      }
    }
    throw problem
  }
}
