import Foundation

/// Turns an agent's lines for machines into lines for people.
package struct ReadableLog {
  private var reader: OutputReader
  private var rest: [UInt8] = []

  /// - Parameter lane: the directory that paths are shown relative to.
  package init(_ definition: AgentDefinition, lane: String?) {
    reader = OutputReader(definition.output, lane: lane ?? "/") { 0 }
  }

  /// Returns what the next bytes of the log tell; text that is no JSON stays as it is.
  package mutating func lines(_ data: Data) -> [String] {
    var result: [String] = []
    rest += data
    while let end = rest.firstIndex(of: 0x0a) {
      let line = Array(rest[...end])
      rest.removeSubrange(...end)
      let events = reader.read(line)
      result += events.map(Self.words)
      if events.isEmpty, line.first != UInt8(ascii: "{") {
        result.append(String(decoding: line.dropLast(), as: UTF8.self))
      }
    }
    if rest.count > OutputReader.longestLine { rest = [] }
    return result
  }

  private static func words(_ event: AgentEvent) -> String {
    switch event.kind {
    case .edit: "✎ \(event.path ?? "")"
    case .command: "$ \(event.text)"
    case .tool: "· \(event.text)"
    case .error, .failure: "✗ \(event.text)"
    case .result: "✓ \(event.text)"
    case .message, .usage, .request, .answer: event.text
    }
  }
}
