import Foundation
import Model

/// Takes over backlogs of other programs, and our own form as JSON or YAML.
package enum Import {
  /// Finds out the format by the content, where it is not told, and reads it.
  ///
  /// - Parameter file: the name for messages.
  /// - Throws: ``InputProblems`` with everything that is wrong.
  package static func read(
    text: String, file: String, options: ImportOptions = ImportOptions()
  ) throws(InputProblems) -> ImportResult {
    let input = ImportInput(file: file, bytes: Array(text.utf8))
    switch options.format ?? format(text, input) {
    case .lanekeeper: return try own(text, input)
    case .taskMaster:
      let root = try input.json()
      guard let tasks = TaskMaster.tasks(root, tag: options.tag) else {
        throw wrong(input, "this holds no tasks of task-master")
      }
      return try TaskMaster(input: input, subtasks: options.subtasks).read(
        tasks, wanted: options.tag)
    case .beads: return try Beads(input: input).read()
    case .github: return try issues(input, .github)
    case .gitlab: return try issues(input, .gitlab)
    case .markdown: return try Checklist(input: input).read()
    case .csv: return try CSVBacklog(input: input).read()
    }
  }

  private static func issues(
    _ input: ImportInput, _ forge: IssueList.Forge
  ) throws(InputProblems) -> ImportResult {
    guard let items = try input.json().array else {
      throw wrong(input, "this is no list of issues")
    }
    return try IssueList(input: input, forge: forge).read(items)
  }

  private static func wrong(_ input: ImportInput, _ message: String) -> InputProblems {
    input.report(
      at: 0, message,
      "lanekeeper reads task-master's tasks.json, beads' issues.jsonl, `gh issue list --json`, "
        + "`glab issue list --output json`, Markdown checklists, CSV, AutoCoder's databases, and "
        + "features.yml as YAML or JSON")
    return InputProblems(input.problems)
  }

  private static func format(_ text: String, _ input: ImportInput) -> ImportOptions.Format {
    let start = text.first { !$0.isWhitespace && $0 != "\u{feff}" }
    if start == "{" || start == "[" {
      // One object a line is beads' form; one broken line does not make it another.
      let lines = text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline)
      if start == "{", let first = lines.first,
        let tree = try? PlacedJSON(reading: Array(first.utf8)),
        Beads.fits(tree) || lines.count > 1 && tree["features"] == nil && tree["tasks"] == nil
      {
        return .beads
      }
      guard let root = try? PlacedJSON(reading: input.bytes) else {
        // Only the message matters now; the error's place is found by the reader.
        return text.contains("\"features\"") ? .lanekeeper : .taskMaster
      }
      if root["features"] != nil { return .lanekeeper }
      if let items = root.array {
        if let first = items.first {
          if let forge = IssueList.forge(first) { return forge == .github ? .github : .gitlab }
          if Beads.fits(first) { return .beads }
        } else {
          return .github
        }
      }
      return .taskMaster
    }
    let name = input.file.lowercased()
    if name.hasSuffix(".csv") || name.hasSuffix(".tsv") { return .csv }
    if name.hasSuffix(".md") || name.hasSuffix(".markdown") { return .markdown }
    if name.hasSuffix(".yml") || name.hasSuffix(".yaml") { return .lanekeeper }
    if CSVBacklog.fits(text) { return .csv }
    let lines = text.split(whereSeparator: \.isNewline)
    if !lines.contains(where: { $0.hasPrefix("features:") }),
      lines.contains(where: { IssueText.checkbox(String($0)) != nil })
    {
      return .markdown
    }
    return .lanekeeper
  }

  private static func own(
    _ text: String, _ input: ImportInput
  ) throws(InputProblems) -> ImportResult {
    let start = text.first { !$0.isWhitespace && $0 != "\u{feff}" }
    guard start == "{" || start == "[" else {
      return ImportResult(
        backlog: try BacklogReader.read(text: text, file: input.file), format: "Lanekeeper's YAML")
    }
    _ = try input.json()
    return ImportResult(
      backlog: try BacklogReader.read(text: yaml(fromJSON: text), file: input.file),
      format: "Lanekeeper's JSON")
  }

  /// Writes JSON so that the YAML reader, which knows lines and columns, takes it.
  private static func yaml(fromJSON text: String) -> String {
    let plain = text.hasPrefix("\u{feff}") ? String(text.dropFirst()) : text
    // YAML does not know JSON's pairs of surrogates; written anew, the characters stand as such.
    if plain.range(of: "\\ud", options: .caseInsensitive) != nil,
      let value = try? JSON(reading: plain, by: .lenient)
    {
      return value.lines
    }
    return plain.replacingOccurrences(of: "\t", with: " ")
  }
}

extension Import {
  /// Settles features that were read elsewhere, such as from a database.
  package static func settle(
    _ entries: [ImportedFeature], file: String, format: String
  ) throws(InputProblems) -> ImportResult {
    try ImportSettling(input: ImportInput(file: file, bytes: []), noun: "feature").settle(
      entries, format: format)
  }
}
