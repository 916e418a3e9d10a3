/// Why a program did not do its work.
package enum ProcessFailure: Error, CustomStringConvertible, Equatable {
  /// It was never started.
  case couldNotStart(program: String, reason: String)
  /// It ended with a status other than 0.
  case exited(program: String, status: Int32, output: String)
  /// A signal ended it.
  case killed(program: String, signal: Int32)
  /// It took longer than it may.
  case timedOut(program: String, seconds: Double)
  /// A file that is needed for it can't be used.
  case file(path: String, reason: String)

  package var description: String {
    switch self {
    case .couldNotStart(let program, let reason): "can't start \(program): \(reason)"
    case .exited(let program, let status, let output):
      "\(program) ended with \(status)" + (output.isEmpty ? "" : ": \(output)")
    case .killed(let program, let signal): "\(program) was ended by signal \(signal)"
    case .timedOut(let program, let seconds): "\(program) did not end within \(seconds) s"
    case .file(let path, let reason): "can't use \(path): \(reason)"
    }
  }
}
