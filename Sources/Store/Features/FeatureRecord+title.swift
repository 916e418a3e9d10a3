import Model

extension FeatureRecord {
  /// The title on one line, without characters that would steer a terminal, as a commit message or a pull
  /// request carries it.
  package var titleLine: String {
    var words: [String] = [""]
    for scalar in title.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator: words.append("")
      case .format where (0x202a...0x202e).contains(scalar.value): continue
      case .format where (0x2066...0x2069).contains(scalar.value): continue
      default: words[words.count - 1].unicodeScalars.append(scalar)
      }
    }
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// The title in a few words, on one line, for commit subjects and lists.
  package var shortTitle: String { ShortTitle.of(titleLine) }
}
