import Foundation
import Model
import Store

/// Turns the bytes of an attempt's log into lines for people: lines for machines are told in words,
/// secrets are hidden, and what would steer a terminal is left out.
package struct LogReader {
  private var readable: ReadableLog?
  private var rest = Data()
  private let secrets: Secrets
  /// Bytes of a line that are held until its end comes.
  private static let longest = 256 * 1024

  /// - Parameter isRaw: lines for machines stay as they came.
  package init(
    _ project: Project, _ store: Store, _ attempt: AttemptRecord, isRaw: Bool = false
  ) throws {
    let name = try store.agentReport(attempt.feature, attempt.number)?.agent
    let definition = name.flatMap { try? project.agents.definition($0) }
    readable = definition.flatMap { definition in
      isRaw || definition.output.format == .plain
        ? nil : ReadableLog(definition, lane: try? store.lane(attempt.lane)?.path)
    }
    secrets = Secrets(environment: project.environment)
  }

  /// Returns the lines that the next bytes complete.
  package mutating func lines(_ data: Data) -> [String] {
    if readable != nil { return readable!.lines(data).map(shown) }
    let end = data.lastIndex(of: 0x0a).map { rest.count + ($0 - data.startIndex) }
    rest.append(data)
    guard let end else { return rest.count > Self.longest ? [beginning()] : [] }
    let whole = rest[..<end]
    rest = Data(rest[(end + 1)...])
    // No secret stands in two lines, so that all are looked at in one go.
    return secrets.mask(String(decoding: whole, as: UTF8.self)).utf8
      .split(separator: 0x0a, omittingEmptySubsequences: false)
      .map { TerminalSafeText.strip(String(Substring($0))) }
  }

  /// The unfinished last line; `nil` where there is none.
  package var lastLine: String? {
    rest.isEmpty ? nil : shown(String(decoding: rest, as: UTF8.self))
  }

  /// Takes what can be shown of a line whose end has not come for long.
  private mutating func beginning() -> String {
    let count = secrets.cut(rest)
    let text = String(decoding: rest.prefix(count), as: UTF8.self)
    rest = Data(rest.dropFirst(count))
    return shown(text)
  }

  private func shown(_ line: String) -> String { TerminalSafeText.strip(secrets.mask(line)) }
}
