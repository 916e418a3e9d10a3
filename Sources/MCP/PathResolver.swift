import Foundation
import Model

/// Turns paths as agents write them into paths of the repository.
package struct PathResolver: Sendable {
  private let readers: [(top: String, reader: PathReader)]

  /// - Parameter tops: the directories whose files are meant: the lane, or the person's checkout and
  ///   the lanes of a session. Relative paths are relative to the first.
  package init(tops: [String], naming: PathNaming) throws {
    readers = try tops.map {
      (top: $0, reader: try PathReader(top: Array($0.utf8), naming: naming, look: FileLook.kind))
    }
  }

  /// The paths to claim for one that was written, with the directory that it was found in.
  package struct Found: Sendable, Equatable {
    /// More than one where a symbolic link is named: the link and what it points to.
    package var paths: [ClaimPath]
    package var top: String
  }

  /// Reads a path, absolute or relative to the top of the repository.
  ///
  /// - Throws: ``ToolFailure`` where the path leads out of the repository or into git's directory.
  package func find(_ text: String) throws -> Found {
    var problem: ClaimPathError?
    for (top, reader) in readers {
      do {
        return Found(
          paths: try reader.read(Array(text.utf8), from: Array(readers[0].top.utf8)), top: top)
      } catch {
        guard case .leavesRepository = error else { throw ToolFailure(error.description) }
        problem = problem ?? error
      }
    }
    throw ToolFailure(
      problem?.description ?? "'\(text)' lies outside \(readers.map(\.top).joined(separator: ", "))"
    )
  }
}

/// What stands at a path of the file system.
package enum FileLook {
  /// Tells what stands there, a link at the end not followed.
  package static let kind: @Sendable (_ path: [UInt8]) -> PathReader.Kind = { path in
    let text = path.map { CChar(bitPattern: $0) } + [0]
    var found = stat()
    guard lstat(text, &found) == 0 else { return .file }
    switch found.st_mode & S_IFMT {
    case S_IFDIR:
      var inner = stat()
      let git = (path + Array("/.git".utf8)).map { CChar(bitPattern: $0) } + [0]
      return lstat(git, &inner) == 0 ? .repository : .directory
    case S_IFLNK:
      var buffer = [CChar](repeating: 0, count: 4096)
      let count = readlink(text, &buffer, buffer.count)
      guard count > 0 else { return .file }
      return .link(buffer[..<count].map { UInt8(bitPattern: $0) })
    default: return .file
    }
  }

  /// Resolves every symbolic link; `nil` where nothing is there.
  package static func resolved(_ path: String) -> String? {
    guard let pointer = realpath(path, nil) else { return nil }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
