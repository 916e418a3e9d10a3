import Engine
import Foundation
import Model
import Processes
import Store

/// Follows the logs of the attempts under way for one listener, line by line.
///
/// Each page carries its position (``cursor``), so that a disconnected listener resumes there. One call at a time.
final class OutputFeed: @unchecked Sendable {
  private struct Place: Hashable {
    var feature: String
    var attempt: Int
  }

  private struct Open {
    var offset: UInt64
    /// The offset of the first line that was not returned yet.
    var told: UInt64
    var reader: LogReader
    var agent: String
  }

  private let project: Project
  private let store: Store
  private var seq: Int64
  private var open: [Place: Open] = [:]
  /// Bytes at the end of each log that a new listener gets.
  private static let tail: UInt64 = 16_384
  private static let chunk = 32_768

  /// - Parameter cursor: the position of an earlier listener; `nil` begins near the end of running attempts.
  init(_ project: Project, _ store: Store, cursor: String?) throws {
    self.project = project
    self.store = store
    seq = try store.lastEvent()
    if let cursor, let place = Self.read(cursor) {
      seq = min(seq, place.seq)
      for (place, offset) in place.open { try add(place, at: offset) }
      return
    }
    for attempt in try store.runningAttempts() {
      let size = Self.size(project.state.log(attempt.feature, attempt.number))
      var offset = size > Self.tail ? size - Self.tail : 0
      if offset > 0 { offset = lineStart(after: offset, attempt) }
      try add(Place(feature: attempt.feature, attempt: attempt.number), at: offset)
    }
  }

  /// `seq;feature/attempt:offset,…`
  var cursor: String {
    let places = open.sorted { ($0.key.feature, $0.key.attempt) < ($1.key.feature, $1.key.attempt) }
    return "\(seq);"
      + places.map { "\($0.key.feature)/\($0.key.attempt):\($0.value.told)" }
      .joined(separator: ",")
  }

  /// Returns the lines since the last call. Blocks.
  func next() throws -> [JSON] {
    try findNew()
    var lines: [JSON] = []
    for place in open.keys.sorted(by: { ($0.feature, $0.attempt) < ($1.feature, $1.attempt) }) {
      let isOver = try store.attempt(place.feature, place.attempt)?.state != .running
      guard var log = open[place] else { continue }
      let data = read(place, from: log.offset)
      log.offset += UInt64(data.count)
      var texts = log.reader.lines(data)
      if let end = data.lastIndex(of: 0x0a) {
        log.told = log.offset - UInt64(data.count - (end - data.startIndex) - 1)
      }
      if isOver, data.isEmpty {
        if let rest = log.reader.lastLine { texts.append(rest) }
        open[place] = nil
      } else {
        open[place] = log
      }
      for text in texts {
        lines.append([
          "feature": .string(place.feature), "attempt": .whole(place.attempt),
          "agent": .string(log.agent), "text": .string(String(text.prefix(4000))),
        ])
      }
    }
    return lines
  }

  /// Adds attempts that began since the last look.
  private func findNew() throws {
    guard try store.lastEvent() > seq else { return }
    while case let events = try store.events(after: seq, limit: 1000), let last = events.last {
      for event in events where event.name == .attemptStarted {
        guard let feature = event.feature, let number = event.facts["attempt"]?.integer else {
          continue
        }
        let place = Place(feature: feature, attempt: Int(number))
        if open[place] == nil { try add(place, at: 0) }
      }
      seq = last.seq
    }
  }

  private func add(_ place: Place, at offset: UInt64) throws {
    guard let attempt = try store.attempt(place.feature, place.attempt) else { return }
    open[place] = Open(
      offset: offset, told: offset, reader: try LogReader(project, store, attempt),
      agent: attempt.agentID)
  }

  private func read(_ place: Place, from offset: UInt64) -> Data {
    let path = project.state.log(place.feature, place.attempt)
    guard let handle = RegularFile.handle(path) else { return Data() }
    defer { try? handle.close() }
    // A cursor is a client's word, and seeking beyond the greatest offset ends the process.
    guard offset <= Self.size(path), (try? handle.seek(toOffset: offset)) != nil else {
      return Data()
    }
    return (try? handle.read(upToCount: Self.chunk)) ?? Data()
  }

  private func lineStart(after offset: UInt64, _ attempt: AttemptRecord) -> UInt64 {
    let data = read(Place(feature: attempt.feature, attempt: attempt.number), from: offset)
    guard let end = data.firstIndex(of: 0x0a) else { return offset }
    return offset + UInt64(end - data.startIndex) + 1
  }

  private static func size(_ path: String) -> UInt64 {
    var facts = stat()
    return stat(path, &facts) == 0 ? UInt64(facts.st_size) : 0
  }

  private static func read(_ cursor: String) -> (seq: Int64, open: [(Place, UInt64)])? {
    let parts = cursor.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, cursor.utf8.count < 16_384, let seq = Int64(parts[0]), seq >= 0 else {
      return nil
    }
    let open = parts[1].split(separator: ",").compactMap { word -> (Place, UInt64)? in
      let halves = word.split(separator: ":")
      guard halves.count == 2, let offset = UInt64(halves[1]),
        let slash = halves[0].lastIndex(of: "/"),
        let attempt = Int(halves[0][halves[0].index(after: slash)...])
      else { return nil }
      return (Place(feature: String(halves[0][..<slash]), attempt: attempt), offset)
    }
    return (seq, open)
  }
}
