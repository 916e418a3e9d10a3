import Model

extension Tool {
  static let claimTools: [Tool] = [
    Tool(
      name: "claim_file", title: "Claim a file",
      description: """
        Ask for the right to change one file (or a directory with everything below it) before you \
        edit it. Granted, nobody else can change it until your feature lands. Refused, the answer \
        names who holds it and what you can do. Claiming again what you hold is granted.
        """,
      input: Schema.object(
        [
          ("file_path", Schema.filePath), ("agent_id", Schema.agent),
          ("feature_id", Schema.forFeature),
        ], required: ["file_path"]),
      output: Schema.claimResult, hints: .repeatable
    ) { call in
      try claim(call, [call.text("file_path")], .exclusive)
    },
    Tool(
      name: "claim_files", title: "Claim files",
      description: """
        Ask for several files and directories at once: all of them are granted, or none. Use it \
        when a change needs them together, so that you never hold half of what you need.
        """,
      input: Schema.object(
        [
          ("file_paths", Schema.filePaths), ("agent_id", Schema.agent),
          (
            "mode",
            Schema.oneOf(
              ["exclusive", "shared"],
              "exclusive (the default): nobody else; shared: others that ask for shared, too.")
          ),
          ("feature_id", Schema.forFeature),
        ], required: ["file_paths"]),
      output: Schema.claimResult, hints: .repeatable
    ) { call in
      try claim(
        call, call.texts("file_paths"), ClaimMode(rawValue: call.text("mode")) ?? .exclusive)
    },
    Tool(
      name: "release_file", title: "Give a file back",
      description: """
        Give back a claim that you don't need after all. A path that your lane has changed can't be \
        given back; it lasts until the feature lands.
        """,
      input: Schema.object(
        [
          ("file_path", Schema.filePath), ("agent_id", Schema.agent),
          ("feature_id", Schema.forFeature),
        ], required: ["file_path"]),
      output: Schema.released, hints: Hints()
    ) { call in
      try release(call, [call.text("file_path")])
    },
    Tool(
      name: "release_files", title: "Give files back",
      description: "Give back several claims, all of them or none.",
      input: Schema.object(
        [
          ("file_paths", Schema.filePaths), ("agent_id", Schema.agent),
          ("feature_id", Schema.forFeature),
        ], required: ["file_paths"]),
      output: Schema.released, hints: Hints()
    ) { call in
      try release(call, call.texts("file_paths"))
    },
    Tool(
      name: "list_claims", title: "List the claims",
      description: "Show which paths are claimed, by whom, and until when.",
      input: Schema.object([
        ("feature_id", Schema.text("Only those of this feature.")),
        ("path", Schema.text("Only those that overlap with this path.")),
      ]),
      output: Schema.object(
        [("claims", Schema.list(Schema.claim, "By path."))], required: ["claims"]),
      hints: .reads
    ) { call in
      let coordinator = call.coordinator
      var rows = try coordinator.store.claims()
      if let feature = call.optionalText("feature_id") {
        rows = rows.filter { $0.owner == .feature(feature) }
      }
      if let path = call.optionalText("path") {
        let wanted = try coordinator.resolver().find(path).paths
        rows = rows.filter { row in wanted.contains { ClaimRule.overlap(row.path, $0) } }
      }
      return ["claims": .array(rows.map(coordinator.facts.json))]
    },
    Tool(
      name: "check_files", title: "Check files",
      description: """
        Tell whether files could be claimed now, without claiming them: what is held, stale or frozen.
        """,
      input: Schema.object(
        [
          ("file_paths", Schema.filePaths), ("agent_id", Schema.agent),
          ("feature_id", Schema.forFeature),
        ], required: ["file_paths"]),
      output: Schema.checkResult, hints: .reads
    ) { call in
      let batch = try call.coordinator.batch(
        call.texts("file_paths"), .exclusive, agentID: call.agentID,
        feature: call.optionalText("feature_id"))
      let conflicts = try call.coordinator.conflicts(batch)
      return [
        "granted": .bool(conflicts.isEmpty),
        "conflicts": .array(conflicts.map(call.coordinator.facts.json)),
      ]
    },
  ]

  private static func claim(_ call: ToolCall, _ paths: [String], _ mode: ClaimMode) throws -> JSON {
    let coordinator = call.coordinator
    let batch = try coordinator.batch(
      paths, mode, agentID: call.agentID, feature: call.optionalText("feature_id"))
    return coordinator.facts.outcome(try coordinator.claim(batch))
  }

  private static func release(_ call: ToolCall, _ paths: [String]) throws -> JSON {
    let batch = try call.coordinator.batch(
      paths, .exclusive, agentID: call.agentID, feature: call.optionalText("feature_id"))
    try call.coordinator.release(batch)
    return ["released": .texts(batch.requests.map(\.path.description))]
  }
}

extension Coordinator {
  var facts: ClaimFacts {
    ClaimFacts(title: title) { [store] in try? store.feature($0)?.state.rawValue }
  }

  /// Reads paths for a question that changes nothing.
  func resolver() throws -> PathResolver {
    if case .lane(let lane) = caller { return try resolver([lane.path]) }
    return try resolver([project.directory])
  }
}
