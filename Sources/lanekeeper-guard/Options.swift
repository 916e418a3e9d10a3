import Glibc

/// The command line of the guard; times in milliseconds.
struct Options {
  var lock = ""
  var log = ""
  var input = "/dev/null"
  var directory = "/"
  var wall: Int64?
  var silence: Int64?
  var outputBytes: Int64?
  var grace: Int64 = 5000
  var linger: Int64 = 0
  var nice: Int32 = 0
  /// Most memory of the command and all that it starts, in bytes.
  var memory: Int64?
  /// By how much these directories together may grow, in bytes.
  var diskBytes: Int64?
  var grown: [String] = []
  /// A socket to the supervisor, where the command has the guard's own standard streams.
  var tie: Int32?
  var command: [String] = []

  /// Reads `--name value` pairs up to `--`; `nil` where something is missing or unknown.
  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      if name == "--" {
        command = Array(rest)
        break
      }
      guard let value = rest.popFirst() else { return nil }
      switch name {
      case "--lock": lock = value
      case "--log": log = value
      case "--input": input = value
      case "--directory": directory = value
      case "--wall-ms": wall = Int64(value)
      case "--silence-ms": silence = Int64(value)
      case "--output-bytes": outputBytes = Int64(value)
      case "--grace": grace = Int64(value) ?? grace
      case "--linger": linger = Int64(value) ?? linger
      case "--memory-bytes": memory = Int64(value)
      case "--disk-bytes": diskBytes = Int64(value)
      case "--disk-of": grown.append(value)
      case "--tied": tie = Int32(value)
      case "--nice": nice = Int32(value) ?? nice
      default: return nil
      }
    }
    guard !command.isEmpty, tie != nil || !log.isEmpty else { return nil }
  }
}
