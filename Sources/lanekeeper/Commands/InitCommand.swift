import ArgumentParser
import Backlog
import Engine
import Foundation
import Git

/// Prepares a repository.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Prepare a repository: settings, backlog, hooks, Makefile.",
    discussion: """
      Example: lanekeeper init

      Lists each change; existing files stay as they are.
      """)
  @OptionGroup var project: ProjectOptions
  @OptionGroup var detection: DetectionOptions

  func run() throws {
    try PersonOnly.check("init", self.project)
    let project = try project.project()
    let repository = try project.repository()
    let files = FileManager.default
    var changes: [String] = []
    func write(_ name: String, _ text: String, _ what: String) throws {
      let path = project.directory + "/" + name
      guard !files.fileExists(atPath: path) else { return }
      try files.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      changes.append("\(name): \(what)")
    }
    if !project.isConfigured {
      guard case .branch(let branch, _) = try repository.head() else {
        throw Failure(
          "HEAD of \(project.directory) is detached; switch to the branch that features land on")
      }
      let gate = GateGuess.command(project.directory)
      let copy = DependencyGuess.directories(repository)
      try write(
        Project.configurationFile,
        ConfigurationWriter.text(
          target: BranchName.short(branch), gate: gate, agent: "claude", copy: copy, run: nil),
        (gate.isEmpty
          ? "written without a gate: no test command found. Set `gate:` or nothing is checked before landing"
          : "written, with the gate `\(gate)`")
          + (copy.isEmpty
            ? ""
            : "; lanes and gate get copies of \(copy.joined(separator: ", ")), which git ignores"))
    }
    try write("features.yml", Self.emptyBacklog, "written, empty; `lanekeeper import` fills it")
    try detectDependencies(project, &changes)
    try changes += project.hooks().install(
      forPersons: project.configuration.claims.humans != "off")
    if let makefile = ["GNUmakefile", "makefile", "Makefile"].first(where: {
      files.fileExists(atPath: project.directory + "/" + $0)
    }) {
      if let fragment = try? Templates.text("lanekeeper.mk") {
        try write(
          ".lanekeeper/lanekeeper.mk", fragment,
          "written, the make targets (`make lanes-help` lists them)")
        let own = try MakeTargets.own(project.directory + "/" + makefile)
        try write(
          ".lanekeeper/make-gnu.mk",
          MakeTargets.leaving(own, out: try Templates.text("make-gnu.mk")),
          own.isEmpty
            ? "written, the same for GNU make"
            : "written, the same for GNU make; your own \(own.joined(separator: ", ")) stay as they are"
        )
        try include(in: project.directory + "/" + makefile, name: makefile, &changes)
      }
    }
    for change in changes { Terminal.line(change) }
    Terminal.line(
      changes.isEmpty
        ? "everything is in place already"
        : "next: fill features.yml, commit these files, `lanekeeper run`")
  }

  /// Looks for dependencies where the backlog has features and not a single dependency.
  private func detectDependencies(_ project: Project, _ changes: inout [String]) throws {
    let old = try InputFile.read(project.backlogFile)
    guard let backlog = try? BacklogReader.read(text: old, file: "features.yml") else { return }
    let (filled, edges, notes) = try detection.detectionWhereNothingIsDeclared(
      project, backlog
    ).fill(backlog)
    guard edges > 0 else {
      changes += notes.map { "features.yml: " + $0 }
      return
    }
    let text: String
    do {
      text = try BacklogEdit.text(old, holding: filled, file: "features.yml")
    } catch {
      changes.append("\(edges) detected dependencies were not recorded: \(error)")
      return
    }
    changes += notes.map { "features.yml: " + $0 }
    try BacklogFile(project).change { now in
      guard now == old else {
        throw Failure("features.yml was changed meanwhile; run `lanekeeper init` again", status: 75)
      }
      return text
    }
  }

  private func include(in path: String, name: String, _ changes: inout [String]) throws {
    let line = "-include .lanekeeper/lanekeeper.mk"
    var text = try InputFile.read(path)
    guard !text.split(separator: "\n").contains(Substring(line)) else { return }
    if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
    text += "\n" + line + "\n"
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    if let mode {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
    changes.append("\(name): `\(line)` added at its end")
  }

  static let emptyBacklog = """
    # The features to build, in any order; docs/configuration.md explains every key.
    #
    # features:
    #   - id: 1
    #     title: User Authentication
    #     category: backend          # frontend backend database testing documentation infrastructure
    #     description: Log in with a password.
    #     steps: ["POST /login answers 200", "a wrong password answers 401"]
    #     depends_on: []             # ids that must have landed first
    #     touches: ["src/auth/"]     # paths that are claimed with the feature
    #     priority: 0                # higher first
    features: []

    """
}

/// Guesses the command that tells whether a tree is good.
enum GateGuess {
  /// Returns the empty text where nothing is found.
  static func command(_ directory: String) -> String {
    func text(_ name: String) -> String? {
      FileManager.default.contents(atPath: directory + "/" + name)
        .map { String(decoding: $0, as: UTF8.self) }
    }
    for name in ["GNUmakefile", "makefile", "Makefile"] {
      guard let makefile = text(name) else { continue }
      for target in ["test", "check"]
      where makefile.split(separator: "\n").contains(where: {
        $0.hasPrefix("\(target):") || $0.hasPrefix("\(target) :")
      }) {
        return "make \(target)"
      }
    }
    if text("package.json")?.contains("\"test\"") == true { return "npm test" }
    if text("Cargo.toml") != nil { return "cargo test" }
    if text("go.mod") != nil { return "go test ./..." }
    if text("Package.swift") != nil { return "swift test" }
    if text("tox.ini") != nil || text("pytest.ini") != nil || text("pyproject.toml") != nil {
      return "python3 -m pytest"
    }
    return ""
  }
}

/// Guesses which ignored directories hold what a project depends on.
enum DependencyGuess {
  private static let names: Set<String> = ["node_modules", ".venv", "venv"]
  private static let paths: Set<String> = ["vendor/bundle", "vendor", "deps"]

  /// Returns directories that git ignores as a whole, with a slash at their ends.
  static func directories(_ repository: Repository) -> [String] {
    let listed = try? repository.git([
      "ls-files", "-o", "-i", "--exclude-standard", "--directory", "-z",
    ])
    let found = (listed?.output ?? []).split(separator: 0).compactMap {
      String(validating: $0, as: UTF8.self)
    }
    return found.filter { path in
      guard path.hasSuffix("/") else { return false }
      let plain = String(path.dropLast())
      return names.contains((plain as NSString).lastPathComponent) || paths.contains(plain)
    }.prefix(20).sorted()
  }
}

/// The files that come with the program.
enum Templates {
  /// Reads a template.
  static func text(_ name: String) throws -> String {
    for candidate in InstalledTemplates.directories(name) {
      if let data = FileManager.default.contents(atPath: candidate) {
        return String(decoding: data, as: UTF8.self)
      }
    }
    throw Failure("the template \(name) is not installed; install lanekeeper again")
  }
}
