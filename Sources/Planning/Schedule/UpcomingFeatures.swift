/// Which features will be ready in a moment, since all that they depend on is built and on its way to land.
///
/// A landing takes moments where a feature takes minutes. An agent that takes the next best feature in such a moment is
/// missing when the one that the whole run waits for is ready.
struct UpcomingFeatures: Sendable {
  /// The expected duration of each feature, by number.
  let seconds: [Double]
  private let after: [[Int]]
  private var states: [RunSchedule.State]
  /// For each feature, how many of those that it depends on are neither built nor landed.
  private var unbuilt: [Int]
  /// For each feature, when its present state began.
  private var began: [Double]
  /// For each feature that is built, how long that took.
  private var worked: [Int: Double] = [:]
  /// When the last of what each arriving feature depends on was built.
  private(set) var arriving: [Int: Double] = [:]
  /// Expected seconds of all that is not built.
  private(set) var workLeft = 0.0
  /// The duration of features as a multiple of the expected one; a running mean.
  private(set) var pace = 1.0
  /// The time of a feature from built to landed; a running mean.
  private(set) var landing = 0.0
  private var landings = 0

  /// - Parameter seconds: how long a feature is expected to take, by number.
  init(_ graph: DependencyGraph, seconds: [Double]) {
    self.seconds = seconds
    after = graph.afterByNumber
    unbuilt = graph.beforeByNumber.map(\.count)
    states = Array(repeating: .out, count: seconds.count)
    began = Array(repeating: 0, count: seconds.count)
  }

  mutating func set(_ number: Int, _ state: RunSchedule.State, at now: Double) {
    let before = states[number]
    guard before != state else { return }
    if before == .active, state == .built { worked[number] = now - began[number] }
    if before == .built, state == .landed { learn(number, at: now) }
    states[number] = state
    began[number] = now
    if Self.isWork(before) != Self.isWork(state) {
      workLeft += Self.isWork(state) ? seconds[number] : -seconds[number]
    }
    note(number, at: now)
    guard Self.isDone(before) != Self.isDone(state) else { return }
    for other in after[number] {
      unbuilt[other] += Self.isDone(state) ? -1 : 1
      note(other, at: now)
    }
  }

  private mutating func learn(_ number: Int, at now: Double) {
    landings += 1
    let share = 1 / Double(min(landings, Self.memory))
    landing += share * (now - began[number] - landing)
    if let time = worked.removeValue(forKey: number), seconds[number] > 0 {
      pace += share * (time / seconds[number] - pace)
    }
  }

  private mutating func note(_ number: Int, at now: Double) {
    if states[number] == .later, unbuilt[number] == 0 {
      if arriving[number] == nil { arriving[number] = now }
    } else {
      arriving[number] = nil
    }
  }

  /// Means are of so many.
  private static let memory = 8

  private static func isDone(_ state: RunSchedule.State) -> Bool {
    state == .built || state == .landed
  }

  private static func isWork(_ state: RunSchedule.State) -> Bool {
    state == .later || state == .ready || state == .active
  }
}
