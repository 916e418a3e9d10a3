import Foundation
import Testing

/// Compares text with a file beside the test, `Snapshots/<name>.txt`.
package enum Snapshot {
  /// Fails where the text differs from the snapshot. A missing one is written, and fails too, so that
  /// it gets looked at.
  ///
  /// - Parameter name: letters, digits, `-` and `_`, alone among the snapshots of the directory.
  package static func check(
    _ text: String, name: String, file: String = #filePath,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let directory = (file as NSString).deletingLastPathComponent + "/Snapshots"
    let path = "\(directory)/\(name).txt"
    if let expected = try? String(contentsOfFile: path, encoding: .utf8) {
      #expect(text == expected, "differs from \(path)", sourceLocation: sourceLocation)
      return
    }
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      Issue.record("\(path) was written; look at it", sourceLocation: sourceLocation)
    } catch {
      Issue.record("can't write \(path): \(error)", sourceLocation: sourceLocation)
    }
  }
}
