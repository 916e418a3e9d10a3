import ArgumentParser
import Backlog
import Engine
import Foundation
import Model

/// Writes the backlog for another program.
struct ExportCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case taskMaster = "task-master"
    case beads, autocoder
    case autocoder2 = "autocoder-v2"
    case markdown, csv, json, yaml
  }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the backlog and its states for another program.",
    discussion: """
      Example: lanekeeper export task-master --update .taskmaster/tasks/tasks.json

      Without --update a whole file is written: to standard output, or to --output. With --update only
      the states in a file of task-master, beads or AutoCoder change; everything else in it stays.
      """)
  @Argument(
    help: "task-master, beads, autocoder, autocoder-v2, markdown, csv, json or yaml.")
  var format: Format
  @OptionGroup var project: ProjectOptions
  @Option(help: ArgumentHelp("The file to write.", valueName: "file")) var output: String?
  @Option(help: ArgumentHelp("A file whose states are updated.", valueName: "file"))
  var update: String?
  @Option(help: "The tag of task-master's file.") var tag: String?
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    guard output == nil || update == nil else {
      throw Failure("--output and --update exclude each other; give one of them", status: 64)
    }
    let project = try project.project()
    let features = try BacklogExport.features(project, store: try project.existingStore())
    var missing: [String] = []
    if format == .autocoder || format == .autocoder2 {
      guard let path = update ?? output else {
        throw Failure("a database needs a file: give --output or --update", status: 64)
      }
      missing = try BacklogExport.autoCoder(
        features, path: path, version: format == .autocoder ? .one : .two, update: update != nil)
    } else {
      let format = Export.Format(rawValue: format.rawValue)!
      let time = JSON.iso(Int64(Date().timeIntervalSince1970 * 1000))
      var text = Export.text(features, format: format, time: time)
      if let update {
        do {
          (text, missing) = try Export.update(
            try InputFile.read(update), file: update, with: features, format: format, time: time,
            tag: tag)
        } catch let problems as InputProblems {
          throw Failure(problems.description, status: 65)
        }
      }
      guard let path = update ?? output else { return Terminal.write(text) }
      do {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      } catch {
        throw Failure("\(path) can't be written: \((error as NSError).localizedDescription)")
      }
    }
    let path = update ?? output ?? ""
    if json {
      return Terminal.line(
        ([
          "file": .string(path), "features": .whole(features.count), "missing": .texts(missing),
        ] as JSON).text)
    }
    Terminal.line(
      "\(features.count - missing.count) features \(update == nil ? "written to" : "brought up to date in") \(path)"
    )
    if !missing.isEmpty {
      Terminal.line("   not in the file: \(missing.prefix(10).joined(separator: ", "))")
    }
  }
}
