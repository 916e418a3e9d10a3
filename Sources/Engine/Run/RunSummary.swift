import Store

/// The counters of a run's summary.
struct RunTally: Sendable {
  /// The features that this process has landed.
  var landed: Set<String> = []
  var attempts = 0
  var agentSeconds = 0.0
  var costUSD = 0.0
}

extension RunLoop {
  /// Sums a run up once it is over.
  ///
  /// - Parameter seconds: how long it took.
  func summary(seconds: Double) throws -> RunSummary {
    var result = RunSummary()
    var features = try store.features().filter {
      $0.inBacklog && (context.options.only?.contains($0.id) ?? true)
    }
    try store.tellSlotWaits(&features)
    let holds = try store.slotHolds()
    let waits = try store.featureWaits()
    result.landed = features.count { $0.state == .landed && tally.landed.contains($0.id) }
    if context.options.kind == .work {
      result.landed = features.count { $0.state == .landed }
    }
    result.failed = features.count { $0.state == .failed }
    result.blocked = features.count { $0.state == .blocked }
    result.attempts = tally.attempts
    result.wallSeconds = seconds
    result.agentSeconds = tally.agentSeconds
    result.costUSD = tally.costUSD
    result.wasStopped = stop.isSet
    let open = features.filter { !$0.state.isFinal }
    result.open = open.count
    for feature in open {
      var line = "#\(feature.id) \(feature.shortTitle): \(feature.state.rawValue)"
      if let wait = feature.wait { line += ", " + wait.words(holds: holds) }
      if let words = waits[feature.id]?.words { line += ", " + words }
      if feature.state == .inReview {
        line += ", it waits " + ReviewWait.words(feature.id, byMake: context.options.kind == .work)
      }
      if feature.state == .queued, let heldReason = state.heldReason { line += ", \(heldReason)" }
      result.leftOver.append(line)
    }
    if stop.isSet {
      result.status = 130
    } else if result.failed + result.blocked > 0 || isColdRed || !state.mayStartAgent {
      result.status = 1
    } else if !open.isEmpty {
      result.status = 75
    }
    if context.options.only != nil, result.status == 0,
      features.contains(where: { $0.state == .abandoned })
    {
      result.status = 1
    }
    return result
  }
}
