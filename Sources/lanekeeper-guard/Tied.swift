import CProcess
import Glibc

/// Becomes another program, which is killed when the thread that started it ends.
enum Tied {
  static func run(_ command: [String]) -> Never {
    guard !command.isEmpty, lk_die_with_parent() == 0 else { exit(70) }
    var argv: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    argv.append(nil)
    execvp(command[0], &argv)
    exit(127)
  }
}
