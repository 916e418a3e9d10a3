/// Which features wait for which, so that those that likely touch the same path are not at work at once.
///
/// Found by playing the schedule through: the likeliest pair first, whichever of the two orders gives fewer expected
/// collisions, as long as the whole run stays within ``limit`` times what it takes without.
/// Pairs that don't meet in that schedule keep its order, so that times that turn out otherwise don't
/// bring them together.
struct CollisionAvoidance: Sendable {
  /// For each feature, by number, what it waits for besides its dependencies.
  private(set) var waits: [[Int]]
  /// Seconds from the run's begin at which each feature starts at the latest, whatever is at work.
  private(set) var latest: [Double]
  /// When each is expected to end.
  private(set) var ends: [Double]
  /// For each feature the seconds of the longest chain that starts with it, waits included.
  private(set) var remaining: [Double]

  /// The allowed lengthening of the run, as a factor.
  static let limit = 1.11
  /// Less likely pairs are not kept apart.
  private static let least = 0.05
  /// Nor do these wait for each other where the schedule keeps them apart by itself.
  private static let leastInOrder = 0.12
  /// Steps of all plays together; beyond them the rest of the pairs is left as it is.
  private static let effort = 1_500_000
  /// Plays without which it is not worth to begin.
  private static let fewestPlays = 100

  /// Returns `nil` for backlogs that are too large to be played through often enough.
  ///
  /// - Parameters:
  ///   - agents: at least 1.
  ///   - seconds: how long each feature takes, by number.
  ///   - neighbours: with whom each feature may collide.
  init?(
    _ graph: DependencyGraph, priorities: [Int], agents: Int, seconds: [Double],
    neighbours: [[(other: Int, likelihood: Double)]]
  ) {
    let edges = (graph.beforeByNumber.map(\.count) + neighbours.map(\.count)).reduce(0, +)
    var plays = Self.effort / max(1, graph.ids.count + edges)
    guard plays >= Self.fewestPlays else { return nil }
    var stage = Stage(
      before: graph.beforeByNumber, priorities: priorities, agents: agents, seconds: seconds,
      neighbours: neighbours)
    let plain = stage.play()
    let paths = stage.remaining
    let bound = plain.span * Self.limit
    var best = plain
    var pairs: [(likelihood: Double, one: Int, two: Int)] = []
    for (number, list) in neighbours.enumerated() {
      for (other, likelihood) in list where other > number && likelihood >= Self.least {
        pairs.append((likelihood, number, other))
      }
    }
    pairs.sort { ($1.likelihood, $0.one, $0.two) < ($0.likelihood, $1.one, $1.two) }
    for _ in 0..<3 {
      let before = best.collisions
      for (_, one, two) in pairs where best.meet(one, two) && plays > 0 {
        var found: (play: Stage.Play, child: Int, parent: Int)?
        for (child, parent) in [(one, two), (two, one)]
        // A person's priority goes before.
        where priorities[child] <= priorities[parent] && !stage.needs(parent, child) {
          stage.add(child, parent)
          let play = stage.play()
          plays -= 1
          stage.removeLast(child)
          if play.span <= bound, play.collisions < best.collisions - 1e-9,
            found.map({ play < $0.play }) ?? true
          {
            found = (play, child, parent)
          }
        }
        guard let found else { continue }
        stage.add(found.child, found.parent)
        best = found.play
      }
      if best.collisions == before { break }
    }
    let final = stage.play()
    remaining = stage.remaining
    for (likelihood, one, two) in pairs where likelihood >= Self.leastInOrder {
      if final.ends[one] <= final.starts[two] + 1e-9 {
        stage.add(two, one)
      } else if final.ends[two] <= final.starts[one] + 1e-9 {
        stage.add(one, two)
      }
    }
    waits = stage.waits
    ends = final.ends
    latest = paths.map { bound - $0 }
  }
}

extension CollisionAvoidance {
  /// Plays a list schedule through, again and again with other waits.
  fileprivate struct Stage {
    struct Play {
      var span = 0.0
      /// The expected number of pairs that collide.
      var collisions = 0.0
      var starts: [Double]
      var ends: [Double]

      /// Returns whether two features are at work at once.
      func meet(_ one: Int, _ two: Int) -> Bool {
        starts[one] < ends[two] - 1e-9 && starts[two] < ends[one] - 1e-9
      }

      static func < (a: Play, b: Play) -> Bool { (a.collisions, a.span) < (b.collisions, b.span) }
    }

    private struct Running: Comparable {
      var end: Double
      var number: Int
      static func < (a: Running, b: Running) -> Bool { (a.end, a.number) < (b.end, b.number) }
    }

    private struct Waiting: Comparable {
      var priority: Int
      var remaining: Double
      var number: Int
      static func < (a: Waiting, b: Waiting) -> Bool {
        ScheduleOrder.isBefore(
          (a.priority, a.remaining, a.number), (b.priority, b.remaining, b.number))
      }
    }

    let before: [[Int]]
    private var after: [[Int]]
    private(set) var waits: [[Int]]
    private let priorities: [Int]
    private let agents: Int
    private let seconds: [Double]
    private let neighbours: [[(other: Int, likelihood: Double)]]
    /// Of the last play.
    private(set) var remaining: [Double]

    init(
      before: [[Int]], priorities: [Int], agents: Int, seconds: [Double],
      neighbours: [[(other: Int, likelihood: Double)]]
    ) {
      self.before = before
      self.priorities = priorities
      self.agents = agents
      self.seconds = seconds
      self.neighbours = neighbours
      after = Array(repeating: [], count: before.count)
      waits = after
      remaining = seconds
      for (number, list) in before.enumerated() {
        for other in list { after[other].append(number) }
      }
    }

    mutating func add(_ child: Int, _ parent: Int) {
      waits[child].append(parent)
      after[parent].append(child)
    }

    /// Takes back what was added last for a feature.
    mutating func removeLast(_ child: Int) {
      let parent = waits[child].removeLast()
      after[parent].removeLast()
    }

    /// Returns whether one feature comes after another, by dependencies or waits.
    func needs(_ number: Int, _ other: Int) -> Bool {
      var open = [number]
      var seen: Set<Int> = [number]
      while let next = open.popLast() {
        for list in [before[next], waits[next]] {
          for earlier in list where seen.insert(earlier).inserted {
            if earlier == other { return true }
            open.append(earlier)
          }
        }
      }
      return false
    }

    mutating func play() -> Play {
      let count = before.count
      var open = (0..<count).map { before[$0].count + waits[$0].count }
      measure(open)
      var ready = PriorityHeap<Waiting>()
      func enter(_ number: Int) -> Waiting {
        Waiting(priority: priorities[number], remaining: remaining[number], number: number)
      }
      for number in 0..<count where open[number] == 0 { ready.insert(enter(number)) }
      var running = PriorityHeap<Running>()
      var isActive = Array(repeating: false, count: count)
      var active = 0
      var play = Play(
        starts: Array(repeating: 0, count: count), ends: Array(repeating: 0, count: count))
      while true {
        while active < max(1, agents), let number = ready.popFirst()?.number {
          for (other, likelihood) in neighbours[number] where isActive[other] {
            play.collisions += likelihood
          }
          isActive[number] = true
          active += 1
          play.starts[number] = play.span
          play.ends[number] = play.span + seconds[number]
          running.insert(Running(end: play.ends[number], number: number))
        }
        guard let done = running.popFirst() else { return play }
        play.span = done.end
        isActive[done.number] = false
        active -= 1
        for other in after[done.number] {
          open[other] -= 1
          if open[other] == 0 { ready.insert(enter(other)) }
        }
      }
    }

    /// Finds the longest chain that starts with each feature.
    private mutating func measure(_ counts: [Int]) {
      for number in DependencyGraph.order(open: counts, after: after).reversed() {
        var longest = 0.0
        for other in after[number] { longest = max(longest, remaining[other]) }
        remaining[number] = seconds[number] + longest
      }
    }
  }
}
