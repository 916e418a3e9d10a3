import Engine

/// The make targets that a repository gets.
enum MakeTargets {
  private static let names = [
    "features", "lanes", "lanes-status", "review", "approve", "land", "lanes-stop", "lanes-clean",
    "lanes-ui",
    "lanes-help", "help",
  ]

  /// Returns those of our names that a makefile has targets for already, as far as its text shows.
  static func own(_ makefile: String) throws -> [String] {
    var found: Set<Substring> = []
    for line in try InputFile.read(makefile).split(whereSeparator: \.isNewline) {
      guard let first = line.first, !first.isWhitespace, first != "#",
        let colon = line.firstIndex(of: ":"),
        !line[line.index(after: colon)...].hasPrefix("=")
      else { continue }
      found.formUnion(line[..<colon].split(whereSeparator: \.isWhitespace))
    }
    return names.filter { $0 != "help" && found.contains(Substring($0)) }
  }

  /// Takes the lines out that say of a target what it is for; its implicit rule gives way by itself, but
  /// not to a target that has only prerequisites, so that goes as well.
  static func leaving(_ names: [String], out text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.compactMap { line -> String? in
      for name in names {
        if line.hasPrefix("\(name): ##") { return nil }
        if let colon = line.firstIndex(of: ":"), line.contains(": lanekeeper-make-") {
          let pattern = line[..<colon].split(separator: "%", omittingEmptySubsequences: false)
          if pattern.count == 2, name.count == pattern[0].count + pattern[1].count + 1,
            name.hasPrefix(pattern[0]), name.hasSuffix(pattern[1])
          {
            return nil
          }
        }
      }
      return String(line)
    }.joined(separator: "\n")
  }
}
