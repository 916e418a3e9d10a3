import Backlog
import Git
import Store

/// The variables that an agent gets.
package enum AgentEnvironment {
  /// Variables that every program needs to find its files, its language and the network.
  private static let always = [
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TERM", "XDG_*",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE",
    "GIT_AUTHOR_*", "GIT_COMMITTER_*", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM", "GIT_EDITOR", "GIT_TERMINAL_PROMPT", "LANEKEEPER_*",
  ]

  /// Variables by which an agent marks the programs that it starts as part of its session, in which Lanekeeper may
  /// have been started.
  private static let outerSession: Set<String> = [
    "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID",
  ]

  /// Returns those variables that a definition lets through, and those that it sets.
  static func allowed(
    _ base: [String: String], by rule: AgentDefinition.Environment, _ values: [String: String]
  ) -> [String: String] {
    let base = GitProgram.clean(base).filter { !outerSession.contains($0.key) }
    var result = rule.passesAll ? base : base.filter { passes($0.key, always + rule.pass) }
    for (name, value) in rule.set { result[name] = Placeholders.fill(value, values) }
    return result
  }

  private static func passes(_ name: String, _ patterns: [String]) -> Bool {
    patterns.contains {
      $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0
    }
  }

  /// - Parameters:
  ///   - base: the environment of Lanekeeper itself.
  ///   - hooks: the variables by which git finds the hooks.
  ///   - temporary: the lane's own directory for temporary files.
  ///   - slots: which instance the attempt holds of each slot.
  package static func variables(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, promptFile: String,
    repository: String, base: [String: String], hooks: [String: String], temporary: String? = nil,
    slots: [String: Int] = [:]
  ) -> [String: String] {
    var result = GitProgram.clean(base)
    result.merge(hooks) { $1 }
    result["LANEKEEPER_FEATURE_ID"] = feature.id
    result["LANEKEEPER_FEATURE_TITLE"] = feature.title
    result["LANEKEEPER_CATEGORY"] = feature.category
    result["LANEKEEPER_AGENT_ID"] = attempt.agentID
    result["LANEKEEPER_ATTEMPT"] = String(attempt.number)
    result["LANEKEEPER_MODEL"] = attempt.tierName
    result["LANEKEEPER_MODEL_NAME"] = attempt.modelName
    result["LANEKEEPER_PROMPT_FILE"] = promptFile
    result["LANEKEEPER_LANE"] = lane.path
    result["LANEKEEPER_REPOSITORY"] = repository
    let ports = LanePorts.of(lane: lane.number, repository: repository)
    result["LANEKEEPER_PORT"] = String(ports.lowerBound)
    result["LANEKEEPER_PORTS"] = "\(ports.lowerBound)-\(ports.upperBound)"
    if let temporary { result["TMPDIR"] = temporary }
    result.merge(SlotName.variables(slots)) { $1 }
    // Meant for git outside a sandbox.
    result["LANEKEEPER_USER_HOOKS"] = nil
    return result
  }
}
