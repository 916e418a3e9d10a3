import Backlog
import Engine
import Foundation
import Model
import Planning
import Processes
import Store

/// The routes that show something; each returns a command's `--json`.
enum LookRoutes {
  static let all: [Route] = [
    .get("/api/status", "What `lanekeeper status --json` prints.") { call in
      .text(try await BlockingQueue.run { try call.site.status() })
    },
    .get("/api/settings", "What a run can be started with.") { call in
      .json(try await BlockingQueue.run { try settings(call.site) })
    },
    .get("/api/graph", "What `lanekeeper graph --format json` prints.") { call in
      .json(
        try await BlockingQueue.run {
          let project = try call.site.project()
          let states = Dictionary(
            try call.site.store.features().map { ($0.id, $0.state) },
            uniquingKeysWith: { first, _ in first })
          return GraphView(
            try project.addingDiscoveries(to: project.backlog()), states: states
          ).json
        })
    },
    .get("/api/graph/layout", "Where features and edges stand in a layered drawing.") { call in
      .json(
        try await BlockingQueue.run { try GraphPicture.json(call.site.project(), call.site.store) })
    },
    .get("/api/features", "The backlog, with all that `features.yml` says.") { call in
      .json(
        try await BlockingQueue.run {
          let project = try call.site.project()
          guard FileManager.default.fileExists(atPath: project.backlogFile) else {
            return Backlog(features: []).json
          }
          return try project.backlog().json
        })
    },
    .get("/api/attempts", "The attempts under way, with what each agent does.") { call in
      .json(
        try await BlockingQueue.run {
          try WorkView.json(call.site.project(), call.site.store, lines: 4)
        })
    },
    .get("/api/claims", "What `lanekeeper claims --json` prints, with who waits and why it lasts.")
    {
      call in
      .json(
        try await BlockingQueue.run {
          let report = try StuckClaims(call.site.project(), call.site.store)
          return ["claims": .array(try call.site.store.claims().map(report.json))]
        })
    },
    .get("/api/reviews", "What `lanekeeper review --json` prints.") { call in
      .json(
        try await BlockingQueue.run {
          let desk = try Reviews(call.site.project(), call.site.store)
          return [
            "reviews": .array(
              try desk.waiting().map { try desk.facts($0, isShort: true).json() })
          ]
        })
    },
    .get(
      "/api/reviews/{id}",
      "What `lanekeeper review ID --json` prints, and what has changed since the last verdict."
    ) { call in .json(try await BlockingQueue.run { try review(call) }) },
    .get("/api/landings", "The landing queue, what lands now, and how gates went before.") { call in
      .json(
        try await BlockingQueue.run { try LandingView.json(call.site.project(), call.site.store) })
    },
    .get(
      "/api/gates/{name}/log", "A part of a gate's log.",
      query: [Route.Field(name: "offset", kind: .integer, about: "bytes to leave out")]
    ) { call in .json(try await BlockingQueue.run { try LogPart.gate(call) }) },
    .get("/api/timeline", "What each lane did when, and the measured speed-up.") { call in
      .json(
        try await BlockingQueue.run { try TimelineView.json(call.site.project(), call.site.store) })
    },
    .get(
      "/api/logs/{id}", "A part of an attempt's log, as `lanekeeper logs` shows it.",
      query: [
        Route.Field(name: "attempt", kind: .integer, about: "its number; else the last"),
        Route.Field(name: "offset", kind: .integer, about: "bytes to leave out"),
      ]
    ) { call in .json(try await BlockingQueue.run { try LogPart.attempt(call) }) },
    .get(
      "/api/logs/{id}/download", "An attempt's whole log, as a file.",
      query: [Route.Field(name: "attempt", kind: .integer, about: "its number; else the last")],
      gives: "text/plain"
    ) { call in try await BlockingQueue.run { try LogPart.download(call) } },
    .get("/api/run/output", "The end of what the run wrote that was started from here.") { call in
      .json(
        try await BlockingQueue.run {
          ["lines": .texts(try LogPart.tail(RunLaunch.log(call.site.project())))]
        })
    },
    .get(
      "/api/events", "What `lanekeeper events --json` prints, as a list.",
      query: [
        Route.Field(name: "since", kind: .integer, about: "only events after this number"),
        Route.Field(name: "limit", kind: .integer, about: "at most so many, up to 5000"),
      ]
    ) { call in
      .json(
        try await BlockingQueue.run {
          let events = try call.site.store.events(
            after: call.number("since") ?? 0,
            limit: Int(max(1, min(5000, call.number("limit") ?? 1000))))
          return ["events": .array(events.map(\.json))]
        })
    },
    .get(
      "/api/stream",
      "Server-sent events: each event of the log with its number as `id`. `Last-Event-ID` goes on.",
      query: [Route.Field(name: "since", kind: .integer, about: "only events after this number")],
      gives: "text/event-stream"
    ) { call in
      let last = try call.site.store.lastEvent()
      let asked = call.lastEvent.flatMap { Int64($0) } ?? call.number("since") ?? last
      // A state file that was made anew counts from the beginning again.
      return .events(after: min(max(0, asked), last), isReset: asked > last)
    },
    .get(
      "/api/output",
      "Server-sent events: lines that agents write, as they come. `Last-Event-ID` goes on.",
      query: [Route.Field(name: "cursor", kind: .string, about: "the `id` to go on behind")],
      gives: "text/event-stream"
    ) { call in .output(cursor: call.lastEvent ?? call.query["cursor"]) },
    .get("/api/openapi.json", "This description.") { _ in .json(OpenAPI.description) },
  ]

  private static func settings(_ site: Site) throws -> JSON {
    let project = try site.project()
    let configuration = project.configuration
    let choice = try project.models(nil)
    return [
      "project": .string(project.name), "directory": .string(project.directory),
      "version": .string(site.version), "target": .string(configuration.target),
      "parallel": .whole(configuration.parallel),
      "max_parallel": .whole(configuration.limits.maxParallel),
      "preset": .text(choice.preset), "models": .texts(choice.available.map(\.rawValue)),
      "tiers": .texts(Tier.allCases.map(\.rawValue)),
      "presets": Preset.allJSON["presets"] ?? .array([]),
      "agents": .array(AgentsView.all(project, asksVersions: false).agents.map(\.json)),
      "agent": .texts(configuration.agents), "gate": .string(configuration.gate.command),
      "review_required": .bool(configuration.review.required),
      "categories": .texts(Preset.categories), "slots": .texts(configuration.slots.keys.sorted()),
    ]
  }

  private static func review(_ call: Call) throws -> JSON {
    let desk = try Reviews(call.site.project(), call.site.store)
    guard let feature = try call.site.store.feature(call.id) else {
      throw StoreError.unknownFeature(call.id)
    }
    let facts = try desk.facts(feature)
    try desk.noteLook(facts)
    let diff = try facts.state.map(desk.diff) ?? ""
    let since = try facts.lastVerdict.flatMap { verdict in
      try facts.state.flatMap { try desk.changes(since: verdict, $0) }
    }
    return [
      "reviews": [facts.json(diff: diff, logTail: try desk.logTail(feature, lines: 10))],
      "since_last": .text(since),
    ]
  }
}
