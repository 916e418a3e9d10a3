import Foundation

/// The kinds of work: the stems that tell them, what each needs first, and how late it comes.
package struct KindLexicon: Sendable {
  struct Kind: Sendable {
    let name: String
    /// From set-up (0) to deployment (1).
    let level: Double
  }

  let kinds: [Kind]
  let stop: Set<String>
  /// The stems of building anew, of changing what is there, and of what does not work.
  let builds: Set<String>
  let changes: Set<String>
  let troubles: Set<String>
  /// For each stem the kinds that it tells, by number.
  let kindsOfStem: [String: [Int]]
  /// The degree to which the kind of a row needs the kind of a column first, from 0 to 1.
  let needs: [[Double]]

  private struct File: Decodable {
    struct Kind: Decodable {
      let level: Double
      let stems: String
      let needs: [String: Double]
    }
    let stop: String
    let builds: String
    let changes: String
    let troubles: String
    let kinds: [String: Kind]
  }

  /// Reads `templates/planning/kinds.json`.
  package init(json: Data) throws {
    let file = try JSONDecoder().decode(File.self, from: json)
    func set(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }
    stop = set(file.stop)
    builds = set(file.builds)
    changes = set(file.changes)
    troubles = set(file.troubles)
    let sorted = file.kinds.sorted { $0.key < $1.key }
    kinds = sorted.map { Kind(name: $0.key, level: $0.value.level / 10) }
    var kindsOfStem: [String: [Int]] = [:]
    for (number, kind) in sorted.enumerated() {
      for stem in set(kind.value.stems) { kindsOfStem[stem, default: []].append(number) }
    }
    self.kindsOfStem = kindsOfStem
    needs = sorted.map { row in sorted.map { row.value.needs[$0.key] ?? 0 } }
  }
}
