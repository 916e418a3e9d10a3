import CProcess
import Foundation

/// Starts one program with exactly the descriptors that it shall have.
enum Spawn {
  /// Whatever else is open here, such as a server's sockets, stays here. Only where the environment names a job
  /// server of make that is descriptors, what is not close-on-exec is handed on.
  ///
  /// - Parameters:
  ///   - sharesTerminal: leaves it in this process's own group, so that a person can work with it.
  ///   - tie: a further descriptor, which the program is told by `--tied`, and what follows that.
  /// - Returns: the process id. Whoever collects one that began a session tells ``Orphans`` so.
  /// - Throws: ``ProcessFailure/couldNotStart(program:reason:)``.
  static func start(
    _ argv: [String], environment: [String: String], directory: String?, input: Int32,
    output: Int32, error: Int32, newSession: Bool, sharesTerminal: Bool = false,
    tie: (descriptor: Int32, rest: [String])? = nil
  ) throws(ProcessFailure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, error, 2)
    if let directory { _ = lk_spawn_directory(&actions, directory) }
    let flags = MakeFlags(environment["MAKEFLAGS"] ?? "")
    let keepsOthers = flags.jobServer.flatMap(JobServer.descriptors) != nil
    var argv = argv
    if let tie {
      // Onto itself where others are handed on, so that it takes the place of none.
      let number = keepsOthers ? tie.descriptor : 3
      posix_spawn_file_actions_adddup2(&actions, tie.descriptor, number)
      argv += ["--tied", String(number)] + tie.rest
    }
    if !keepsOthers { _ = lk_spawn_close_from(&actions, tie == nil ? 3 : 4) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    let group =
      sharesTerminal ? 0 : newSession ? Int32(0x80) : Int32(POSIX_SPAWN_SETPGROUP)
    posix_spawnattr_setflags(
      &attributes, Int16(group | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)))
    var arguments: [UnsafeMutablePointer<CChar>?] = argv.map { strdup($0) }
    arguments.append(nil)
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map {
      strdup("\($0.key)=\($0.value)")
    }
    variables.append(nil)
    defer {
      for pointer in arguments { free(pointer) }
      for pointer in variables { free(pointer) }
    }
    var pid: pid_t = 0
    let code = Orphans.starting(inItsOwnSession: newSession) {
      let code = posix_spawnp(&pid, argv[0], &actions, &attributes, arguments, variables)
      return (code, pid)
    }
    guard code == 0 else {
      throw .couldNotStart(program: argv[0], reason: String(cString: strerror(code)))
    }
    return pid
  }
}
