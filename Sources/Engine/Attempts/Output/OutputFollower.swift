import Foundation
import Model
import Processes
import Store

/// Why an attempt was ended while its agent was at work.
package enum EarlyEnd: Sendable, Equatable {
  case person
  /// The agent made the same edit so many times in a row.
  case repeats(Int)
  case budget

  /// For people, as the end of "the attempt was ended: …".
  var words: String {
    switch self {
    case .person: "a person stopped the agent"
    case .repeats(let count): "it made the same edit \(count) times in a row"
    case .budget: "it has cost as much as the budget allows"
    }
  }
}

/// Reads an attempt's log while it grows, tells the event log what the agent does, and says when the
/// attempt is to be ended.
final class OutputFollower: @unchecked Sendable {
  private let lock = NSLock()
  private var reader: OutputReader
  private var offset: Int64 = 0
  private var told = 0
  private var toldSize: Int64 = 0
  private let log: String
  private let journal: AttemptJournal
  private let definition: AgentDefinition
  private let attempt: AttemptRecord
  private let store: Store
  private let secrets: Secrets
  private let allowance: Double?
  private var reason: EarlyEnd?
  /// The most events of one attempt; a program that does more is not worth reading.
  private static let mostEvents = 5000

  init(
    log: String, journal: String, definition: AgentDefinition, attempt: AttemptRecord, lane: String,
    store: Store,
    secrets: Secrets, allowance: Double?
  ) {
    self.log = log
    self.journal = AttemptJournal(path: journal)
    self.definition = definition
    self.attempt = attempt
    self.store = store
    self.secrets = secrets
    self.allowance = allowance
    reader = OutputReader(definition.output, lane: lane) { [store] in store.now }
  }

  /// Why the attempt was ended from here.
  var endReason: EarlyEnd? { lock.withLock { reason } }

  /// Reads until cancelled; calls `end` once where the attempt must not go on.
  func follow(end: @escaping @Sendable () -> Void) async {
    var hasEnded = false
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(500))
      guard !Task.isCancelled else { return }
      step()
      if !hasEnded, endReason != nil {
        hasEnded = true
        end()
      }
    }
  }

  /// More of what a program has written beside its output is not read.
  static let largestSideFile = 16 << 20

  /// Reads what is left, and the side file.
  func finish(sideFile: String) -> AttemptReport {
    step()
    return lock.withLock {
      let place = sideFile as NSString
      let bytes = try? Root(place.deletingLastPathComponent).read(
        Array(place.lastPathComponent.utf8), limit: Self.largestSideFile)
      tell(reader.finish(sideFile: bytes.map { Data($0) }))
      var report = reader.report
      report.costUSD = report.cost(at: definition.prices[attempt.tierName])
      if var limit = report.limit {
        limit.message = secrets.mask(limit.message)
        report.limit = limit
      }
      report.failure = report.failure.map(secrets.mask)
      return report
    }
  }

  private func step() {
    lock.withLock {
      if reason == nil, (try? store.isStopAsked(attempt.feature, attempt.number)) == true {
        reason = .person
      }
      guard let handle = RegularFile.handle(log) else { return }
      defer { try? handle.close() }
      try? handle.seek(toOffset: UInt64(offset))
      while let data = try? handle.read(upToCount: 1 << 18), !data.isEmpty {
        offset += Int64(data.count)
        tell(reader.read(data))
        check()
      }
      guard offset > toldSize else { return }
      toldSize = offset
      try? store.record(
        .output, feature: attempt.feature, agent: attempt.agent,
        ["attempt": .integer(Int64(attempt.number)), "offset": .integer(offset)])
    }
  }

  private func check() {
    let report = reader.report
    if report.repeats >= definition.output.repeats {
      reason = reason ?? .repeats(report.repeats)
    }
    if let allowance, let cost = report.cost(at: definition.prices[attempt.tierName]),
      cost >= allowance
    {
      reason = reason ?? .budget
    }
  }

  private func tell(_ events: [AgentEvent]) {
    let left = events.prefix(max(0, Self.mostEvents - told))
    told += events.count
    guard !left.isEmpty else { return }
    let rows: [(kind: OutputRule.Event, facts: [String: JSON])] = left.map { event in
      var facts: [String: JSON] = [
        "attempt": .integer(Int64(attempt.number)), "offset": .integer(event.offset),
      ]
      if !event.text.isEmpty {
        facts["text"] = .string(secrets.mask(String(event.text.prefix(300))))
      }
      if let path = event.path { facts["path"] = .string(path) }
      return (event.kind, facts)
    }
    journal.append(rows.map { ($0.kind.rawValue, $0.facts) }, at: store.now)
    try? store.recordAll(
      rows.compactMap { row in row.kind.event.map { ($0, row.facts) } }, feature: attempt.feature,
      agent: attempt.agent)
  }
}
