import ArgumentParser
import Engine
import Foundation
import Git
import Model
import Processes
import Store

/// Looks whether everything that a run needs is there.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check git, repository, file system, hooks, agents and gate.",
    discussion: """
      Example: lanekeeper doctor --json

      Exit status: 0 all well; 1 something is wrong.
      """)
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Also verify the promises P1 to P9 of the present state.") var deep = false
  @Flag(help: "Set a broken state file aside and rebuild the state from git.") var repair = false
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    if repair {
      try PersonOnly.check("doctor --repair", project)
      return try Repair.run(try project.project())
    }
    var checks = Diagnosis(path: project.path, environment: environment).checks()
    if checks.contains(where: { $0.name == "repository" && $0.isWell }) {
      checks += (try? RecoveryPlan.checks(path: project.path, environment: environment)) ?? []
      if deep {
        checks += try PromiseAudit.checks(path: project.path, environment: environment)
      }
    }
    let isWell = checks.allSatisfy(\.isWell)
    if json {
      Terminal.line(
        ([
          "ok": .bool(isWell),
          "checks": .array(
            checks.map {
              ["name": .string($0.name), "ok": .bool($0.isWell), "detail": .string($0.detail)]
            }),
        ] as JSON).text)
    } else {
      for check in checks {
        let mark = check.isWell ? Terminal.styled("✓", .green) : Terminal.styled("✗", .red)
        Terminal.line("\(mark) \(check.name): \(check.detail)")
      }
    }
    if !isWell { throw ExitCode(1) }
  }
}

/// Puts a state file that can't be used aside, and makes a new one from git.
enum Repair {
  static func run(_ project: Project) throws {
    try project.state.create()
    guard let lock = try FileLock.tryAcquire(project.state.runLock) else {
      throw Failure("a run is at work; stop it first", status: 75)
    }
    defer { lock.release() }
    if let store = try? project.existingStore(), (try? store.features()) != nil {
      // A repair that was cut off is gone on with.
      let found = try Adoption.run(project, into: store)
      guard found.landed > 0 || !found.begun.isEmpty else {
        return Terminal.line("the state file is in order; nothing was changed")
      }
      return tell(found)
    }
    let backlog = try project.backlog()
    let suffixes = ["", "-wal", "-shm"]
    let seconds = Int(Date().timeIntervalSince1970)
    // Two repairs may fall into one second.
    let stamp = (seconds...).first { stamp in
      suffixes.allSatisfy {
        !FileManager.default.fileExists(
          atPath: "\(project.state.stateFile)\($0).broken-\(stamp)")
      }
    }!
    for suffix in suffixes {
      let path = project.state.stateFile + suffix
      guard FileManager.default.fileExists(atPath: path) else { continue }
      try FileManager.default.moveItem(atPath: path, toPath: "\(path).broken-\(stamp)")
      Terminal.line("put aside: \(path).broken-\(stamp)")
    }
    let store = try project.store()
    try project.takeOver(backlog, into: store)
    tell(try Adoption.run(project, into: store))
  }

  private static func tell(_ found: Adoption.Found) {
    Terminal.line("rebuilt from git: \(found.landed) features have landed already")
    if !found.begun.isEmpty {
      Terminal.line(
        "these go on from their branches, whose paths are claimed again: "
          + found.begun.map { "#" + $0 }.joined(separator: ", "))
    }
  }
}
