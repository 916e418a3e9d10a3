import Glibc

/// A command that is to run under the guard.
package struct GuardedCommand: Sendable {
  /// The path of `lanekeeper-guard`.
  package var guardProgram: String
  /// The lock that the guard holds for as long as anything of the command may run.
  package var lockPath: String
  /// The file to which standard output and standard error are appended.
  package var logPath: String
  /// The file that standard input is read from; empty input where `nil`.
  package var inputPath: String?
  package var directory: String
  package var argv: [String]
  /// The whole environment.
  package var environment: [String: String]
  /// The mark in the environment of each process of the command.
  package var mark: String
  /// Longest time, in seconds.
  package var wallSeconds: Double?
  /// Longest time without output, in seconds.
  package var silenceSeconds: Double?
  /// Most output, in bytes.
  package var outputBytes: Int64?
  /// Time between the request to end and the end, in seconds.
  package var graceSeconds: Double
  /// Added to the scheduling priority, from 0 to 19.
  package var nice: Int32
  /// Most memory of the command and of all that it starts, in bytes; kept where ``MemoryCgroup/obstacle()``
  /// finds none.
  package var memoryBytes: Int64?
  /// By how much these directories together may grow, in bytes.
  package var growth: (directories: [String], bytes: Int64)?

  package init(
    guardProgram: String, lockPath: String, logPath: String, inputPath: String?, directory: String,
    argv: [String], environment: [String: String], mark: String, wallSeconds: Double? = nil,
    silenceSeconds: Double? = nil, outputBytes: Int64? = nil, graceSeconds: Double = 5,
    nice: Int32 = 0
  ) {
    self.guardProgram = guardProgram
    self.lockPath = lockPath
    self.logPath = logPath
    self.inputPath = inputPath
    self.directory = directory
    self.argv = argv
    self.environment = environment
    self.mark = mark
    self.wallSeconds = wallSeconds
    self.silenceSeconds = silenceSeconds
    self.outputBytes = outputBytes
    self.graceSeconds = graceSeconds
    self.nice = nice
  }

  /// The guard's command line.
  var guardArguments: [String] {
    var line = [guardProgram, "--lock", lockPath, "--log", logPath, "--directory", directory]
    func add(_ name: String, _ seconds: Double?) {
      if let seconds { line += [name, String(SafeNumber.milliseconds(seconds))] }
    }
    if let inputPath { line += ["--input", inputPath] }
    add("--wall-ms", wallSeconds)
    add("--silence-ms", silenceSeconds)
    add("--grace", graceSeconds)
    if let outputBytes { line += ["--output-bytes", String(outputBytes)] }
    if nice != 0 { line += ["--nice", String(nice)] }
    if let memoryBytes { line += ["--memory-bytes", String(memoryBytes)] }
    if let growth {
      line += ["--disk-bytes", String(growth.bytes)]
      line += growth.directories.flatMap { ["--disk-of", $0] }
    }
    return line + ["--"] + argv
  }
}

/// The ending of a guarded command.
package enum Ending: Sendable, Equatable {
  case exited(Int32)
  case signalled(Int32)
  /// It took longer than it may.
  case timedOut
  /// It was silent for longer than it may be.
  case silent
  /// It wrote more than it may.
  case outputLimit
  /// Its directories grew by more than they may.
  case diskLimit
  /// It was asked to end.
  case stopped
  /// It was never started.
  case couldNotStart(errno: Int32)
  /// Another process holds its lock.
  case locked
  /// The guard itself was killed; what was left has been ended.
  case guardLost

  /// The ending as text for people: `it ended with 1`.
  package var words: String {
    switch self {
    case .exited(let status): "it ended with \(status)"
    case .signalled(let number): "it was ended by signal \(number)"
    case .timedOut: "it took too long"
    case .silent: "it was silent for too long"
    case .outputLimit: "it wrote too much output"
    case .diskLimit: "it wrote too much to the disk"
    case .stopped: "it was stopped"
    case .couldNotStart(let code): "it could not be started: \(String(cString: strerror(code)))"
    case .locked: "another process runs it"
    case .guardLost: "the process that supervises it was killed"
    }
  }

  /// The ending of the command in a sandbox, or in a shell: the program around it reports a signal as 128 + its
  /// number.
  package var fromWrapper: Ending {
    if case .exited(let status) = self, (129...192).contains(status) {
      return .signalled(status - 128)
    }
    return self
  }

  /// Reads the guard's last line.
  init(report line: String) {
    let words = line.split(separator: " ")
    switch (words.first, words.dropFirst().first) {
    case ("ended", "exit"): self = .exited(Int32(words.last ?? "") ?? -1)
    case ("ended", "signal"): self = .signalled(Int32(words.last ?? "") ?? -1)
    case ("ended", "timeout"): self = .timedOut
    case ("ended", "silence"): self = .silent
    case ("ended", "output"): self = .outputLimit
    case ("ended", "disk"): self = .diskLimit
    case ("ended", "stopped"): self = .stopped
    case ("failed", "start"): self = .couldNotStart(errno: Int32(words.last ?? "") ?? 0)
    case ("failed", "lock"): self = .locked
    default: self = .guardLost
    }
  }
}
