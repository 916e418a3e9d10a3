import Backlog
import Model

extension Backlog {
  /// The features with everything that `features.yml` says of them.
  package var json: JSON {
    [
      "features": .array(
        features.map(\.json))
    ]
  }
}

extension Feature {
  package var json: JSON {
    [
      "id": .string(id), "title": .string(title), "category": .string(category),
      "description": .string(description), "steps": .texts(steps),
      "depends_on": .texts(dependencies.map(\.id)), "touches": .texts(touches),
      "slots": .texts(slots),
      "priority": .whole(priority), "model": .text(model), "agent": .text(agent),
    ]
  }
}
