// Which model tier works on which feature. Pure: settings and facts in, a tier and
// the reason for it out. Format and presets are those of the earlier AutoCoder program.

import Model

extension Tier {
  /// Reads `opus,haiku` in any order; `all` means the three.
  ///
  /// - Returns: the tiers, best first, each once.
  /// - Throws: ``ModelError``.
  package static func list(_ text: String) throws(ModelError) -> [Tier] {
    let words = text.split(separator: ",").map {
      String($0).trimmed.lowercased()
    }.filter { !$0.isEmpty }
    guard !words.isEmpty else { throw .noModels }
    var result: Set<Tier> = []
    for word in words {
      if word == "all" {
        result.formUnion(allCases)
      } else if let tier = Tier(rawValue: word) {
        result.insert(tier)
      } else {
        throw .unknownModel(word)
      }
    }
    return result.sorted()
  }
}

/// An error in a choice of models.
package enum ModelError: Error, CustomStringConvertible, Equatable {
  case unknownModel(String)
  case unknownPreset(String)
  case noModels
  /// The settings file is broken.
  case brokenSettings(file: String, line: Int, column: Int, message: String)

  package var description: String {
    switch self {
    case .unknownModel(let name):
      "unknown model '\(name)'; valid are opus, sonnet, haiku, or all"
    case .unknownPreset(let name):
      "unknown preset '\(name)'; valid are "
        + Preset.all.map(\.id).joined(separator: ", ")
    case .noModels: "no model is named; valid are opus, sonnet, haiku, or all"
    case .brokenSettings(let file, let line, let column, let message):
      "\(file):\(line):\(column): \(message); repair the file or move it away"
    }
  }
}

extension String {
  var trimmed: String {
    var view = self[...]
    while let first = view.first, first.isWhitespace { view.removeFirst() }
    while let last = view.last, last.isWhitespace { view.removeLast() }
    return String(view)
  }
}
