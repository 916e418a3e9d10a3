import ArgumentParser
import Engine
import Foundation
import Processes

// lanekeeper: the command line. One file per command stands in Commands/; what they share is here.

Heap.keepSmall()
if EditHookProgram.isAsked(CommandLine.arguments) { EditHookProgram.run() }
let command: any ParsableCommand
do {
  command = try Lanekeeper.parseAsRoot(
    ReviewComments.joined(Array(CommandLine.arguments.dropFirst())))
} catch {
  Lanekeeper.exit(withError: error)
}
if let words = MakeCall.current.dryWords(command) {
  Terminal.line(words)
  exit(MakeCall.current.flags.isQuestion ? 1 : 0)
}
do {
  try await execute(command)
} catch let failure as Failure {
  Terminal.error(failure.description)
  exit(failure.status)
} catch let code as ExitCode {
  exit(code.rawValue)
} catch let error where error is ValidationError || error is CleanExit {
  Lanekeeper.exit(withError: error)
} catch let error as CustomStringConvertible {
  Terminal.error(error.description)
  exit(1)
} catch {
  // Help that a command asks for, and Foundation's errors.
  if Lanekeeper.exitCode(for: error) == .success { Lanekeeper.exit(withError: error) }
  Terminal.error((error as NSError).localizedDescription)
  exit(1)
}

func execute(_ command: any ParsableCommand) async throws {
  if var command = command as? any AsyncParsableCommand {
    try await command.run()
  } else {
    var command = command
    try command.run()
  }
}
