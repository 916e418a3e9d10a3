import CoordinationServer
import Dashboard
import Foundation
import Orchestrator
import Store

// lanekeeper-ui: serves over HTTP. `lanekeeper ui` starts it: DIRECTORY ADDRESS PORT VERSION.

signal(SIGPIPE, SIG_IGN)
let words = CommandLine.arguments
guard words.count == 5, let port = Int(words[3]), (0...65535).contains(port) else {
  FileHandle.standardError.write(Data("lanekeeper-ui: start it by `lanekeeper ui`\n".utf8))
  exit(64)
}
do {
  let (directory, address) = (words[1], words[2])
  let project = try Project.open(directory, environment: ProcessInfo.processInfo.environment)
  let store = try project.store()
  let token = try TokenFile.token(in: project.state.path)
  var gate = HTTPGate()
  gate.hosts.insert(address.contains(":") ? "[\(address)]" : address)
  let server = WebServer(
    endpoint: HTTPEndpoint(
      dispatcher: try Dispatcher(project, store, directory: directory, version: words[4]),
      gate: gate), token: token)
  try await server.run(address: address, port: port) { port in
    let host = address.contains(":") ? "[\(address)]" : address
    print("MCP: http://\(host):\(port)/mcp\nAuthorization: Bearer \(token.text)")
    fflush(nil)
  }
} catch {
  FileHandle.standardError.write(Data("lanekeeper: \(error)\n".utf8))
  exit(1)
}
