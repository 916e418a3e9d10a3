extension Tool {
  /// The longest that a call may wait, in seconds: below the time after which a silent agent is ended.
  static let longestWait = 900

  static let wait = Tool(
    name: "wait_for_file", title: "Wait for a file",
    description: """
      Wait until a file that another holds is free, and claim it. Returns as claim_file does: \
      granted, or at the end of the time refused. When the holder has landed meanwhile, the answer \
      is refused with stale_base: then sync_lane and claim again. Do other work first where you can.
      """,
    input: Schema.object(
      [
        ("file_path", Schema.filePath),
        (
          "timeout_s",
          Schema.number("How long to wait at most; 50 by default.", from: 0, to: longestWait)
        ),
        ("agent_id", Schema.agent), ("feature_id", Schema.forFeature),
      ], required: ["file_path"]),
    output: Schema.claimResult, hints: .repeatable, takesTime: true
  ) { call in
    try await call.coordinator.wait(
      for: call.text("file_path"), seconds: call.arguments["timeout_s"]?.number ?? 50,
      agentID: call.agentID, feature: call.optionalText("feature_id"), progress: call.progress)
  }
}
