import Foundation

/// What holds for every program that is started on behalf of a task.
package enum Programs {
  /// The wish to end that ends programs, too; a run sets its own.
  @TaskLocal package static var stop: StopSignal?

  /// The longest time that any program started on behalf of the task may take, in seconds.
  @TaskLocal package static var most = Double.infinity

  /// How long programs may go on after the end was asked for gently, in seconds.
  package static let grace = 8.0
  /// How long a program may take that is started when the end has been asked for already, in seconds: what
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
