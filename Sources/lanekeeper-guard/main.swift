import Glibc

// lanekeeper-guard: stands between the supervisor and one command. It holds the attempt's lock for
// as long as anything of the command may run, and ends all of it when the pipe from the supervisor
// closes, even if the supervisor was killed.

if CommandLine.arguments.dropFirst().first == "--version" {
  Guard.report("lanekeeper-guard 1")
  exit(0)
}
guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
  let usage = Array(
    """
    usage: lanekeeper-guard --lock FILE --log FILE [--input FILE] [--directory DIR] [--wall-ms N]
      [--silence-ms N] [--output-bytes N] [--grace MS] [--linger MS] [--nice N] [--memory-bytes N]
      [--disk-bytes N --disk-of DIR…] -- COMMAND…
    or: lanekeeper-guard --tied DESCRIPTOR [--directory DIR] [--grace MS] -- COMMAND…
    It is started by lanekeeper.

    """.utf8)
  _ = write(2, usage, usage.count)
  exit(64)
}
Inherited.closeOthers(but: options.tie)
if var supervisor = Guard(options) { supervisor.supervise() }
