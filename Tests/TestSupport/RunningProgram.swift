import Foundation

/// A program that runs beside the test.
package final class RunningProgram {
  package let pid: pid_t
  private var status: Int32?

  package init(
    _ command: [String], directory: String, environment: [String: String], output: String
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let line = ["env", "-C", directory] + command
    var argv: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, "env", &actions, nil, &argv, &envp)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    self.pid = pid
  }

  package func signal(_ number: Int32) { kill(pid, number) }

  /// Waits for the end; the exit status, or 128 + n after signal n.
  @discardableResult
  package func wait() -> Int32 {
    if let status { return status }
    var raw: Int32 = 0
    while waitpid(pid, &raw, 0) < 0 && errno == EINTR {}
    return note(raw)
  }

  /// Tells whether it has ended.
  package func hasEnded() -> Bool {
    var raw: Int32 = 0
    if status == nil, waitpid(pid, &raw, WNOHANG) == pid { note(raw) }
    return status != nil
  }

  @discardableResult
  private func note(_ raw: Int32) -> Int32 {
    let value = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    status = value
    return value
  }

  deinit {
    if status == nil {
      kill(pid, SIGKILL)
      wait()
    }
  }
}
