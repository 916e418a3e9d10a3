import Foundation
import Run

/// What `--version` says.
enum Version {
  static let number = "0.1.0"

  /// The number and, where it was installed from a git checkout, the commit: `0.1.0 (5a8db30)`.
  static var text: String {
    let commit = InstalledTemplates.directories("commit").first
      .flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }?
      .trimmingCharacters(in: .whitespacesAndNewlines)
    guard let commit, !commit.isEmpty else { return number }
    return "\(number) (\(commit))"
  }
}
