import Engine
import Foundation
import Model

/// The text of `--version`.
enum Version {
  /// The version and, if it was installed from a git checkout, the commit: `0.2.0 (5a8db30)`.
  static var text: String {
    let commit = InstalledTemplates.directories("commit").first
      .flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }?
      .trimmingCharacters(in: .whitespacesAndNewlines)
    guard let commit, !commit.isEmpty else { return Release.version }
    return "\(Release.version) (\(commit))"
  }
}
