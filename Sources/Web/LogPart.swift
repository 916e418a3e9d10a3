import Engine
import Foundation
import Model
import Processes
import Store

/// Parts of logs, cut at the ends of lines.
enum LogPart {
  private static let size = 512 * 1024

  static func attempt(_ call: Call) throws -> JSON {
    let (project, attempt) = try find(call)
    var reader = try LogReader(project, call.site.store, attempt)
    let secrets = Secrets(environment: project.environment)
    let isOver = attempt.state != .running
    let path = project.state.log(attempt.feature, attempt.number)
    return .object(
      try part(path, call, secrets, isOver: isOver) { reader.lines($0) } + [
        ("feature", .string(attempt.feature)), ("attempt", .whole(attempt.number)),
        ("attempts", .whole(try call.site.store.attempts(of: attempt.feature).count)),
        ("running", .bool(!isOver)),
      ])
  }

  static func gate(_ call: Call) throws -> JSON {
    let name = call.path["name"] ?? ""
    guard name.wholeMatch(of: /[0-9]+-[0-9a-f]+(-cold)?\.log/) != nil else {
      throw Failure("there is no log of a gate with this name", status: 64)
    }
    let project = try call.site.project()
    let path = project.state.gateLog(String(name.dropLast(4)))
    guard FileManager.default.fileExists(atPath: path) else {
      throw Failure("the log of this gate is gone", status: 64)
    }
    let secrets = Secrets(environment: project.environment)
    return .object(
      try part(path, call, secrets, isOver: true) { data in
        lines(data).map { TerminalSafeText.strip(secrets.mask($0)) }
      })
  }

  /// Returns the last lines of one of Lanekeeper's own files.
  static func tail(_ path: String) throws -> [String] {
    LogTail.lines(path, count: 200, bytes: 65_536).map(TerminalSafeText.strip)
  }

  static func download(_ call: Call) throws -> Answer {
    let (project, attempt) = try find(call)
    let path = project.state.log(attempt.feature, attempt.number)
    guard let handle = RegularFile.handle(path) else {
      throw Failure("the attempt has not written anything", status: 75)
    }
    try? handle.close()
    let secrets = Secrets(environment: project.environment)
    return .download(name: "feature-\(attempt.feature)-attempt-\(attempt.number).log") { offset in
      guard let handle = RegularFile.handle(path) else { return ([], offset) }
      defer { try? handle.close() }
      try handle.seek(toOffset: offset)
      var data = try handle.read(upToCount: size) ?? Data()
      // A secret must not be cut in two.
      if data.count == size {
        data = data.lastIndex(of: 0x0a).map { data[...$0] } ?? data.prefix(secrets.cut(data))
      }
      let text = secrets.mask(String(decoding: data, as: UTF8.self))
      return (Array(text.utf8), offset + UInt64(data.count))
    }
  }

  private static func find(_ call: Call) throws -> (Project, AttemptRecord) {
    let attempts = try call.site.store.attempts(of: call.id)
    guard try call.site.store.feature(call.id) != nil else {
      throw StoreError.unknownFeature(call.id)
    }
    let wanted = call.number("attempt").map { Int($0) }
    guard let attempt = attempts.last(where: { wanted == nil || $0.number == wanted }) else {
      throw Failure("there is no such attempt on feature #\(call.id) yet", status: 75)
    }
    return (try call.site.project(), attempt)
  }

  private static func part(
    _ path: String, _ call: Call, _ secrets: Secrets, isOver: Bool, reader: (Data) -> [String]
  ) throws -> [(String, JSON)] {
    var start = UInt64(max(0, call.number("offset") ?? 0))
    var data = Data()
    var total: UInt64 = 0
    var isCut = false
    if let handle = RegularFile.handle(path) {
      defer { try? handle.close() }
      total = try handle.seekToEnd()
      start = min(start, total)
      // Who begins within a secret sees nothing of it.
      let before = min(start, UInt64(Secrets.reach))
      try handle.seek(toOffset: start - before)
      data = try handle.read(upToCount: size + Int(before)) ?? Data()
      if data.count > before, let secret = secrets.range(across: Int(before), in: data) {
        data = Data(data.dropFirst(secret.upperBound))
        start += UInt64(secret.upperBound) - before
        isCut = true
      } else {
        data = Data(data.dropFirst(Int(before)))
      }
    }
    let isLast = start + UInt64(data.count) >= total
    if let end = data.lastIndex(of: 0x0a) {
      if !isLast || !isOver { data = data[...end] }
    } else if !isLast {
      // A line that goes on for long is told in pieces.
      data = data.prefix(secrets.cut(data))
    } else if !isOver {
      data = Data()
    }
    let next = start + UInt64(data.count)
    if data.last != nil, data.last != 0x0a { data.append(0x0a) }
    return [
      ("lines", .texts((isCut ? ["[secret]"] : []) + reader(data))),
      ("offset", .integer(Int64(next))), ("size", .integer(Int64(total))),
      ("more", .bool(next < total && !data.isEmpty)),
    ]
  }

  private static func lines(_ data: Data) -> [String] {
    var lines = data.split(separator: 0x0a, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { String(decoding: $0, as: UTF8.self) }
  }
}
