/// What is true of every event of one name.
package struct EventFacts: Sendable {
  /// One sentence that says what happened.
  package let sentence: String
  package let topic: EventTopic
  /// What the event names, as far as it applies: the feature and the agent in columns of their own, the rest in the
  /// detail.
  package let concerns: [EventConcern]
  /// The keys of the detail; an event has those that apply.
  package let keys: [String]

  init(
    _ sentence: String, _ topic: EventTopic, concerns: [EventConcern], keys: [String] = []
  ) {
    self.sentence = sentence
    self.topic = topic
    self.concerns = concerns
    self.keys = keys
  }
}

/// What an event is about, by which those that follow the log tell what to read again.
package enum EventTopic: String, Sendable, CaseIterable {
  /// Output and actions of an agent.
  case agent
  case attempt
  /// The content of the backlog file.
  case backlog
  /// Claims that were granted, or that ended.
  case claims
  /// Claims that were refused.
  case refusal
  /// The state of a feature.
  case feature
  /// What a feature is stacked on.
  case stack
  case lane
  /// The landing queue, the gate and landings.
  case landing
  case review
  case run
  case other
}

/// Whom an event concerns.
package enum EventConcern: String, Sendable, CaseIterable {
  case feature, attempt, agent, lane, landing, gate, run, target, backlog, machine
  /// An agent program, whichever attempts run it.
  case program
}

extension EventName {
  /// The name as a literal of SQL.
  package var sql: String { "'\(rawValue)'" }

  /// Whether the event tells of something that went wrong, which displays may mark.
  package var isTrouble: Bool {
    switch self {
    case .attemptFailed, .claimRefused, .featureBlocked, .featureFailed, .featureGateFailed,
      .undoFailed:
      true
    default: false
    }
  }

  /// The name of the event that a feature has entered a state.
  package init(entering state: FeatureState) {
    self =
      switch state {
      case .pending: .featurePending
      case .ready: .featureReady
      case .running: .featureRunning
      case .completed: .featureCompleted
      case .inReview: .featureInReview
      case .approved: .featureApproved
      case .queued: .featureQueued
      case .landing: .featureLanding
      case .landed: .featureLanded
      case .waiting: .featureWaiting
      case .changesRequested: .featureChangesRequested
      case .gateFailed: .featureGateFailed
      case .failed: .featureFailed
      case .blocked: .featureBlocked
      case .abandoned: .featureAbandoned
      case .undone: .featureUndone
      }
  }

  /// The table of all names as JSON, from which the reference and the page's table are made.
  package static var table: JSON {
    .array(
      allCases.map { name in
        let facts = name.facts
        return [
          "name": .string(name.rawValue), "sentence": .string(facts.sentence),
          "topic": .string(facts.topic.rawValue), "trouble": .bool(name.isTrouble),
          "concerns": .texts(facts.concerns.map(\.rawValue)), "keys": .texts(facts.keys),
        ]
      })
  }
}
