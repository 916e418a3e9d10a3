import ArgumentParser
import Backlog
import Engine
import Foundation
import Model

extension ImportOptions.Format: ExpressibleByArgument {}
extension ImportOptions.Subtasks: ExpressibleByArgument {}

/// Takes over another program's backlog.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Import a backlog: AutoCoder, task-master, beads, gh, glab, Markdown, CSV, JSON.",
    discussion: """
      Example: lanekeeper import .taskmaster/tasks/tasks.json
               gh issue list --json number,title,body,labels,state | lanekeeper import -

      The format is detected from the content. Importing again updates features.yml: features are
      matched by id, or by title where the source has no ids; comments, order, what the source does
      not have and what was changed in features.yml stay. A feature written in braces is never
      changed: it is named, and nothing is imported.
      """)
  @Argument(help: "The file; - reads standard input.") var file: String
  @OptionGroup var project: ProjectOptions
  @Option(help: "lanekeeper, task-master, beads, github, gitlab, markdown or csv.")
  var format: ImportOptions.Format?
  @Option(help: "The tag of task-master's file.") var tag: String?
  @Option(help: "What becomes of subtasks: steps or features.")
  var subtasks = ImportOptions.Subtasks.steps
  @OptionGroup var detection: DetectionOptions
  @Flag(help: "Replace a features.yml that holds other features.") var force = false
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let project = try project.project()
    let result = try read()
    let path = project.backlogFile
    let isThere = FileManager.default.fileExists(atPath: path)
    let isNew = force || !isThere
    let seen = isThere ? try InputFile.read(path) : nil
    let present = isNew ? Backlog(features: []) : try project.backlog()
    let base = isNew ? nil : try lastImport(project)
    var merge = BacklogMerge(result, into: present, base: base, keep: try begun(project))
    guard !result.entries.isEmpty, !(present.features.isEmpty && merge.added.isEmpty) else {
      throw Failure("\(file) holds no features that are still to be built", status: 65)
    }
    if merge.strangers.count * 2 > present.features.count - merge.unknown.count {
      let ids = merge.strangers.prefix(5).joined(separator: ", ")
      throw Failure(
        "features.yml holds other features under the ids of \(file) (\(ids)); add --force to "
          + "replace them, or move it away")
    }
    let filled = try detection.detectionWhereNothingIsDeclared(
      project, merge.backlog, offers: !json && file != "-"
    ).fill(merge.backlog)
    merge.backlog = filled.backlog
    let backlog = merge.backlog
    try BacklogFile(project).change { old in
      guard old == seen else {
        throw Failure(
          "features.yml was changed meanwhile, so nothing was written; import once more", status: 75
        )
      }
      return try text(backlog, in: isNew ? nil : old)
    }
    try project.store().setValue(Self.lastImportKey, BacklogWriter.yaml(merge.source))
    report(result, merge, path, isNew: present.features.isEmpty, detected: filled.notes)
  }

  private static let lastImportKey = "imported"

  /// The source's features at the last import.
  private func lastImport(_ project: Project) throws -> Backlog? {
    try project.existingStore()?.value(Self.lastImportKey).flatMap {
      try? BacklogReader.read(text: $0, file: Self.lastImportKey)
    }
  }

  private func read() throws -> ImportResult {
    let options = ImportOptions(format: format, tag: tag, subtasks: subtasks)
    guard file == "-" else { return try BacklogSource.read(path: file, options: options) }
    let data = FileHandle.standardInput.readDataToEndOfFile()
    if data.starts(with: Data("SQLite format 3\0".utf8)) {
      throw Failure("a database can't come by standard input; name its file", status: 65)
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw Failure("standard input is not UTF-8 text", status: 65)
    }
    return try BacklogSource.read(text: text, file: "standard input", options: options)
  }

  /// The features on which work was done here, so that they stay whatever the source says.
  private func begun(_ project: Project) throws -> Set<String> {
    let features = try project.existingStore()?.features() ?? []
    return Set(features.filter { $0.attempts > 0 || $0.state == .landed }.map(\.id))
  }

  /// The new text of features.yml; `old` stays in form where it is given.
  private func text(_ backlog: Backlog, in old: String?) throws -> String {
    let text: String
    do {
      text =
        try old.map { try BacklogEdit.text($0, holding: backlog, file: "features.yml") }
        ?? BacklogWriter.yaml(backlog)
    } catch let problems as InputProblems {
      throw Failure(problems.description, status: 65)
    }
    do {
      _ = try BacklogReader.read(text: text, file: "features.yml")
    } catch {
      throw Failure(
        "\(file) does not fit what features.yml holds, so nothing was changed: \(error.description)",
        status: 65)
    }
    return text
  }

  private func report(
    _ result: ImportResult, _ merge: BacklogMerge, _ path: String, isNew: Bool,
    detected: [String]
  ) {
    let edges = merge.backlog.features.map(\.dependencies.count).reduce(0, +)
    var notes = result.notes + detected
    if !merge.finished.isEmpty {
      let ids = merge.finished.prefix(10).map { "#\($0)" }.joined(separator: ", ")
      notes.append("taken out of features.yml, since they are done or cancelled there: \(ids)")
    }
    if !merge.kept.isEmpty {
      let fields = merge.kept.prefix(10).joined(separator: ", ")
      let more = merge.kept.count > 10 ? " and \(merge.kept.count - 10) more" : ""
      notes.append(
        "different in the source and kept as features.yml has them: \(fields)\(more)")
    }
    if !merge.unknown.isEmpty {
      notes.append(
        "\(merge.unknown.count) features of features.yml are not in the source; they stay")
    }
    if json {
      return Terminal.line(
        ([
          "features": .whole(merge.backlog.features.count), "dependencies": .whole(edges),
          "added": .texts(merge.added), "updated": .texts(merge.updated),
          "removed": .texts(merge.finished), "format": .string(result.format),
          "file": .string(path), "notes": .texts(notes),
        ] as JSON).text)
    }
    if isNew {
      Terminal.line(
        "\(merge.backlog.features.count) features with \(edges) dependencies taken over from "
          + "\(result.format) into \(path)")
    } else {
      Terminal.line(
        "\(path) brought up to date from \(result.format): \(merge.added.count) added, "
          + "\(merge.updated.count) changed, \(merge.finished.count) taken out")
    }
    for note in notes { Terminal.line("   \(note)") }
    if edges == 0 {
      Terminal.line(
        "   no dependency is declared; add `depends_on` where one feature needs another")
    }
  }
}
