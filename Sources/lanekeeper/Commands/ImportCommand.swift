import ArgumentParser
import Backlog
import Foundation
import Orchestrator

/// Takes over another program's backlog.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Take over a backlog: task-master's tasks.json, YAML or JSON.",
    discussion: "Example: lanekeeper import .taskmaster/tasks/tasks.json")
  @Argument(help: "The file; - reads standard input.") var file: String
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Replace a features.yml that holds other features.") var force = false
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let project = try project.project()
    let text: String
    if file == "-" {
      text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
    } else {
      text = try InputFile.read(file)
    }
    let result: ImportResult
    do {
      result = try Import.read(text: text, file: file == "-" ? "standard input" : file)
    } catch {
      throw Failure(error.description, status: 65)
    }
    guard !result.backlog.features.isEmpty else {
      throw Failure("\(file) holds no features that are still to be built", status: 65)
    }
    if !force, FileManager.default.fileExists(atPath: project.backlogFile) {
      let present = try project.backlog()
      guard present.features.isEmpty || present == result.backlog else {
        throw Failure(
          "\(project.backlogFile) holds \(present.features.count) features already; add --force to "
            + "replace them, or move it away")
      }
    }
    let yaml = BacklogWriter.yaml(result.backlog)
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: project.backlogFile), options: .atomic)
    let edges = result.backlog.features.map(\.dependencies.count).reduce(0, +)
    if json {
      return Terminal.line(
        ([
          "features": .whole(result.backlog.features.count), "dependencies": .whole(edges),
          "format": .string(result.format), "file": .string(project.backlogFile),
          "notes": .texts(result.notes),
        ] as JSONValue).text)
    }
    Terminal.line(
      "\(result.backlog.features.count) features with \(edges) dependencies taken over from "
        + "\(result.format) into \(project.backlogFile)")
    for note in result.notes { Terminal.line("   \(note)") }
    if edges == 0 {
      Terminal.line(
        "   no dependency is declared; add `depends_on` where one feature needs another")
    }
  }
}
