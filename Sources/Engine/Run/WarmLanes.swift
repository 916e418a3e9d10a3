import Git
import Processes
import Store

/// The lanes that this process has at hand, filled with the target's tip ahead of need.
actor WarmLanes {
  private let pool: LanePool
  private let project: Project
  /// The most lanes that are made: one more than there are agents.
  private let limit: Int
  /// Whether another feature will follow in this process, for which lanes are filled ahead.
  private let fillsAhead: Bool
  private var shelved: [(lane: LaneRecord, commit: ObjectID?)] = []
  private var known = 0
  /// Lanes that are being filled.
  private var busy = 0
  private var isClosed = false
  private var wanted: (tip: ObjectID, need: Int)?
  private var isRefreshing = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  init(pool: LanePool, project: Project, limit: Int, fillsAhead: Bool) {
    self.pool = pool
    self.project = project
    self.limit = limit
    self.fillsAhead = fillsAhead
  }

  /// Hands out a lane, and the commit that it is known to be a clean checkout of.
  ///
  /// - Parameters:
  ///   - number: the lane that is best, since the feature was in it before.
  ///   - extra: lanes beyond the limit, in which attempts stand that have lent their places.
  func take(
    tip: ObjectID, preferring number: Int? = nil, extra: Int = 0
  ) async throws -> (lane: LaneRecord, commit: ObjectID?) {
    while true {
      if let index = shelved.firstIndex(where: { $0.lane.number == number })
        ?? shelved.firstIndex(where: { $0.commit == tip }) ?? shelved.indices.first
      {
        return shelved.remove(at: index)
      }
      if known < limit + extra {
        known += 1
        do {
          return try await make(tip)
        } catch {
          known -= 1
          throw error
        }
      }
      await withCheckedContinuation { waiters.append($0) }
    }
  }

  private func make(_ tip: ObjectID) async throws -> (lane: LaneRecord, commit: ObjectID?) {
    let pool = pool
    busy += 1
    defer { settleDown() }
    let taken = try await BlockingQueue.run { try pool.takeOrMake(commit: tip) }
    return (taken.lane, taken.isFilled ? tip : nil)
  }

  /// Makes a lane ahead of need.
  func makeSpare(tip: ObjectID) async {
    guard known < limit, shelved.isEmpty, !isClosed else { return }
    known += 1
    busy += 1
    defer { settleDown() }
    guard let made = try? await make(tip) else {
      known -= 1
      return
    }
    guard made.commit == nil else { return put(made.lane, made.commit) }
    await fill(made.lane, tip)
  }

  /// Takes a lane back that no feature is in any more, and fills it with the target's tip.
  ///
  /// - Parameter need: how many features may still start; no more lanes are filled.
  func giveBack(_ lane: LaneRecord, store: Store, tip: ObjectID?, need: Int) async {
    // The store has freed it at the attempt's end; another process may be faster.
    guard let reserved = try? store.reserveLane(preferring: lane.number) else {
      known -= 1
      wake()
      return
    }
    guard let tip, fillsAhead, shelved.count < need else { return put(reserved, nil) }
    await fill(reserved, tip)
  }

  /// Gives a lane back in which nothing was started.
  func putBack(_ lane: LaneRecord, _ commit: ObjectID?) { put(lane, commit) }

  /// Shelves a lane, filled where that works.
  @discardableResult
  private func fill(_ lane: LaneRecord, _ tip: ObjectID) async -> Bool {
    guard !isClosed else {
      put(lane, nil)
      return false
    }
    let pool = pool
    busy += 1
    defer { settleDown() }
    let filled: Void? = try? await BlockingQueue.run {
      try pool.enter(lane, branch: nil, commit: tip)
    }
    put(lane, filled == nil ? nil : tip)
    return filled != nil
  }

  /// Brings lanes that wait up to a new tip of the target.
  ///
  /// Of several tips in a row only the last counts.
  /// - Parameter need: how many features may still start; no more lanes are filled.
  func refresh(tip: ObjectID, need: Int) async {
    guard fillsAhead else { return }
    wanted = (tip, need)
    guard !isRefreshing else { return }
    isRefreshing = true
    defer { isRefreshing = false }
    while let (tip, need) = wanted, !isClosed, shelved.count(where: { $0.commit == tip }) < need,
      let index = shelved.firstIndex(where: { $0.commit != tip })
    {
      let (lane, _) = shelved.remove(at: index)
      guard await fill(lane, tip) else { return }
    }
  }

  private func put(_ lane: LaneRecord, _ commit: ObjectID?) {
    shelved.append((lane, commit))
    wake()
  }

  private func wake() {
    let woken = waiters
    waiters = []
    for waiter in woken { waiter.resume() }
  }

  private func settleDown() {
    busy -= 1
    wake()
  }

  /// Gives every lane back to the store, for the next run, once none is being filled any more.
  func close() async {
    isClosed = true
    while true {
      for (lane, _) in shelved { try? pool.giveBack(lane) }
      shelved = []
      guard busy > 0 else { return }
      await withCheckedContinuation { waiters.append($0) }
    }
  }
}
