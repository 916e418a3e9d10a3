import Foundation

/// Passes a run's events on so that those of one slot follow one another.
///
/// A slot is free as soon as its agent has ended, while the attempt's work is still being put away.
/// The next attempt in it may begin in that moment; what it reports is held back until the one
/// before has been reported as removed, since scripts read the lines of `agent-<n>` in order.
package final class AgentLineOrder: @unchecked Sendable {
  private struct Attempt {
    let feature: String
    var held: [RunEvent] = []
    var hasEnded = false
  }

  private let lock = NSLock()
  private let report: @Sendable (RunEvent) -> Void
  private var slots: [String: [Attempt]] = [:]

  /// - Parameter report: is called for one event at a time.
  package init(_ report: @escaping @Sendable (RunEvent) -> Void) { self.report = report }

  /// Takes an event and passes on what may be told now.
  package func take(_ event: RunEvent) {
    lock.withLock {
      switch event {
      case .started(let agent, let feature, _, _, _):
        slots[agent, default: []].append(Attempt(feature: feature))
        pass(event, agent, feature)
      case .completed(let agent, let feature), .interrupted(let agent, let feature, _):
        pass(event, agent, feature)
      case .failed(let agent?, let feature, _, _): pass(event, agent, feature)
      case .removed(let agent, let feature, _):
        pass(event, agent, feature)
        end(agent, feature)
      default: report(event)
      }
    }
  }

  private func pass(_ event: RunEvent, _ agent: String, _ feature: String) {
    guard let index = slots[agent]?.firstIndex(where: { $0.feature == feature && !$0.hasEnded }),
      index > 0
    else { return report(event) }
    slots[agent]?[index].held.append(event)
  }

  private func end(_ agent: String, _ feature: String) {
    guard let index = slots[agent]?.firstIndex(where: { $0.feature == feature && !$0.hasEnded })
    else { return }
    slots[agent]?[index].hasEnded = true
    while let first = slots[agent]?.first, first.hasEnded {
      slots[agent]?.removeFirst()
      for event in slots[agent]?.first?.held ?? [] { report(event) }
      if slots[agent]?.isEmpty == false { slots[agent]?[0].held = [] }
    }
  }
}
