import Foundation

/// Limits and signals for every program that is started on behalf of a task.
package enum Programs {
  /// The stop signal that also ends programs; a run sets its own.
  @TaskLocal package static var stop: StopSignal?

  /// The longest time that any program started on behalf of the task may take, in seconds.
  @TaskLocal package static var most = Double.infinity

  /// The grace period of programs after a graceful stop, in seconds.
  package static let grace = 8.0
  /// The time limit of a program that starts after a stop was requested, in seconds: what
  /// it takes to put work away.
  package static let lateGrace = 3.0

  /// Returns the path of one of Lanekeeper's own programs, beside that which runs or in
  /// `../libexec/lanekeeper`; `nil` where it is not there.
  package static func own(_ name: String) -> String? {
    let candidates = ["/", "/../libexec/lanekeeper/", "/../../bin/"].map { home + $0 + name }
    return candidates.first { access($0, X_OK) == 0 }
  }

  /// The directory of the program that runs.
  package static let home = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().path

  static let guardProgram = own("lanekeeper-guard")
}
