/// One thing that is wrong in an input file.
package struct InputProblem: Sendable, Equatable, CustomStringConvertible {
  package var file: String
  /// From 1.
  package var line: Int
  /// From 1.
  package var column: Int
  package var message: String
  package var suggestion: String?

  package init(
    file: String, line: Int, column: Int, message: String, suggestion: String? = nil
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
    self.suggestion = suggestion
  }

  package var description: String {
    "\(file):\(line):\(column): \(message)" + (suggestion.map { "; \($0)" } ?? "")
  }
}

/// Everything that is wrong in an input file, in one go.
package struct InputProblems: Error, Sendable, Equatable, CustomStringConvertible {
  package var problems: [InputProblem]

  package init(_ problems: [InputProblem]) {
    self.problems = problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Finds what somebody probably meant.
package enum Nearest {
  /// Returns `did you mean …?` for the candidate with the fewest edits, if they are few enough.
  package static func suggestion(_ word: String, among candidates: some Sequence<String>) -> String?
  {
    let limit = max(1, min(3, word.count / 2))
    let best = candidates.map { ($0, distance(word, $0)) }.min { ($0.1, $0.0) < ($1.1, $1.0) }
    guard let best, best.1 <= limit else { return nil }
    return "did you mean `\(best.0)`?"
  }

  /// Counts insertions, deletions, replacements and swaps of neighbours.
  private static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.lowercased()), Array(b.lowercased()))
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1] + Array(repeating: 0, count: b.count)
      for j in 0..<b.count {
        row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          row[j + 1] = min(row[j + 1], before[j - 1] + 1)
        }
      }
      before = last
      last = row
    }
    return last[b.count]
  }
}
