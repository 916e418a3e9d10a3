import Foundation
import Yams

/// What was taken over from another program's backlog.
package struct ImportResult: Sendable, Equatable {
  package var backlog: Backlog
  /// The format's name, for people.
  package var format: String
  /// What was left out or changed, one line each.
  package var notes: [String]
}

/// Takes over backlogs: task-master's `tasks.json`, and our own form as JSON or YAML.
package enum Import {
  /// Finds out the format by the content and reads it.
  ///
  /// - Parameter file: the name for messages.
  /// - Throws: ``InputProblems`` with everything that is wrong.
  package static func read(text: String, file: String) throws(InputProblems) -> ImportResult {
    let start = text.first { !$0.isWhitespace && $0 != "\u{feff}" }
    guard start == "{" || start == "[" else {
      return ImportResult(
        backlog: try BacklogReader.read(text: text, file: file), format: "Lanekeeper's YAML",
        notes: [])
    }
    let yaml = try yaml(fromJSON: text, file: file)
    let input = YAMLInput(file: file)
    guard let root = input.root(yaml) else { throw InputProblems(input.problems) }
    if let mapping = root.mapping, mapping["features"] != nil {
      return ImportResult(
        backlog: try BacklogReader.read(text: yaml, file: file), format: "Lanekeeper's JSON",
        notes: [])
    }
    if let tasks = TaskMaster.tasks(root) {
      return try TaskMaster(input: input).read(tasks)
    }
    throw InputProblems([
      InputProblem(
        file: file, line: 1, column: 1, message: "this is no backlog that lanekeeper can read yet",
        suggestion: "it reads task-master's tasks.json, and features.yml as YAML or JSON")
    ])
  }

  /// Checks JSON strictly and writes it so that the YAML reader, which knows lines and columns, takes
  /// it.
  private static func yaml(fromJSON text: String, file: String) throws(InputProblems) -> String {
    let plain = text.hasPrefix("\u{feff}") ? String(text.dropFirst()) : text
    do {
      let value = try JSONSerialization.jsonObject(with: Data(plain.utf8))
      // YAML does not know JSON's pairs of surrogates; written anew, the characters stand as such.
      if plain.range(of: "\\ud", options: .caseInsensitive) != nil {
        let data = try JSONSerialization.data(
          withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
      }
    } catch {
      let place = JSONPlace.ofError(in: plain)
      throw InputProblems([
        InputProblem(
          file: file, line: place.line, column: place.column, message: "this is not valid JSON")
      ])
    }
    return plain.replacingOccurrences(of: "\t", with: " ")
  }
}
