import Engine
import Foundation
import Store

/// The view of a run on a terminal: what happened scrolls by, and below it stands who is at work.
final class LiveTable: @unchecked Sendable {
  private let project: Project
  private let lock = NSLock()
  private var store: Store?
  private var drawn = 0
  private var hasEnded = false
  private var timer: (any DispatchSourceTimer)?

  init(project: Project) { self.project = project }

  func start() {
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + .milliseconds(300), repeating: .milliseconds(500))
    timer.setEventHandler { [weak self] in self?.redraw() }
    timer.resume()
    lock.withLock { self.timer = timer }
  }

  /// Writes lines that stay, above the table.
  func print(_ lines: [String]) {
    lock.withLock {
      var text = erased()
      for line in lines { text += Terminal.guarded(line) + "\n" }
      Terminal.write(text)
      draw()
    }
  }

  /// Takes the table away.
  func end() {
    lock.withLock {
      hasEnded = true
      timer?.cancel()
      Terminal.write(erased())
    }
  }

  private func redraw() {
    lock.withLock {
      guard !hasEnded else { return }
      Terminal.write(erased())
      draw()
    }
  }

  private func erased() -> String {
    defer { drawn = 0 }
    return drawn > 0 ? "\u{1b}[\(drawn)F\u{1b}[J" : ""
  }

  private func draw() {
    guard !hasEnded else { return }
    if store == nil { store = try? project.existingStore() }
    guard let store, let view = try? RunView(project: project, store: store) else { return }
    let size = Terminal.size
    let lines = view.lines(columns: size.columns).suffix(max(3, size.rows - 2))
    Terminal.write(lines.map { Terminal.guarded($0) + "\n" }.joined())
    drawn = lines.count
  }
}

/// The contents of the live table.
struct RunView {
  struct Row {
    var agent: String
    var feature: String
    var title: String
    var model: String
    var seconds: Double
    var last: String
  }
  var rows: [Row] = []
  var landed = 0
  var total = 0
  var remainingSeconds: Double?
  var landing: String?

  init(project: Project, store: Store) throws {
    let features = try store.features().filter(\.inBacklog)
    let titles = Dictionary(
      features.map { ($0.id, $0.title) }, uniquingKeysWith: { first, _ in first })
    total = features.count
    landed = features.count { $0.state == .landed }
    landing = features.first { $0.state == .landing }.map { "#\($0.id) \($0.shortTitle)" }
    for attempt in try store.runningAttempts() {
      rows.append(
        Row(
          agent: attempt.agentID, feature: attempt.feature, title: titles[attempt.feature] ?? "",
          model: attempt.tierName.uppercased(),
          seconds: Double(store.now - attempt.startedAt) / 1000,
          last: LogTail.last(project.state.log(attempt.feature, attempt.number)) ?? ""))
    }
    rows.sort { ($0.agent.count, $0.agent) < ($1.agent.count, $1.agent) }
    remainingSeconds = try TimeLeft.seconds(project: project, store: store)
  }

  func lines(columns: Int) -> [String] {
    var lines: [String] = []
    let width = max(10, min(40, columns - 44))
    let filled = total > 0 ? width * landed / total : 0
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    var head = "\(bar) \(landed)/\(total) landed"
    if let remainingSeconds, remainingSeconds > 0 {
      head += "   about \(Duration.text(remainingSeconds)) to go"
    }
    lines.append(Terminal.styled(Terminal.cut(head, columns), .green))
    let titleWidth = max(12, min(34, columns / 3))
    for row in rows {
      let time = Duration.text(row.seconds)
      func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - Terminal.width(text)))
      }
      let left =
        padded(row.agent, 9)
        + padded(Terminal.cut("#\(row.feature) \(row.title)", titleWidth), titleWidth + 2)
        + padded(row.model, 8) + padded(time, 9)
      let room = max(0, columns - Terminal.width(left) - 1)
      lines.append(left + Terminal.styled(Terminal.cut(row.last, room), .dim))
    }
    if let landing { lines.append(Terminal.cut("landing  \(landing)", columns)) }
    return lines
  }
}
