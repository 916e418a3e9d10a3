import Glibc
import Model

// lanekeeper-hook: the program behind every git hook of a lane. It starts three times for each
// commit, so it is linked fully static and knows SQLite's C interface, zlib and the claim rule only.
//
// git starts it by small files that carry the hooks' names (HookLauncher). It judges `pre-commit`,
// `pre-merge-commit`, `reference-transaction`, `pre-push` and `pre-receive`, and then runs the
// user's own hook of the same name. In a sandbox, in which the state file is out of reach, it asks the
// supervisor, and stands there for `lanekeeper` itself, too.

let call = HookCall(arguments: CommandLine.arguments)
switch call.name {
case "--version":
  print("lanekeeper-hook \(Release.version)")
  exit(0)
case "--help", "lanekeeper-hook", "":
  print("usage: lanekeeper-hook HOOK [ARGUMENT...] | --version")
  print("git calls it by files that carry the hooks' names")
  exit(call.name == "--help" ? 0 : 64)
default: break
}
signal(SIGPIPE, SIG_IGN)
let place = GitPlace.find(own: call.stateDirectory)
var input: [UInt8] = []
var verdict = Verdict.pass([])
let sandbox = place.flatMap { Sandbox($0.commonDirectory) }
if call.name == "lanekeeper" || call.name == "git-lane" {
  if let sandbox { sandbox.runCommand(call.rest) }
  Output.error(["lanekeeper: in a sandbox it works in the lane only ($LANEKEEPER_LANE)"])
  exit(1)
}
if let sandbox, let place, !place.isForeign {
  if ["reference-transaction", "pre-push"].contains(call.name) {
    input = Files.readAll(descriptor: 0)
  }
  if place.lane == nil {
    let isAfter = call.name == "reference-transaction" && call.rest.first != "prepared"
    verdict = isAfter ? .pass([]) : .refuse(Refusals.fromAgent)
  } else if Sandbox.judged.contains(call.name) {
    verdict = sandbox.judge(call, input: input)
  }
} else if let place, !place.isForeign {
  if call.name != "reference-transaction" || call.rest.first == "prepared" {
    SelfRepair.run(call, place)
  }
  switch call.name {
  case "pre-commit": verdict = PreCommit.judge(place)
  case "pre-merge-commit":
    if place.lane != nil || Ancestry.isAgent(place) {
      verdict = PreCommit.judge(place, merging: Progress.mergingByEnvironment())
    }
  case "reference-transaction" where call.rest.first == "prepared":
    input = Files.readAll(descriptor: 0)
    verdict = ReferenceTransaction.judge(place, lines: input)
  case "pre-push":
    input = Files.readAll(descriptor: 0)
    verdict = PrePush.judge(place, lines: input)
  case "pre-receive":
    input = Files.readAll(descriptor: 0)
    verdict = PreReceive.judge(place, lines: input)
  default: break
  }
}
switch verdict {
case .pass(let warnings):
  Output.error(warnings)
  UserHook.run(call, place: place, input: input)
case .refuse(let lines):
  Output.error(lines)
  exit(1)
}
