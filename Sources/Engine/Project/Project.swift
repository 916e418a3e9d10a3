import Backlog
import Foundation
import Git
import Model
import Planning
import Processes
import Store

// Run: supervises a run. It opens a project, recovers what a killed process left, decides
// which feature starts when, and drives lanes, agents and landings until nothing is left to do.

/// A repository with its configuration, opened for a command.
package struct Project: Sendable {
  /// The person's checkout, from which configuration and backlog are read.
  package let directory: String
  package let state: StateDirectory
  package let configuration: Configuration
  /// Whether `lanekeeper.yml` is there.
  package let isConfigured: Bool
  package private(set) var environment: [String: String]
  /// The job server whose tokens gates and set-up commands take; `nil` for none.
  package private(set) var jobs: JobServer?
  /// Which spellings of a path name the same file here.
  package let naming: PathNaming
  /// Repairs made before the project could be opened, one line each.
  package private(set) var notes: [String] = []

  /// `refs/heads/…` of the target.
  package var target: String { "refs/heads/" + configuration.target }
  package var name: String { (directory as NSString).lastPathComponent }
  package var backlogFile: String { directory + "/features.yml" }
  package static let configurationFile = "lanekeeper.yml"

  /// Opens the repository that a directory lies in.
  ///
  /// - Throws: ``Failure`` with a line for people.
  package static func open(
    _ directory: String, environment: [String: String]
  ) throws -> Project {
    let place = RepositoryPlace.commonDirectory(above: directory)
    var removed: [String] = []
    do {
      // Before anything opens a file there.
      removed =
        try place.map { try GitSpecials(state: StateDirectory(commonDirectory: $0)).clear() } ?? []
    } catch let obstacle as GitSpecials.Obstacle {
      throw Failure(obstacle.description)
    }
    var environment = try SafeDirectories.kept(MakeFlags.clean(environment))
    let changes = try place.map {
      try SharedConfiguration(state: StateDirectory(commonDirectory: $0), environment: environment)
        .repair()
    }
    let (repository, checkout) = try CheckoutFinder(
      directory: directory, environment: environment
    ).find()
    if try repository.defaultSignature() == nil {
      for role in ["AUTHOR", "COMMITTER"] {
        environment["GIT_\(role)_NAME"] = environment["GIT_\(role)_NAME"] ?? "Lanekeeper"
        environment["GIT_\(role)_EMAIL"] =
          environment["GIT_\(role)_EMAIL"] ?? "lanekeeper@localhost"
      }
    }
    let name = (checkout as NSString).lastPathComponent
    let file = checkout + "/" + configurationFile
    // All checkouts share the lanes, which stand beside the main one where there is one.
    let lanes = repository.mainWorktreePath.flatMap { $0 == checkout ? nil : $0 + ".lanes" }
    var configuration = Configuration(repositoryName: name, lanesPath: lanes)
    let isConfigured = FileManager.default.fileExists(atPath: file)
    if isConfigured {
      do {
        configuration = try ConfigurationReader.read(
          text: try InputFile.read(file, isFile: true), file: configurationFile,
          repositoryName: name,
          lanesPath: lanes)
      } catch let problems as InputProblems {
        throw Failure(problems.description, status: 65)
      }
    }
    // What an agent has written into its lane is not to be run outside its sandbox.
    if configuration.sandbox.isOn { environment["LANEKEEPER_USER_HOOKS"] = "none" }
    var project = Project(
      directory: checkout, state: StateDirectory(commonDirectory: repository.commonDirectory),
      configuration: configuration, isConfigured: isConfigured, environment: environment,
      naming: PathNaming(
        ignoresCase: try repository.configBool("core.ignorecase"),
        composesUnicode: try repository.configBool("core.precomposeunicode")))
    project.notes = removed + (changes ?? []).map(\.text)
    return project
  }

  /// Opens the state file; makes it where it is absent.
  package func store() throws -> Store {
    do {
      try state.create()
      return try Store(path: state.stateFile)
    } catch let error as StoreError {
      throw Failure(error.description)
    } catch {
      throw Failure(
        "\(state.path) can't be written: \((error as NSError).localizedDescription); "
          + "Lanekeeper keeps its state there")
    }
  }

  /// Opens the state file where it is there already.
  package func existingStore() throws -> Store? {
    FileManager.default.fileExists(atPath: state.stateFile) ? try store() : nil
  }

  /// Changes that attempts made to the git configuration that they share with the person's checkout, since the
  /// last run began.
  package var configurationChanges: [SharedConfiguration.Change] { sharedConfiguration.open() }

  var sharedConfiguration: SharedConfiguration {
    SharedConfiguration(state: state, environment: environment)
  }

  package func repository() throws -> Repository {
    try Repository(opening: directory, environment: environment)
  }

  /// Returns the same project, whose gates, set-up commands and agents share a job server.
  ///
  /// - Parameters:
  ///   - count: jobs at once, as `MAKEFLAGS` names them.
  ///   - takesTokens: gates and set-up commands take a token each; else they run on this process's own.
  package func sharing(_ jobs: JobServer, count: String, takesTokens: Bool) throws -> Project {
    var project = self
    if takesTokens { project.jobs = jobs }
    project.environment["MAKEFLAGS"] = " \(count) --jobserver-auth=\(jobs.address)"
    try state.create()
    let directory = try MakeShim.write(below: state.path)
    project.environment["PATH"] = directory + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
    return project
  }

  /// Reads `features.yml`.
  ///
  /// - Throws: ``Failure`` with status 65 where it is absent or wrong.
  package func backlog() throws -> Backlog {
    guard FileManager.default.fileExists(atPath: backlogFile) else {
      throw Failure(
        "\(backlogFile) is not there; write the features into it, or bring a backlog in with "
          + "`lanekeeper import FILE`", status: 65)
    }
    do {
      return try BacklogReader.read(
        text: try InputFile.read(backlogFile, isFile: true), file: "features.yml",
        slots: Set(configuration.slots.keys))
    } catch let problems as InputProblems {
      throw Failure(problems.description, status: 65)
    }
  }

  /// Who signs what Lanekeeper itself commits.
  package var identity: @Sendable () -> Signature {
    let directory = directory
    let environment = environment
    return {
      let configured = (try? Repository(opening: directory, environment: environment))
        .flatMap { try? $0.defaultSignature() }
      return Signature(
        name: configured?.name ?? environment["GIT_COMMITTER_NAME"] ?? "Lanekeeper",
        email: configured?.email ?? environment["GIT_COMMITTER_EMAIL"] ?? "lanekeeper@localhost",
        time: Int64(Date().timeIntervalSince1970),
        offsetMinutes: TimeZone.current.secondsFromGMT() / 60)
    }
  }

  /// The policies of `claims.paths`; configuration and backlog are frozen unless said otherwise.
  package var policies: [(ClaimPath, PathPolicy)] {
    var paths: [String: PathPolicy] = [
      "lanekeeper.yml": .frozen, "features.yml": .frozen, ".lanekeeper/": .frozen,
    ]
    paths.merge(configuration.claims.paths) { $1 }
    return paths.sorted { $0.key < $1.key }.compactMap { path, policy in
      (try? ClaimPath(normalising: path)).map { ($0, policy) }
    }
  }

  /// The policies as the claim rule takes them.
  package var pathPolicies: PathPolicies { PathPolicies(policies, naming: naming) }

  /// The context that lanes, attempts and landings of the project share.
  package var context: RepositoryContext {
    RepositoryContext(
      directory: directory, state: state, environment: environment, target: target,
      policies: pathPolicies,
      guardProgram: (try? HelperPrograms.path("lanekeeper-guard")) ?? "lanekeeper-guard",
      jobs: jobs, identity: identity)
  }

  /// Looks whether the target is where landings and persons have left it.
  package func watch(_ store: Store) -> TargetWatch {
    TargetWatch(
      target: target, store: store, commonDirectory: state.commonDirectory,
      environment: environment)
  }

  /// Writes backlog and claim settings into the state file.
  package func takeOver(_ backlog: Backlog, into store: Store) throws {
    try store.setClaimSettings(
      target: target, policy: configuration.claims.policy, humans: configuration.claims.humans,
      policies: policies, naming: naming, stacks: configuration.schedule.stack)
    try store.setSlots(configuration.slots)
    try store.takeOver(backlog.features)
  }

  /// Where the lanes stand; absolute.
  package var lanesDirectory: String {
    let path = configuration.lanes.path
    let full = path.hasPrefix("/") ? path : directory + "/" + path
    return URL(fileURLWithPath: full).standardizedFileURL.path
  }

  package var laneSettings: LaneSettings {
    LaneSettings(
      directory: lanesDirectory, copy: configuration.lanes.copy, setup: configuration.lanes.setup,
      litter: configuration.lanes.litter, branch: configuration.lanes.branch)
  }

  package func pool(_ store: Store) -> LanePool {
    LanePool(context, settings: laneSettings, store: store)
  }

  /// Which branch is whose.
  package func branches(_ store: Store) -> LaneBranches {
    LaneBranches(pattern: configuration.lanes.branch, target: target, store: store)
  }

  package func hooks() throws -> HookInstallation {
    HookInstallation(
      state: state, repository: directory, program: try HelperPrograms.path("lanekeeper-hook"),
      environment: environment)
  }

  /// The file of the user's model settings.
  package var modelSettingsFile: String { Self.modelSettingsFile(environment) }

  package static func modelSettingsFile(_ environment: [String: String]) -> String {
    (environment["HOME"] ?? NSHomeDirectory()) + "/.autocoder/model_settings.json"
  }

  /// Settles models: command line over repository over the user's file over defaults.
  package func models(_ commandLine: ModelChoice.Wish?) throws -> ModelChoice {
    var repository: ModelChoice.Wish?
    if let models = configuration.models {
      repository = .models(models.compactMap(Tier.init(rawValue:)))
    } else if let preset = configuration.preset {
      repository = .preset(preset)
    }
    return try ModelSettingsFile.choice(
      commandLine: commandLine, repository: repository, file: modelSettingsFile)
  }
}

/// Reads files that people write.
package enum InputFile {
  /// - Parameter isFile: refuses pipes and devices, whose other end may never write.
  /// - Throws: ``Failure`` with status 65 where the file can't be read or is not UTF-8.
  package static func read(_ path: String, isFile: Bool = false) throws -> String {
    // Foundation does not wait for one who just writes the file (see BacklogFile), but fails.
    let descriptor = isFile ? try openFile(path) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    guard let bytes = bytes(descriptor) else { throw unreadable(path) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure("\(path) is not UTF-8 text; save it as UTF-8", status: 65)
    }
    return text
  }

  private static func unreadable(_ path: String) -> Failure {
    Failure("\(path) can't be read: \(String(cString: strerror(errno)))", status: 65)
  }

  /// Opens a file, and waits for a moment for one that has it to itself.
  ///
  /// - Throws: ``Failure``: 65 where it can't be opened or is no file, 75 where another has it for long.
  static func openFile(_ path: String, _ flags: Int32 = O_RDONLY) throws -> Int32 {
    for _ in 0..<2500 {
      let descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
      guard descriptor >= 0 else {
        guard errno == EWOULDBLOCK || errno == EINTR else { throw unreadable(path) }
        usleep(2000)
        continue
      }
      var facts = stat()
      if fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG { return descriptor }
      close(descriptor)
      throw Failure(
        "\(path) is a directory, a pipe or a device; put a file in its place", status: 65)
    }
    throw Failure("\(path) is being written by another program; try again", status: 75)
  }

  /// Reads from where the descriptor stands; `nil` where that fails.
  static func bytes(_ descriptor: Int32) -> [UInt8]? {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return result }
      result += buffer[..<count]
    }
  }
}

/// Finds the programs that belong to this one.
package enum HelperPrograms {
  /// Looks beside the program that runs, and in `../libexec/lanekeeper`.
  package static func path(_ name: String) throws -> String {
    if let path = Programs.own(name) { return path }
    throw Failure(
      "\(name) is not installed beside lanekeeper (looked in \(Programs.home)); install it again")
  }
}
