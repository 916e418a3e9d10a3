import Git
import Store

/// The variables that an agent gets.
package enum AgentEnvironment {
  /// - Parameters:
  ///   - base: the environment of Lanekeeper itself.
  ///   - hooks: the variables by which git finds the hooks.
  package static func variables(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, promptFile: String,
    repository: String, base: [String: String], hooks: [String: String]
  ) -> [String: String] {
    var result = GitProgram.clean(base)
    result.merge(hooks) { $1 }
    result["LANEKEEPER_FEATURE_ID"] = feature.id
    result["LANEKEEPER_FEATURE_TITLE"] = feature.title
    result["LANEKEEPER_CATEGORY"] = feature.category
    result["LANEKEEPER_AGENT_ID"] = attempt.agentID
    result["LANEKEEPER_ATTEMPT"] = String(attempt.number)
    result["LANEKEEPER_MODEL"] = attempt.tier
    result["LANEKEEPER_MODEL_NAME"] = attempt.modelName
    result["LANEKEEPER_PROMPT_FILE"] = promptFile
    result["LANEKEEPER_LANE"] = lane.path
    result["LANEKEEPER_REPOSITORY"] = repository
    return result
  }
}
