import Foundation
import Model

/// Understands an agent's output piece by piece, by the rules of its definition.
package struct OutputReader {
  /// Longer lines are skipped, so that memory stays bounded whatever an agent writes.
  package static let longestLine = 4 << 20
  private static let longestPattern = 2000

  package private(set) var report = AttemptReport()
  private let settings: OutputSettings
  private let lane: String
  private let longestText: Int
  private let now: @Sendable () -> Int64
  private var line: [UInt8] = []
  private var lineStart: Int64 = 0
  private var position: Int64 = 0
  private var isSkipping = false
  private var lastEdit: String?
  private var patterns: [String: Regex<AnyRegexOutput>] = [:]
  private var added = (input: 0.0, output: 0.0, cached: 0.0, cost: 0.0)

  /// - Parameters:
  ///   - lane: the directory that paths of edits are made relative to.
  ///   - longestText: characters of a message that are kept.
  ///   - now: milliseconds since 1970, for limits that say how long they last.
  package init(
    _ settings: OutputSettings, lane: String, longestText: Int = 2000,
    now: @escaping @Sendable () -> Int64
  ) {
    self.settings = settings
    self.lane = lane
    self.longestText = longestText
    self.now = now
  }

  /// Reads the next bytes of the output.
  package mutating func read(_ bytes: some Collection<UInt8>) -> [AgentEvent] {
    guard settings.format == .jsonLines else { return [] }
    var events: [AgentEvent] = []
    for part in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
      if part.offset > 0 {
        position += 1
        if !isSkipping { take(line, settings.rules, lineStart, &events) }
        line.removeAll(keepingCapacity: line.capacity < 1 << 16)
        isSkipping = false
        lineStart = position
      }
      position += Int64(part.element.count)
      if !isSkipping, line.count + part.element.count > Self.longestLine {
        isSkipping = true
        report.skippedLines += 1
        line.removeAll()
      }
      if !isSkipping { line.append(contentsOf: part.element) }
      // What does not begin as an object says nothing, however long it is.
      if let first = line.first(where: Self.isNoSpace), first != UInt8(ascii: "{") {
        isSkipping = true
        line.removeAll(keepingCapacity: line.capacity < 1 << 16)
      }
    }
    return events
  }

  /// Reads a last line without its end, and the file that the program wrote for machines.
  package mutating func finish(sideFile: Data? = nil) -> [AgentEvent] {
    var events: [AgentEvent] = []
    if !isSkipping, !line.isEmpty { take(line, settings.rules, lineStart, &events) }
    line = []
    if let side = settings.file, let sideFile {
      switch side.format {
      case .json: take([UInt8](sideFile), side.rules, 0, &events)
      case .jsonLines:
        for line in sideFile.split(separator: 0x0a) { take([UInt8](line), side.rules, 0, &events) }
      }
    }
    if report.requests > report.answers, report.limit == nil {
      report.limit = LimitNotice(kind: .network, message: "the model gave no answer")
    }
    return events
  }

  private static func isNoSpace(_ byte: UInt8) -> Bool { byte != 0x20 && byte != 0x09 }

  private mutating func take(
    _ line: [UInt8], _ rules: [OutputRule], _ offset: Int64, _ events: inout [AgentEvent]
  ) {
    guard line.first(where: Self.isNoSpace) == UInt8(ascii: "{"),
      let object = try? JSON(reading: line, by: .lenient)
    else { return }
    for rule in rules { apply(rule, object, offset, &events) }
  }

  private mutating func apply(
    _ rule: OutputRule, _ object: JSON, _ offset: Int64, _ events: inout [AgentEvent]
  ) {
    guard matches(rule, object) else { return }
    if let each = rule.each, let value = FieldPath.value(each, in: object) {
      let items = value.array ?? value.members?.map(\.value) ?? []
      for item in items { for inner in rule.rules { apply(inner, item, offset, &events) } }
    }
    let fields = rule.fields
    if let session = FieldPath.text(fields.session, in: object) { report.session = session }
    if let model = FieldPath.text(fields.model, in: object), !model.hasPrefix("<") {
      report.model = model
    }
    count(rule, object)
    let message = FieldPath.text(fields.message, in: object).map(short)
    if let kind = rule.limit {
      report.limit = LimitNotice(
        kind: kind, message: message ?? kind.words, resetsAt: reset(rule, object, message))
    }
    if let event = rule.event { happen(event, rule, object, message, offset, &events) }
  }

  private mutating func happen(
    _ kind: OutputRule.Event, _ rule: OutputRule, _ object: JSON, _ message: String?,
    _ offset: Int64, _ events: inout [AgentEvent]
  ) {
    var event = AgentEvent(kind: kind, text: message ?? "", path: nil, offset: offset)
    switch kind {
    case .message:
      report.messages += 1
      report.lastMessage = message
    case .edit:
      let path = relative(FieldPath.text(rule.fields.path, in: object) ?? "")
      event.path = path
      report.editCount += 1
      if !report.edits.contains(path), report.edits.count < 1000 { report.edits.append(path) }
      // Ids differ from call to call, so only what is edited, and how, is compared.
      let content = FieldPath.value("input", in: object).map { FieldPath.text($0) } ?? message ?? ""
      let mark = "\(path)\0\(content.hashValue)"
      report.repeats = mark == lastEdit ? report.repeats + 1 : 1
      lastEdit = mark
    case .command:
      report.commands += 1
      event.text = short(FieldPath.text(rule.fields.command, in: object) ?? "")
    case .tool: event.text = short(FieldPath.text(rule.fields.tool, in: object) ?? "")
    case .usage: return
    case .error: break
    case .failure: report.failure = message ?? "the agent says that it has failed"
    case .result:
      report.failure = nil
      report.limit = nil
      if let message { report.lastMessage = message }
    case .request:
      report.requests += 1
      return
    case .answer:
      report.answers += 1
      return
    }
    events.append(event)
  }

  /// The largest count of tokens and dollars, so that sums never overflow, whatever a program prints.
  private static let mostCounted = 1e12

  private mutating func count(_ rule: OutputRule, _ object: JSON) {
    let fields = rule.fields
    func value(_ path: String?) -> Double? {
      FieldPath.number(path, in: object).flatMap { (0...Self.mostCounted).contains($0) ? $0 : nil }
    }
    func total(_ path: String?, _ sum: inout Double) -> Double? {
      guard let new = value(path) else { return nil }
      sum = min(Self.mostCounted, rule.counting == .add ? sum + new : new)
      return sum
    }
    if let n = total(fields.inputTokens, &added.input) {
      report.inputTokens = Int(n)
    }
    if let n = total(fields.outputTokens, &added.output) {
      report.outputTokens = Int(n)
    }
    if let n = total(fields.cachedTokens, &added.cached) {
      report.cachedTokens = Int(n)
    }
    if let n = total(fields.cost, &added.cost) { report.costUSD = n }
  }

  private mutating func matches(_ rule: OutputRule, _ object: JSON) -> Bool {
    for (path, wanted) in rule.when {
      guard let text = FieldPath.text(path, in: object) else { return false }
      guard wanted.contains("*") || wanted.contains(text) else { return false }
    }
    for (path, pattern) in rule.like {
      guard let text = FieldPath.text(path, in: object),
        first(pattern, in: text) != nil
      else { return false }
    }
    return true
  }

  private mutating func first(_ pattern: String, in text: String) -> [Substring?]? {
    if patterns[pattern] == nil { patterns[pattern] = try? Regex(pattern) }
    guard let regex = patterns[pattern],
      let match = try? regex.firstMatch(in: String(text.prefix(Self.longestPattern)))
    else { return nil }
    return match.output.map(\.substring)
  }

  private mutating func reset(_ rule: OutputRule, _ object: JSON, _ message: String?) -> Int64? {
    if let text = FieldPath.text(rule.fields.reset, in: object) {
      return ResetTime.read(text, now: now())
    }
    if let seconds = FieldPath.number(rule.fields.resetIn, in: object) {
      return now() + Int64(min(max(0, seconds), 32 * 86400) * 1000)
    }
    guard let pattern = rule.resetPattern, let message,
      let groups = first(pattern, in: message), groups.count > 1, let time = groups[1]
    else { return nil }
    return ResetTime.read(String(time), now: now())
  }

  private func relative(_ path: String) -> String {
    path.hasPrefix(lane + "/") ? String(path.dropFirst(lane.count + 1)) : path
  }

  private func short(_ text: String) -> String {
    text.utf8.count > longestText ? String(text.prefix(longestText)) + "…" : text
  }
}
