import Foundation
import MCP
import Web

/// The file of the agents' token, kept beside the state so that a client's configuration outlives the server.
enum TokenFile {
  /// Returns the token; makes it if there is none.
  static func token(in directory: String) throws -> AccessToken {
    let path = directory + "/mcp-token"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      let made = AccessToken(RandomSecret.make())
      let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      try file.write(contentsOf: Data((made.text + "\n").utf8))
      return made
    }
    let text = try String(contentsOfFile: path, encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    guard text.count >= 32 else { throw BrokenToken(path: path) }
    return AccessToken(text)
  }
}

struct BrokenToken: Error, CustomStringConvertible {
  let path: String
  var description: String { "\(path) holds no token; remove it, and a new one is made" }
}
