import CProcess
import Foundation

/// A program that is run on a thread's behalf and does not outlive it.
package enum TiedProcess {
  /// Runs a program to its end on the calling thread, with these descriptors as standard input, output
  /// and error.
  ///
  /// It is killed when the thread ends, as it does when this process is killed.
  /// - Parameter isWanted: is asked now and then; once false, the program and its group are ended.
  /// - Returns: the exit status; 128 + n after signal n.
  package static func run(
    _ argv: [String], guardProgram: String, directory: String, environment: [String: String],
    descriptors: [Int32], isWanted: () -> Bool
  ) throws(ProcessFailure) -> Int32 {
    let pid = try Spawn.start(
      [guardProgram, "--tied", "--"] + argv, environment: environment, directory: directory,
      input: descriptors[0], output: descriptors[1], error: descriptors[2], newSession: false)
    var pause: useconds_t = 200
    var unwantedSince: Int64?
    while true {
      var status: Int32 = 0
      let result = waitpid(pid, &status, WNOHANG)
      if result == pid {
        // What it left in its group has nobody to work for.
        kill(-pid, SIGKILL)
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
      }
      if result < 0 && errno != EINTR { return 1 }
      if let since = unwantedSince {
        if Boot.uptimeMilliseconds() - since > 2000 { kill(-pid, SIGKILL) }
      } else if !isWanted() {
        unwantedSince = Boot.uptimeMilliseconds()
        kill(-pid, SIGTERM)
      }
      usleep(pause)
      pause = min(pause * 2, 20_000)
    }
  }
}
