import Backlog
import Engine
import Model
import Processes
import Store

/// The routes that change something; each does the same as a command.
enum ActRoutes {
  static let all: [Route] = runRoutes + featureRoutes + reviewRoutes

  private static let runRoutes: [Route] = [
    .act(
      .post, "/api/run", "Starts `lanekeeper run`.",
      body: [
        Route.Field(name: "parallel", kind: .integer, about: "agents at once"),
        Route.Field(name: "preset", kind: .string, about: "excludes models"),
        Route.Field(name: "models", kind: .strings, about: "opus, sonnet, haiku"),
        Route.Field(name: "agent", kind: .string, about: "by its name in lanekeeper.yml"),
        Route.Field(name: "features", kind: .strings, about: "only these"),
        Route.Field(name: "max_cost_usd", kind: .number, about: "what the run may cost"),
      ]
    ) { call in
      var launch = RunLaunch()
      launch.parallel = try call.body.integer("parallel")
      launch.preset = try call.body.string("preset")
      launch.models = try call.body.strings("models") ?? []
      launch.agent = try call.body.string("agent")
      launch.features = try call.body.strings("features") ?? []
      launch.maxCostUSD = try call.body.double("max_cost_usd")
      let asked = launch
      return .json(
        try await BlockingQueue.run {
          ["pid": .whole(Int(try asked.start(call.site.project(), call.site.store)))]
        })
    },
    .act(.post, "/api/run/pause", "As `lanekeeper pause`.") { try await ask($0, .pause) },
    .act(.post, "/api/run/drain", "As `lanekeeper stop --drain`.") { try await ask($0, .drain) },
    .act(.post, "/api/run/resume", "As `lanekeeper resume`.") { call in
      try await BlockingQueue.run {
        try RunControl(call.site.project(), call.site.store).resume()
        return .done
      }
    },
    .act(
      .post, "/api/run/stop", "As `lanekeeper stop`.",
      body: [Route.Field(name: "now", kind: .boolean, about: "gives the agents no time")]
    ) { call in try await ask(call, try call.body.flag("now") ? .stopNow : .stop) },
  ]

  private static func ask(_ call: Call, _ word: ControlWord) async throws -> Answer {
    try await BlockingQueue.run {
      try RunControl(call.site.project(), call.site.store).ask(word)
      return .done
    }
  }

  private static let facts: [Route.Field] = [
    Route.Field(name: "title", kind: .string, about: "one line"),
    Route.Field(name: "category", kind: .string, about: "such as backend"),
    Route.Field(name: "description", kind: .string, about: "what is to be built"),
    Route.Field(name: "steps", kind: .strings, about: "what has to be true in the end"),
    Route.Field(name: "depends_on", kind: .strings, about: "ids of features that land first"),
    Route.Field(name: "touches", kind: .strings, about: "paths that are claimed with it"),
    Route.Field(name: "slots", kind: .strings, about: "the slots that it needs"),
    Route.Field(name: "priority", kind: .integer, about: "higher first"),
    Route.Field(name: "model", kind: .string, about: "opus, sonnet or haiku; null for none"),
    Route.Field(name: "agent", kind: .string, about: "null for none"),
  ]

  private static let featureRoutes: [Route] = [
    .act(
      .post, "/api/features", "Adds a feature to `features.yml`.",
      body: [Route.Field(name: "id", kind: .string, about: "else the next number")] + facts
    ) { call in
      var feature = Feature(id: try call.body.string("id") ?? "", title: "")
      try fill(&feature, call.body)
      let added = feature
      return .json(
        try await BlockingQueue.run {
          ["id": .string(try BacklogEditor(call.site.project(), call.site.store).add(added))]
        })
    },
    .act(
      .patch, "/api/features/{id}",
      "Changes what is named of a feature in `features.yml`; nothing where that is no more as it was shown.",
      body: facts + [
        Route.Field(name: "was", kind: .object, about: "what was shown of that which is changed")
      ]
    ) { call in
      try await BlockingQueue.run {
        try BacklogEditor(call.site.project(), call.site.store).edit(call.id) { feature in
          if let was = call.body["was"] { try FeatureConflict.check(feature, was: was) }
          try fill(&feature, call.body)
        }
        return .done
      }
    },
    steer("retry", "As `lanekeeper retry ID`.") { _ = try $0.retry($1) },
    steer("stop", "As `lanekeeper stop --feature ID`.") { try $0.stopAttempt($1) },
    steer("abandon", "As `lanekeeper abandon ID`.") { try $0.abandon($1) },
    steer("reopen", "As `lanekeeper reopen ID`.") { try $0.reopen($1) },
    .act(
      .post, "/api/edges", "Lets a feature need another; a cycle is refused.",
      body: [
        Route.Field(name: "feature", kind: .string, about: "its id", isRequired: true),
        Route.Field(name: "depends_on", kind: .string, about: "lands first", isRequired: true),
      ]
    ) { call in
      let (feature, other) = (try call.body.needed("feature"), try call.body.needed("depends_on"))
      return try await BlockingQueue.run {
        try BacklogEditor(call.site.project(), call.site.store).addEdge(feature, dependsOn: other)
        return .done
      }
    },
    .act(.delete, "/api/edges/{id}/{other}", "Takes a dependency out of `features.yml`.") { call in
      try await BlockingQueue.run {
        try BacklogEditor(call.site.project(), call.site.store).removeEdge(
          call.id, dependsOn: call.path["other"] ?? "")
        return .done
      }
    },
  ]

  /// Refuses an operation that needs a run's state if no run has taken up the feature.
  /// A route that steers one feature which the store knows.
  private static func steer(
    _ verb: String, _ about: String, _ act: @escaping @Sendable (RunControl, String) throws -> Void
  ) -> Route {
    .act(.post, "/api/features/{id}/\(verb)", about) { call in
      try await BlockingQueue.run {
        try begun(call)
        try act(RunControl(call.site.project(), call.site.store), call.id)
        return .done
      }
    }
  }

  private static func begun(_ call: Call) throws {
    guard try call.site.store.feature(call.id) == nil,
      try call.site.project().backlog().features.contains(where: { $0.id == call.id })
    else { return }
    throw Failure(
      "no run has taken up feature #\(call.id) yet; it is ready for the first", status: 75)
  }

  private static func fill(_ feature: inout Feature, _ body: JSON) throws {
    if let title = try body.string("title") { feature.title = title }
    if let category = try body.string("category") { feature.category = category }
    if let description = try body.string("description") { feature.description = description }
    if let steps = try body.strings("steps") { feature.steps = steps }
    if let touches = try body.strings("touches") { feature.touches = touches }
    if let slots = try body.strings("slots") { feature.slots = slots }
    if let priority = try body.integer("priority") { feature.priority = priority }
    if body.has("model") { feature.model = try body.string("model") }
    if body.has("agent") { feature.agent = try body.string("agent") }
    if let wanted = try body.strings("depends_on") {
      // What is known of an edge that stays, stays.
      feature.dependencies = wanted.map { id in
        feature.dependencies.first { $0.id == id } ?? Dependency(id: id)
      }
    }
  }

  private static let reviewRoutes: [Route] = [
    .act(
      .post, "/api/reviews/{id}/approve", "As `lanekeeper review ID --approve --tip TIP`.",
      body: [
        Route.Field(
          name: "tip", kind: .string, about: "the commit that was shown", isRequired: true)
      ]
    ) { call in
      let tip = try shownTip(call)
      return try await BlockingQueue.run {
        let (desk, feature) = try desk(call)
        switch try desk.approve(feature, seen: tip) {
        case .queued: return .json(["queued": true])
        case .counted(let count, let needed):
          return .json(["queued": false, "approvals": .whole(count), "needed": .whole(needed)])
        }
      }
    },
    .act(
      .post, "/api/reviews/{id}/request-changes",
      "As `lanekeeper review ID --request-changes TEXT --at PLACE TEXT --tip TIP`.",
      body: [
        Route.Field(
          name: "tip", kind: .string, about: "the commit that was shown", isRequired: true),
        Route.Field(name: "text", kind: .string, about: "of the branch as a whole"),
        Route.Field(name: "comments", kind: .comments, about: "at lines; line 0 is the file"),
      ]
    ) { call in
      let tip = try shownTip(call)
      let text = try call.body.string("text") ?? ""
      let comments = try call.body.objects("comments").map { comment in
        ReviewComment(
          path: try comment.needed("path"), line: try comment.integer("line") ?? 0,
          text: try comment.needed("text"))
      }
      guard !text.allSatisfy(\.isWhitespace) || !comments.isEmpty else {
        throw Failure("say what is to change", status: 64)
      }
      return try await BlockingQueue.run {
        let (desk, feature) = try desk(call)
        try desk.requestChanges(feature, text: text, comments: comments, seen: tip)
        return .done
      }
    },
  ]

  private static func desk(_ call: Call) throws -> (Reviews, FeatureRecord) {
    guard let feature = try call.site.store.feature(call.id) else {
      throw StoreError.unknownFeature(call.id)
    }
    return (try Reviews(call.site.project(), call.site.store), feature)
  }
}

/// Reads the commit that a verdict is about. Its full id is required, since a branch name would follow the branch.
private func shownTip(_ call: Call) throws -> String {
  let tip = try call.body.needed("tip")
  guard [40, 64].contains(tip.utf8.count), tip.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
    throw Refusal(400, "`tip` has to be the full name of the commit that was shown")
  }
  return tip
}
