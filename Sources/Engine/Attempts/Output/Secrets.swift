import Foundation

/// Hides secrets in text that is kept or shown.
package struct Secrets: Sendable {
  private static let names = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"]
  /// The secret values of the environment, the longest first.
  let values: [String]

  /// - Parameter environment: variables whose names say that their values are secret are hidden.
  package init(environment: [String: String]) {
    values = environment.filter { name, value in
      value.utf8.count >= 8 && !name.hasPrefix("LANEKEEPER_") && !name.hasPrefix("GIT_CONFIG")
        && Self.names.contains { name.uppercased().contains($0) }
    }.map(\.value).sorted { $0.count > $1.count }
  }

  /// Puts `[secret]` where a secret stands: a value of the environment, or what has the shape of a key.
  package func mask(_ text: String) -> String {
    var text = text
    for value in values where text.contains(value) {
      text = text.replacingOccurrences(of: value, with: "[secret]")
    }
    guard Self.hints.contains(where: { text.contains($0) }) else { return text }
    for shape in Self.shapes { text = text.replacing(shape) { "\($0.1)[secret]" } }
    return text
  }

  static let hints = [
    "sk-", "ghp_", "gho_", "ghs_", "github_pat_", "xox", "AKIA", "AIza", "earer ",
  ]
  nonisolated(unsafe) static let shapes: [Regex<(Substring, Substring)>] = [
    /()\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pos]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})/,
    /()\b(?:xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,})/,
    /([Bb]earer )[A-Za-z0-9._~+\/=-]{16,}/,
  ]
}
