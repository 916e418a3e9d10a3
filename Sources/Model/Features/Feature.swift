/// One unit of work, as the backlog gives it.
package struct Feature: Sendable, Equatable {
  package var id: String
  package var title: String
  package var category: String
  package var description: String
  package var steps: [String]
  package var dependencies: [Dependency]
  /// Paths that are claimed with the feature; a directory ends in `/`.
  package var touches: [String]
  /// Higher first; 0 where not given.
  package var priority: Int
  /// The tier that the feature demands: opus, sonnet or haiku.
  package var model: String?
  package var agent: String?
  /// The names of the slots that an attempt on it holds, one instance of each.
  package var slots: [String]

  package init(
    id: String, title: String, category: String = "backend", description: String = "",
    steps: [String] = [], dependencies: [Dependency] = [], touches: [String] = [],
    priority: Int = 0, model: String? = nil, agent: String? = nil, slots: [String] = []
  ) {
    self.id = id
    self.title = title
    self.category = category
    self.description = description
    self.steps = steps
    self.dependencies = dependencies
    self.touches = touches
    self.priority = priority
    self.model = model
    self.agent = agent
    self.slots = slots
  }
}

/// A feature that must have landed first.
package struct Dependency: Sendable, Equatable {
  package enum Source: String, Sendable { case declared, detected, discovered }
  package var id: String
  package var source: Source
  /// From 0 to 1, for a detected one.
  package var confidence: Double?
  package var reason: String?
  /// The agent or model that said so; `nil` where it was found without one.
  package var by: String?

  package init(
    id: String, source: Source = .declared, confidence: Double? = nil, reason: String? = nil,
    by: String? = nil
  ) {
    self.id = id
    self.source = source
    self.confidence = confidence
    self.reason = reason
    self.by = by
  }
}
