import Backlog
import Model
import Planning
import Store

/// How long a run will still take, by what features took here.
package enum TimeLeft {
  /// Returns seconds; `nil` while nothing has been completed yet or nothing is at work.
  package static func seconds(project: Project, store: Store) throws -> Double? {
    let features = try store.features().filter(\.inBacklog)
    let open = features.filter { !$0.state.isFinal }
    guard !open.isEmpty, let run = try store.openParticipants().first else { return nil }
    var past: [Double] = []
    var started: [String: Double] = [:]
    for attempt in try store.attempts() {
      if attempt.state == .completed, let end = attempt.endedAt {
        past.append(Double(end - attempt.startedAt) / 1000)
      } else if attempt.state == .running {
        started[attempt.feature] = Double(store.now - attempt.startedAt) / 1000
      }
    }
    guard !past.isEmpty else { return nil }
    let typical = past.reduce(0, +) / Double(past.count)
    let dependencies = try store.dependencies()
    let ids = Set(open.map(\.id))
    let graph = DependencyGraph(
      Backlog(
        features: open.map { feature in
          Feature(
            id: feature.id, title: feature.title,
            dependencies: (dependencies[feature.id] ?? []).filter { ids.contains($0.id) }
              .map { Dependency(id: $0.id) }, priority: feature.priority)
        }))
    let built: Set<FeatureState> = [.completed, .inReview, .approved, .queued, .landing]
    let states = Dictionary(
      open.map { ($0.id, $0.state) }, uniquingKeysWith: { first, _ in first })
    let slots = SlotDemand(
      counts: project.configuration.slots,
      needs: Dictionary(
        open.filter { !$0.slots.isEmpty && !built.contains($0.state) }.map { ($0.id, $0.slots) },
        uniquingKeysWith: { first, _ in first }))
    return ListSchedule.makespan(graph, agents: max(1, run.parallel), slots: slots) { id in
      if let state = states[id], built.contains(state) { return 0 }
      return max(typical - (started[id] ?? 0), typical * 0.1)
    }
  }
}
