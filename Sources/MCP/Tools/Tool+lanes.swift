extension Tool {
  static let laneTools: [Tool] = [
    Tool(
      name: "complete_feature", title: "Complete a feature",
      description: """
        Say that a feature is done. What is uncommitted in its lane is committed, and the feature \
        goes to review or into the landing queue. In a lane that Lanekeeper runs, end after it. \
        Not done where nothing was changed, conflict markers are left, or a claim was refused that \
        you never got: the answer says which.
        """,
      input: Schema.object(
        [("feature_id", Schema.feature), ("agent_id", Schema.agent)], required: ["feature_id"]),
      output: Schema.object(
        [
          ("completed", Schema.flag("True: your part is done.")),
          ("state", Schema.text("The feature's state now.")),
          ("detail", Schema.text("What happens next, or what is missing.")),
        ], required: ["completed", "state", "detail"]),
      hints: Hints(), takesTime: true
    ) { call in
      try await call.coordinator.complete(call.text("feature_id"), agentID: call.agentID)
    },
    Tool(
      name: "open_lane", title: "Open a lane",
      description: """
        Make the lane of a feature that you took: a git worktree of its own, on the feature's branch. \
        Work and commit there and nowhere else. While it holds changes or a process stands in it, \
        the feature stays yours. Asking again answers the same.
        """,
      input: Schema.object(
        [("feature_id", Schema.feature), ("agent_id", Schema.agent)], required: ["feature_id"]),
      output: Schema.object(
        [
          ("lane", Schema.text("The directory of the worktree.")),
          ("branch", Schema.text("The branch that is checked out there.")),
          (
            "environment",
            [
              "type": "object", "additionalProperties": ["type": "string"],
              "description":
                """
              Variables to set in the lane: LANEKEEPER_SLOT_* tell which instance of a slot is held, the \
              others are for git where the hooks are not installed.
              """,
            ]
          ),
          ("notes", Schema.list(Schema.text("A line."), "What to know before you start.")),
        ], required: ["lane", "branch"]),
      hints: .repeatable, takesTime: true
    ) { call in
      try await call.coordinator.openLane(call.text("feature_id"), agentID: call.agentID)
    },
    Tool(
      name: "sync_lane", title: "Bring the target in",
      description: """
        Merge what has landed meanwhile into your lane's branch; your uncommitted work is kept. Needed \
        when a claim is refused as stale_base. Conflicts are left in the files for you to resolve and \
        commit.
        """,
      input: Schema.object([("feature_id", Schema.forFeature), ("agent_id", Schema.agent)]),
      output: Schema.object(
        [
          ("synced", Schema.flag("True: the lane has all of the target.")),
          ("detail", Schema.text("What happened, and what to do where something is left to do.")),
        ], required: ["synced", "detail"]),
      hints: .repeatable, takesTime: true
    ) { call in
      try await call.coordinator.syncLane(
        call.optionalText("feature_id"), agentID: call.agentID)
    },
  ]
}
