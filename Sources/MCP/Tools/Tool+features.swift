import Model
import Store

extension Tool {
  static let featureTools: [Tool] = [
    Tool(
      name: "claim_features", title: "Take features",
      description: """
        Take up to so many features that are ready (everything that they depend on has landed), the \
        most urgent first. Each is yours alone, with the paths that it declares, for 15 minutes \
        after your last call. Then open_lane for each. Empty when none is ready; in a lane always \
        empty, since a lane has its feature.
        """,
      input: Schema.object(
        [
          ("count", Schema.whole("How many at most; 1 by default.", from: 1, to: 100)),
          ("agent_id", Schema.agent),
        ]),
      output: Schema.featureList, hints: Hints()
    ) { call in
      let coordinator = call.coordinator
      let actor = try coordinator.actor(call.agentID)
      guard actor.lane == nil else { return ["features": []] }
      let taken = try coordinator.claimFeatures(
        Int(call.arguments["count"]?.integer ?? 1), agent: actor.agent)
      let facts = try FeatureFacts(coordinator.store)
      return ["features": .array(try facts.json(taken))]
    },
    Tool(
      name: "release_features", title: "Hand features back",
      description: """
        Hand features back that you took, all of them or none. What you changed in their lanes stays \
        on their branches, and whoever takes them next goes on from there.
        """,
      input: Schema.object(
        [
          ("feature_ids", Schema.list(Schema.feature, "The features.", from: 1)),
          ("agent_id", Schema.agent),
        ], required: ["feature_ids"]),
      output: Schema.released, hints: Hints(), takesTime: true
    ) { call in
      let ids = call.texts("feature_ids")
      try await call.coordinator.releaseFeatures(ids, agentID: call.agentID)
      return ["released": .texts(ids)]
    },
    Tool(
      name: "get_feature", title: "Show a feature",
      description: "Show one feature: what is to be built, its state, and who works on it.",
      input: Schema.object([("feature_id", Schema.feature)], required: ["feature_id"]),
      output: Schema.featureFacts, hints: .reads
    ) { call in
      let store = call.coordinator.store
      try call.coordinator.refresh()
      let id = call.text("feature_id")
      guard let feature = try store.feature(id),
        let facts = try FeatureFacts(store).json([feature]).first
      else { throw ToolFailure(StoreError.unknownFeature(id).description) }
      return facts
    },
    Tool(
      name: "list_features", title: "List the features",
      description: "Show the backlog in its order, with each feature's state.",
      input: Schema.object([
        (
          "state",
          Schema.oneOf(FeatureState.allCases.map(\.rawValue), "Only those in this state.")
        ),
        ("category", Schema.text("Only those of this category.")),
      ]),
      output: Schema.featureList, hints: .reads
    ) { call in
      let store = call.coordinator.store
      try call.coordinator.refresh()
      let facts = try FeatureFacts(store)
      let found = try store.features().filter { feature in
        (feature.inBacklog || !feature.state.isFinal)
          && call.optionalText("state").map { feature.state.rawValue == $0 } ?? true
          && call.optionalText("category").map { feature.category == $0 } ?? true
      }
      return ["features": .array(try facts.json(found))]
    },
    Tool(
      name: "feature_graph", title: "Show the graph",
      description: "Show which feature has to land before which, and why.",
      input: Schema.object([]),
      output: Schema.object(
        [
          (
            "features",
            Schema.list(
              Schema.object(
                [
                  ("id", Schema.text("The id.")), ("title", Schema.text("The title.")),
                  ("state", Schema.text("The state in its life.")),
                ], required: ["id", "title", "state"]), "In backlog order.")
          ),
          (
            "edges",
            Schema.list(
              Schema.object(
                [
                  ("feature", Schema.text("The later one.")),
                  ("depends_on", Schema.text("The one that has to land first.")),
                  (
                    "source",
                    Schema.oneOf(
                      ["declared", "detected", "discovered"], "Where the edge comes from.")
                  ),
                  (
                    "confidence",
                    ["type": ["number", "null"], "description": "From 0 to 1, where detected."]
                  ),
                  ("reason", Schema.optionalText("Why.")),
                ], required: ["feature", "depends_on", "source"]), "The dependencies.")
          ),
        ], required: ["features", "edges"]), hints: .reads
    ) { call in try call.coordinator.graph() },
    Tool(
      name: "report_progress", title: "Report progress",
      description: """
        Say in a line how far you are, or leave a note for who holds a file that you need. People see \
        it in the events, on the web page and in `lanekeeper events`.
        """,
      input: Schema.object(
        [
          ("feature_id", Schema.feature), ("message", Schema.text("At most 4,000 characters.")),
          ("agent_id", Schema.agent),
        ], required: ["feature_id", "message"]),
      output: Schema.object(
        [("recorded", Schema.flag("Always true.")), ("seq", Schema.whole("The event's number."))],
        required: ["recorded", "seq"]),
      hints: Hints()
    ) { call in
      let seq = try call.coordinator.reportProgress(
        call.text("feature_id"), call.text("message"), agentID: call.agentID)
      return ["recorded": true, "seq": .integer(seq)]
    },
  ]
}
