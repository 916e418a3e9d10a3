/// The names of the events in the event log, as the state file, `--json` and the page's stream have them.
///
/// This is the one place where they stand; `docs/reference/events.md` and the page's table are made from it.
package enum EventName: String, Sendable, CaseIterable {
  case agentCommand = "agent_command"
  case agentEdit = "agent_edit"
  case agentError = "agent_error"
  case agentFailure = "agent_failure"
  case agentMessage = "agent_message"
  case agentPaused = "agent_paused"
  case agentResult = "agent_result"
  case agentTold = "agent_told"
  case agentTool = "agent_tool"
  case attemptCompleted = "attempt_completed"
  case attemptError = "attempt_error"
  case attemptFailed = "attempt_failed"
  case attemptInterrupted = "attempt_interrupted"
  case attemptStarted = "attempt_started"
  case backlogChanged = "backlog_changed"
  case branchMended = "branch_mended"
  case branchRestored = "branch_restored"
  case claimRefused = "claim_refused"
  case claimsExpired = "claims_expired"
  case claimsGranted = "claims_granted"
  case claimsInherited = "claims_inherited"
  case claimsReleased = "claims_released"
  case clockSet = "clock_set"
  case coldGateRed = "cold_gate_red"
  case completionReported = "completion_reported"
  case configurationChanged = "configuration_changed"
  case configurationError = "configuration_error"
  case control
  case deadlockResolved = "deadlock_resolved"
  case featurePending = "feature_pending"
  case featureReady = "feature_ready"
  case featureRunning = "feature_running"
  case featureCompleted = "feature_completed"
  case featureInReview = "feature_in_review"
  case featureApproved = "feature_approved"
  case featureQueued = "feature_queued"
  case featureLanding = "feature_landing"
  case featureLanded = "feature_landed"
  case featureWaiting = "feature_waiting"
  case featureChangesRequested = "feature_changes_requested"
  case featureGateFailed = "feature_gate_failed"
  case featureFailed = "feature_failed"
  case featureBlocked = "feature_blocked"
  case featureAbandoned = "feature_abandoned"
  case featureUndone = "feature_undone"
  case featureStacked = "feature_stacked"
  case featureState = "feature_state"
  case gateEnded = "gate_ended"
  case gateFlaky = "gate_flaky"
  case landingFollow = "landing_follow"
  case landingPaused = "landing_paused"
  case landingPush = "landing_push"
  case landingResumed = "landing_resumed"
  case landingStarted = "landing_started"
  case landingSwap = "landing_swap"
  case laneMoved = "lane_moved"
  case laneOpened = "lane_opened"
  case lanePutAside = "lane_put_aside"
  case laneRescued = "lane_rescued"
  case laneSynced = "lane_synced"
  case output
  case personCommitted = "person_committed"
  case priorityChanged = "priority_changed"
  case progress
  case recoveryError = "recovery_error"
  case resumed
  case reviewApproved = "review_approved"
  case reviewChangesRequested = "review_changes_requested"
  case runEnded = "run_ended"
  case runStarted = "run_started"
  case runStopping = "run_stopping"
  case runWaits = "run_waits"
  case sandboxRest = "sandbox_rest"
  case specialFilesRemoved = "special_files_removed"
  case stopAsked = "stop_asked"
  case storeError = "store_error"
  case syncIgnored = "sync_ignored"
  case targetAccepted = "target_accepted"
  case targetForced = "target_forced"
  case targetHeld = "target_held"
  case targetMoved = "target_moved"
  case targetRed = "target_red"
  case targetRenamed = "target_renamed"
  case targetRestored = "target_restored"
  case undoFailed = "undo_failed"
  case undoRequested = "undo_requested"
  case waitEnded = "wait_ended"
  case waitStarted = "wait_started"
  case workAdopted = "work_adopted"
  case workKept = "work_kept"
  case workStarted = "work_started"
}

extension EventName {
  /// What is true of each event of the name.
  package var facts: EventFacts {
    switch self {
    case .agentCommand:
      EventFacts(
        "An agent ran a command.",
        .agent, concerns: [.feature, .attempt, .agent], keys: ["attempt", "offset", "text"])
    case .agentEdit:
      EventFacts(
        "An agent edited a file.",
        .agent, concerns: [.feature, .attempt, .agent], keys: ["attempt", "offset", "path", "text"])
    case .agentError:
      EventFacts(
        "An agent reported an error that need not be the end of its attempt.",
        .agent, concerns: [.feature, .attempt, .agent], keys: ["attempt", "offset", "text"])
    case .agentFailure:
      EventFacts(
        "An agent reported that its attempt has failed.",
        .agent, concerns: [.feature, .attempt, .agent], keys: ["attempt", "offset", "text"])
    case .agentMessage:
      EventFacts(
        "An agent wrote a message.",
        .agent, concerns: [.feature, .attempt, .agent], keys: ["attempt", "offset", "text"])
    case .agentPaused:
      EventFacts(
        "An agent program met a limit; no attempt starts with it until the limit ends.",
        .agent, concerns: [.program], keys: ["detail", "limit", "program", "until_ms"])
    case .agentResult:
      EventFacts(
        "An agent reported its result.",
        .agent, concerns: [.feature, .attempt, .agent], keys: ["attempt", "offset", "text"])
    case .agentTold:
      EventFacts(
        "An agent was given notes at its start in addition to its task.",
        .agent, concerns: [.feature, .attempt, .agent], keys: ["attempt", "detail"])
    case .agentTool:
      EventFacts(
        "An agent used another tool.",
        .agent, concerns: [.feature, .attempt, .agent], keys: ["attempt", "offset", "text"])
    case .attemptCompleted:
      EventFacts(
        "An attempt ended with its work committed.",
        .attempt, concerns: [.feature, .attempt, .agent], keys: ["attempt", "detail", "seconds"])
    case .attemptError:
      EventFacts(
        "An attempt could not continue because of an error of Lanekeeper.",
        .attempt, concerns: [.feature, .attempt, .agent], keys: ["attempt", "detail"])
    case .attemptFailed:
      EventFacts(
        "An attempt failed.",
        .attempt, concerns: [.feature, .attempt, .agent], keys: ["attempt", "detail", "seconds"])
    case .attemptInterrupted:
      EventFacts(
        "An attempt ended through no fault of its feature.",
        .attempt, concerns: [.feature, .attempt, .agent], keys: ["attempt", "detail", "seconds"])
    case .attemptStarted:
      EventFacts(
        "An attempt began.",
        .attempt, concerns: [.feature, .attempt, .agent],
        keys: ["attempt", "lane", "model", "reason", "session"])
    case .backlogChanged:
      EventFacts(
        "A run or a person changed the backlog file.",
        .backlog, concerns: [.backlog])
    case .branchMended:
      EventFacts(
        "A branch that could not be checked out was set back to where it left the target.",
        .other, concerns: [.feature], keys: ["branch", "detail", "from", "to"])
    case .branchRestored:
      EventFacts(
        "A deleted branch was restored.",
        .other, concerns: [.feature], keys: ["branch", "tip"])
    case .claimRefused:
      EventFacts(
        "Claims on paths were refused.",
        .refusal, concerns: [.feature, .agent], keys: ["paths", "reasons"])
    case .claimsExpired:
      EventFacts(
        "Claims expired because their owner gave no sign of life.",
        .claims, concerns: [.feature, .agent], keys: ["detail", "paths"])
    case .claimsGranted:
      EventFacts(
        "Paths were claimed.",
        .claims, concerns: [.feature, .agent], keys: ["generation", "paths"])
    case .claimsInherited:
      EventFacts(
        "A feature took over the claims of the feature that it is stacked on.",
        .claims, concerns: [.feature], keys: ["count", "from"])
    case .claimsReleased:
      EventFacts(
        "Claims were released.",
        .claims, concerns: [.feature], keys: ["count", "paths"])
    case .clockSet:
      EventFacts(
        "The machine's clock was set; times of what is under way were corrected.",
        .other, concerns: [.machine], keys: ["seconds"])
    case .coldGateRed:
      EventFacts(
        "The gate failed without caches on a commit of the target that had passed with them.",
        .other, concerns: [.target], keys: ["commit", "features", "log"])
    case .completionReported:
      EventFacts(
        "An agent reported in its lane that its feature is complete.",
        .other, concerns: [.feature, .attempt, .agent], keys: ["attempt"])
    case .configurationChanged:
      EventFacts(
        "A git setting that attempts share with the user's checkout changed.",
        .other, concerns: [.feature, .attempt, .agent],
        keys: ["attempt", "detail", "key", "restored"])
    case .configurationError:
      EventFacts(
        "The shared git configuration could not be read or restored.",
        .other, concerns: [.feature, .attempt, .agent], keys: ["attempt", "detail"])
    case .control:
      EventFacts(
        "A person gave the run a control word: `pause`, `drain`, `stop` or `stop-now`.",
        .other, concerns: [.run], keys: ["word"])
    case .deadlockResolved:
      EventFacts(
        "Features waited for one another; this one yields and runs after the other.",
        .other, concerns: [.feature], keys: ["circle", "runs_after"])
    case .featurePending:
      EventFacts(
        "A feature waits for dependencies that have not landed.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureReady:
      EventFacts(
        "A feature became ready: all its dependencies have landed.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureRunning:
      EventFacts(
        "An attempt took a feature.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureCompleted:
      EventFacts(
        "A feature's work is committed.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureInReview:
      EventFacts(
        "A feature waits for a review.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureApproved:
      EventFacts(
        "A feature was approved.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureQueued:
      EventFacts(
        "A feature entered the landing queue.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureLanding:
      EventFacts(
        "A feature left the landing queue to be merged and gated.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureLanded:
      EventFacts(
        "A feature is on the target.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureWaiting:
      EventFacts(
        "A feature waits for something other than a dependency, named by `waiting_for`.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureChangesRequested:
      EventFacts(
        "A reviewer sent a feature back.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureGateFailed:
      EventFacts(
        "The gate failed on a feature.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureFailed:
      EventFacts(
        "A feature used up its attempts.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureBlocked:
      EventFacts(
        "A feature is blocked by a dependency that failed or was abandoned.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureAbandoned:
      EventFacts(
        "A person abandoned a feature.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureUndone:
      EventFacts(
        "A landed feature was reverted on the target.",
        .feature, concerns: [.feature, .agent], keys: ["detail", "from", "to", "waiting_for"])
    case .featureStacked:
      EventFacts(
        "A feature starts on the branch of a dependency that has not landed.",
        .stack, concerns: [.feature], keys: ["onto"])
    case .featureState:
      EventFacts(
        "A feature was found to have landed before, in the target's history.",
        .feature, concerns: [.feature], keys: ["detail", "from", "to"])
    case .gateEnded:
      EventFacts(
        "A gate ended.",
        .landing, concerns: [.gate],
        keys: ["cold", "flaky", "log", "passed", "seconds", "status", "tree"])
    case .gateFlaky:
      EventFacts(
        "A gate failed and passed on the same tree.",
        .landing, concerns: [.gate], keys: ["features", "log", "tree"])
    case .landingFollow:
      EventFacts(
        "A landing is about to update the checkouts of the target.",
        .landing, concerns: [.feature, .landing], keys: ["landing"])
    case .landingPaused:
      EventFacts(
        "A person paused the landing queue.",
        .landing, concerns: [.run])
    case .landingPush:
      EventFacts(
        "A landing is about to push.",
        .landing, concerns: [.feature, .landing], keys: ["landing"])
    case .landingResumed:
      EventFacts(
        "A person resumed the landing queue.",
        .landing, concerns: [.run])
    case .landingStarted:
      EventFacts(
        "A landing began.",
        .landing, concerns: [.feature, .landing], keys: ["chain", "kind", "landing"])
    case .landingSwap:
      EventFacts(
        "A landing is about to move the target.",
        .landing, concerns: [.feature, .landing], keys: ["landing"])
    case .laneMoved:
      EventFacts(
        "A lane's worktree was found at another path.",
        .lane, concerns: [.lane], keys: ["lane", "path"])
    case .laneOpened:
      EventFacts(
        "A session opened a lane.",
        .lane, concerns: [.feature, .attempt, .lane, .agent], keys: ["attempt", "lane"])
    case .lanePutAside:
      EventFacts(
        "A directory in place of a lane was moved aside.",
        .lane, concerns: [.feature, .lane], keys: ["lane", "path"])
    case .laneRescued:
      EventFacts(
        "Contents of a lane were kept under a reference before the lane was reused.",
        .lane, concerns: [.feature, .lane], keys: ["detail", "lane"])
    case .laneSynced:
      EventFacts(
        "The target was merged into a lane.",
        .lane, concerns: [.feature, .lane, .agent], keys: ["commit", "target"])
    case .output:
      EventFacts(
        "An agent wrote output; its log has grown to `offset` bytes.",
        .agent, concerns: [.feature, .attempt, .agent], keys: ["attempt", "offset"])
    case .personCommitted:
      EventFacts(
        "A person committed in a lane.",
        .other, concerns: [.feature, .lane], keys: ["from", "to"])
    case .priorityChanged:
      EventFacts(
        "A feature's priority changed.",
        .backlog, concerns: [.feature], keys: ["priority"])
    case .progress:
      EventFacts(
        "An agent reported its progress.",
        .agent, concerns: [.feature, .agent], keys: ["message"])
    case .recoveryError:
      EventFacts(
        "The work of an attempt that was cut off could not be settled.",
        .other, concerns: [.feature, .agent], keys: ["detail"])
    case .resumed:
      EventFacts(
        "A person ended a pause of the run.",
        .other, concerns: [.run])
    case .reviewApproved:
      EventFacts(
        "A reviewer approved a feature.",
        .review, concerns: [.feature], keys: ["person", "tip"])
    case .reviewChangesRequested:
      EventFacts(
        "A reviewer requested changes.",
        .review, concerns: [.feature], keys: ["person", "tip"])
    case .runEnded:
      EventFacts(
        "A process that works on features ended: `run` or `work`.",
        .run, concerns: [.run], keys: ["participant", "state"])
    case .runStarted:
      EventFacts(
        "A run began.",
        .run, concerns: [.run], keys: ["models", "parallel", "participant", "pid", "preset"])
    case .runStopping:
      EventFacts(
        "A run is stopping: it starts nothing more.",
        .run, concerns: [.run], keys: ["participant"])
    case .runWaits:
      EventFacts(
        "A process has waited for something for a long time, or no longer waits.",
        .run, concerns: [.run], keys: ["participant", "waits"])
    case .sandboxRest:
      EventFacts(
        "Contents of a sandbox could not be brought into the lane.",
        .other, concerns: [.feature, .attempt, .agent], keys: ["attempt", "detail"])
    case .specialFilesRemoved:
      EventFacts(
        "Pipes or devices stood where git reads files; they were removed.",
        .other, concerns: [.feature, .agent], keys: ["detail"])
    case .stopAsked:
      EventFacts(
        "A person asked for the end of an attempt.",
        .other, concerns: [.feature, .attempt], keys: ["attempt"])
    case .storeError:
      EventFacts(
        "A feature could not be moved to the state that follows.",
        .other, concerns: [.feature], keys: ["detail"])
    case .syncIgnored:
      EventFacts(
        "A sync journal in a lane's part of the git directory was ignored, since agents can write there.",
        .other, concerns: [.feature, .lane, .agent], keys: ["detail", "lane"])
    case .targetAccepted:
      EventFacts(
        "A person accepted a move of the target past the hooks.",
        .other, concerns: [.target], keys: ["from", "to"])
    case .targetForced:
      EventFacts(
        "The target was moved so that landed features are no longer on it, or on other commits.",
        .other, concerns: [.target], keys: ["detail", "features"])
    case .targetHeld:
      EventFacts(
        "The target was moved past the hooks; landings wait for a person.",
        .other, concerns: [.target], keys: ["detail", "features", "found", "known"])
    case .targetMoved:
      EventFacts(
        "Someone else moved the target.",
        .other, concerns: [.target], keys: ["from", "to"])
    case .targetRed:
      EventFacts(
        "The gate failed on the target itself.",
        .other, concerns: [.target], keys: ["commit", "log"])
    case .targetRenamed:
      EventFacts(
        "The target branch has another name.",
        .other, concerns: [.target], keys: ["from", "to"])
    case .targetRestored:
      EventFacts(
        "The target is back where it was before it was moved past the hooks.",
        .other, concerns: [.target], keys: ["tip"])
    case .undoFailed:
      EventFacts(
        "A landed feature could not be reverted.",
        .other, concerns: [.feature], keys: ["detail"])
    case .undoRequested:
      EventFacts(
        "A person requested to revert a landed feature.",
        .other, concerns: [.feature])
    case .waitEnded:
      EventFacts(
        "A running attempt no longer waits for paths.",
        .other, concerns: [.feature])
    case .waitStarted:
      EventFacts(
        "A running attempt waits for paths.",
        .other, concerns: [.feature, .agent], keys: ["paths"])
    case .workAdopted:
      EventFacts(
        "A branch that existed before the state file was taken over.",
        .other, concerns: [.feature], keys: ["attempts", "branch", "paths"])
    case .workKept:
      EventFacts(
        "Work of an attempt that is not on its branch was kept under references.",
        .other, concerns: [.feature, .attempt, .agent], keys: ["attempt", "beside", "detail"])
    case .workStarted:
      EventFacts(
        "A `lanekeeper work` began.",
        .other, concerns: [.run], keys: ["models", "parallel", "participant", "pid", "preset"])
    }
  }
}
