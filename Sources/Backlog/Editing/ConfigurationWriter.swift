/// Writes a fresh `lanekeeper.yml`.
package enum ConfigurationWriter {
  /// Returns the text that `init` writes: what was found, and where to read about the rest.
  ///
  /// - Parameters:
  ///   - gate: the command that must pass; empty for none.
  ///   - copy: ignored directories that each lane and the gate need.
  ///   - run: the shell command of an agent of one's own; `nil` for a known agent program.
  package static func text(
    target: String, gate: String, agent: String, copy: [String] = [], run: String?
  ) -> String {
    var lines = [
      "# Lanekeeper's settings; docs/configuration.md explains every key.",
      "target: \(YAMLText.scalar(target))   # the branch that features land on",
      "gate: \(YAMLText.scalar(gate))   # must pass on the merged tree before the target moves",
      "agent: \(YAMLText.scalar(agent))",
      "parallel: 3",
      "preset: balanced",
      "review: none   # or required: a person approves each branch first",
    ]
    if !copy.isEmpty {
      lines += [
        "lanes:",
        "  copy: [\(copy.map(YAMLText.quoted).joined(separator: ", "))]   # what git ignores and agents and the gate need",
      ]
    }
    if let run {
      lines += ["agents:", "  \(YAMLText.scalar(agent)): {run: \(YAMLText.quoted(run))}"]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// Writes single values as YAML.
enum YAMLText {
  /// Returns the text as it is where YAML reads it back as that text, else in quotes.
  static func scalar(_ text: String) -> String {
    let special: Set<Character> = [
      ":", "#", "\"", "'", "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`",
    ]
    let words = ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"]
    let isPlain =
      !words.contains(text.lowercased()) && text.first?.isLetter == true
      && !text.contains { special.contains($0) || $0.isNewline || $0 == "\t" }
      && text.last?.isWhitespace == false
      && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    return isPlain ? text : quoted(text)
  }

  /// Returns the text in double quotes.
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      default:
        if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
          || [0xfeff, 0x2028, 0x2029].contains(scalar.value)
        {
          let hex = String(scalar.value, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }
}
