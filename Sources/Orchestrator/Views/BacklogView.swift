import Backlog

extension Backlog {
  /// The features with everything that `features.yml` says of them.
  package var json: JSONValue {
    [
      "features": .array(
        features.map { feature in
          [
            "id": .string(feature.id), "title": .string(feature.title),
            "category": .string(feature.category), "description": .string(feature.description),
            "steps": .texts(feature.steps), "depends_on": .texts(feature.dependencies.map(\.id)),
            "touches": .texts(feature.touches),
            "slots": .texts(feature.slots), "priority": .whole(feature.priority),
            "model": .text(feature.model), "agent": .text(feature.agent),
          ]
        })
    ]
  }
}
