import Engine
import Foundation
import MCP
import Processes
import Store
import Web

// lanekeeper-ui: serves over HTTP. `lanekeeper ui` and `run --ui` start it.

signal(SIGPIPE, SIG_IGN)
guard let call = UiCall(CommandLine.arguments) else {
  FileHandle.standardError.write(Data("lanekeeper-ui: start it by `lanekeeper ui`\n".utf8))
  exit(64)
}
do {
  guard !ProcessTree.hasGuardAmongAncestors() else {
    throw Failure("`lanekeeper ui` is a person's command; an agent can't give it")
  }
  if call.endsWithInput {
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while case let count = read(0, &byte, 1), count > 0 || (count < 0 && errno == EINTR) {}
      kill(getpid(), SIGTERM)
    }
  }
  let environment = ProcessInfo.processInfo.environment
  let project = try Project.open(call.directory, environment: environment)
  guard !ProcessTree.hasGuardAmongAncestors(locks: project.state.locks) else {
    throw Failure(
      "`lanekeeper ui` is a person's command; start it where the run at work was started, in the same PID namespace"
    )
  }
  let store = try project.store()
  let token = try TokenFile.token(in: project.state.path)
  let server = try WebServer(
    endpoint: HTTPEndpoint(
      dispatcher: try Dispatcher(project, store, directory: call.directory, version: call.version)),
    token: token,
    site: try Site(
      project, store, directory: call.directory, environment: environment, version: call.version),
    door: BrowserSessions(file: project.state.path + "/ui-sessions"),
    pages: InstalledTemplates.directories("ui"))
  try await server.run(address: call.address, port: call.freePort(), isOpen: call.isOpen) { note in
    switch note {
    case .serving(let address, let key):
      print("Page: \(address)/#key=\(key)")
      print("MCP: \(address)/mcp\nAuthorization: Bearer \(token.text)")
    case .newLink(let address, let key):
      print("The link was used; the next is \(address)/#key=\(key)")
    }
    fflush(nil)
  }
} catch {
  FileHandle.standardError.write(Data("lanekeeper: \(error)\n".utf8))
  exit((error as? Failure)?.status ?? 1)
}
