import Glibc

// lanekeeper-guard: stands between the supervisor and one command. It holds the attempt's lock for
// as long as anything of the command may run, and ends all of it when the pipe from the supervisor
// closes, even if the supervisor was killed.

if CommandLine.arguments.dropFirst().first == "--version" {
  Guard.report("lanekeeper-guard 1")
  exit(0)
}
Inherited.closeOthers()
if CommandLine.arguments.dropFirst().prefix(2).elementsEqual(["--tied", "--"]) {
  Tied.run(Array(CommandLine.arguments.dropFirst(3)))
}
guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
  let usage = Array(
    """
    usage: lanekeeper-guard --lock FILE --log FILE [--input FILE] [--directory DIR] [--wall-ms N]
      [--silence-ms N] [--output-bytes N] [--grace MS] [--linger MS] [--nice N] [--memory-bytes N]
      [--disk-bytes N --disk-of DIR…] -- COMMAND…
    It is started by lanekeeper.

    """.utf8)
  _ = write(2, usage, usage.count)
  exit(64)
}
if var supervisor = Guard(options) { supervisor.supervise() }
