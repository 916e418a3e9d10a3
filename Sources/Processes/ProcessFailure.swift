/// The reason for a program's failure.
package enum ProcessFailure: Error, CustomStringConvertible, Equatable {
  /// It was never started.
  case couldNotStart(program: String, reason: String)
  /// It ended with a status other than 0.
  case exited(program: String, status: Int32, output: String)
  /// A signal ended it.
  case killed(program: String, signal: Int32)
  /// It took longer than it may; what it was waiting for then, where that is known.
  case timedOut(program: String, seconds: Double, waitingFor: String? = nil)
  /// It was ended since nobody wanted it any more, or the run ends.
  case cancelled(program: String, waitingFor: String? = nil)
  /// A file that is needed for it can't be used.
  case file(path: String, reason: String)

  package var description: String {
    switch self {
    case .couldNotStart(let program, let reason): "can't start \(program): \(reason)"
    case .exited(let program, let status, let output):
      "\(program) ended with \(status)" + (output.isEmpty ? "" : ": \(output)")
    case .killed(let program, let signal): "\(program) was ended by signal \(signal)"
    case .timedOut(let program, let seconds, let other):
      "\(program) did not end within \(seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)) s"
        + Self.waiting(other)
    case .cancelled(let program, let other):
      "\(program) was ended, since the end was asked for" + Self.waiting(other)
    case .file(let path, let reason): "can't use \(path): \(reason)"
    }
  }

  private static func waiting(_ other: String?) -> String {
    other.map { "; it was waiting for: \($0)" } ?? ""
  }
}
