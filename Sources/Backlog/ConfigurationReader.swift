import Model
import Yams

/// Reads `lanekeeper.yml`.
package enum ConfigurationReader {
  private static let keys = [
    "target", "gate", "agent", "parallel", "preset", "models", "review", "schedule", "lanes",
    "claims", "landing", "limits", "sandbox", "slots", "agents",
  ]
  private static let presets = ["quality", "balanced", "economy", "cheap", "experimental"]

  /// Reads the text of the configuration.
  ///
  /// - Parameters:
  ///   - file: the name for messages.
  ///   - repositoryName: the name of the repository's directory, for the default of `lanes.path`.
  ///   - lanesPath: that default itself, where it is not beside the repository.
  /// - Throws: ``InputProblems`` with everything that is wrong.
  package static func read(
    text: String, file: String, repositoryName: String, lanesPath: String? = nil
  ) throws(InputProblems) -> Configuration {
    let input = YAMLInput(file: file)
    var result = Configuration(repositoryName: repositoryName, lanesPath: lanesPath)
    if let root = input.root(text), !input.isNull(root),
      let members = input.members(root, of: "the file", known: keys)
    {
      readMain(members, input, &result)
      result.slots = readSlots(members["slots"], input)
      readGate(members["gate"], input, Set(result.slots.keys), &result.gate)
      readReview(members["review"], input, &result.review)
      readSchedule(members["schedule"], input, &result.schedule)
      readLanes(members["lanes"], input, target: result.target, &result.lanes)
      readClaims(members["claims"], input, &result.claims)
      readLanding(members["landing"], input, &result.landing)
      readLimits(members["limits"], input, &result.limits)
      readSandbox(members["sandbox"], input, &result.sandbox)
      readAgents(members["agents"], input, &result.definitions)
      if result.parallel > result.limits.maxParallel {
        input.report(
          members["parallel"],
          "parallel must be from 1 to \(result.limits.maxParallel), not \(result.parallel)",
          "limits.max_parallel raises the bound, to 64 at most")
      }
    }
    guard input.problems.isEmpty else { throw InputProblems(input.problems) }
    return result
  }

  private static func readMain(
    _ members: [String: Node], _ input: YAMLInput, _ result: inout Configuration
  ) {
    if let target = input.text(members["target"], "target") { result.target = target }
    if let agents = input.texts(members["agent"], "agent") {
      result.agents = agents.map(\.text)
      if agents.isEmpty { input.report(members["agent"], "agent names no agent") }
    }
    if let parallel = input.integer(members["parallel"], "parallel", in: 1...64) {
      result.parallel = parallel
    }
    result.preset = input.choice(members["preset"], "preset", presets)
    if let models = input.texts(members["models"], "models") {
      let valid = Tier.names + ["all"]
      let words = models.flatMap { item in
        item.text.split(separator: ",").map {
          (word: $0.filter { !$0.isWhitespace }.lowercased(), node: item.node)
        }
      }
      for (word, node) in words where !valid.contains(word) {
        input.report(
          node, "unknown model '\(word)'; valid are opus, sonnet, haiku, or all",
          Nearest.suggestion(word, among: valid))
      }
      if words.isEmpty { input.report(members["models"], "models names no model") }
      result.models = words.map(\.word)
      if members["preset"] != nil {
        input.report(members["models"], "preset and models can't both be given")
      }
    }
  }

  private static func readSlots(_ node: Node?, _ input: YAMLInput) -> [String: Int] {
    guard let node, !input.isNull(node) else { return [:] }
    guard let mapping = node.mapping else {
      input.report(node, "slots must be a mapping of names and numbers")
      return [:]
    }
    var result: [String: Int] = [:]
    var variables: [String: String] = [:]
    for (key, value) in mapping {
      let name = key.string ?? ""
      if let reason = SlotName.problem(name) {
        input.report(key, "'\(name)' as the name of a slot \(reason)")
        continue
      }
      if let other = variables.updateValue(name, forKey: SlotName.variable(name)) {
        input.report(
          key,
          "the slots '\(other)' and '\(name)' would have the same variable, "
            + SlotName.variable(name))
      }
      if let number = input.integer(value, "slots.\(name)", in: 1...1000) {
        result[name] = number
      }
    }
    return result
  }

  private static func readGate(
    _ node: Node?, _ input: YAMLInput, _ slots: Set<String>, _ gate: inout Configuration.Gate
  ) {
    guard let node, !input.isNull(node) else { return }
    if let scalar = node.scalar {
      gate.command = scalar.string
      return
    }
    let known = ["command", "timeout_minutes", "environment", "retries", "cold_every", "slots"]
    guard let members = input.members(node, of: "gate", known: known) else { return }
    gate.slots = SlotName.list(members["slots"], "gate.slots", input, known: slots)
    gate.command = input.text(members["command"], "gate.command") ?? ""
    if let value = input.number(
      members["timeout_minutes"], "gate.timeout_minutes", in: NumberRange.minutes)
    {
      gate.timeoutMinutes = value
    }
    gate.environment =
      input.texts(members["environment"], "gate.environment")?.map(\.text) ?? []
    if let value = input.integer(members["retries"], "gate.retries", in: 0...10) {
      gate.retries = value
    }
    if let value = input.integer(members["cold_every"], "gate.cold_every", in: 1...1_000_000) {
      gate.coldEvery = value
    }
  }

  private static func readReview(
    _ node: Node?, _ input: YAMLInput, _ review: inout Configuration.Review
  ) {
    guard let node, !input.isNull(node) else { return }
    if node.scalar != nil {
      review.required = input.choice(node, "review", ["required", "none"]) == "required"
      return
    }
    let known = ["required", "categories", "paths", "approvals", "push"]
    guard let members = input.members(node, of: "review", known: known) else { return }
    review.required = input.flag(members["required"], "review.required") ?? false
    review.categories = input.texts(members["categories"], "review.categories")?.map(\.text) ?? []
    review.paths = input.texts(members["paths"], "review.paths")?.map(\.text) ?? []
    review.approvals = input.integer(members["approvals"], "review.approvals", in: 1...100) ?? 1
    review.push = input.text(members["push"], "review.push")
  }

  private static func readSchedule(
    _ node: Node?, _ input: YAMLInput, _ schedule: inout Configuration.Schedule
  ) {
    guard let node, !input.isNull(node),
      let members = input.members(
        node, of: "schedule", known: ["detect", "ask", "stack", "footprints"])
    else { return }
    let words = ["none", "learned", "agent"]
    if let word = input.choice(members["detect"], "schedule.detect", words) {
      schedule.detect = word
    }
    schedule.ask = AskedReading.read(members["ask"], input)
    schedule.stack = input.flag(members["stack"], "schedule.stack") ?? false
    schedule.footprints = input.flag(members["footprints"], "schedule.footprints") ?? true
  }

  private static func readLanes(
    _ node: Node?, _ input: YAMLInput, target: String, _ lanes: inout Configuration.Lanes
  ) {
    guard let node, !input.isNull(node) else { return }
    if let scalar = node.scalar {
      lanes.path = scalar.string
      return
    }
    let known = [
      "path", "copy", "setup", "litter", "keep_branches", "branch", "commit_message", "author",
    ]
    guard let members = input.members(node, of: "lanes", known: known) else { return }
    if let path = input.text(members["path"], "lanes.path"), !path.isEmpty { lanes.path = path }
    for item in input.texts(members["copy"], "lanes.copy") ?? [] {
      if let reason = RepositoryPath.problem(item.text) {
        input.report(item.node, "'\(item.text)' in lanes.copy \(reason)")
      } else {
        lanes.copy.append(item.text)
      }
    }
    lanes.setup = input.text(members["setup"], "lanes.setup")
    lanes.litter = input.texts(members["litter"], "lanes.litter")?.map(\.text) ?? []
    lanes.keepBranches = input.flag(members["keep_branches"], "lanes.keep_branches") ?? false
    readBranch(members["branch"], input, target: target, &lanes)
    lanes.commitMessage = readMessage(members["commit_message"], input)
    if let text = input.text(members["author"], "lanes.author") {
      lanes.author = Configuration.Author(text)
      if lanes.author == nil {
        input.report(
          members["author"], "lanes.author must be a name and an address, not '\(text)'",
          "such as `Build Bot <bot@example.org>`")
      }
    }
  }

  private static func readBranch(
    _ node: Node?, _ input: YAMLInput, target: String, _ lanes: inout Configuration.Lanes
  ) {
    guard let text = input.text(node, "lanes.branch") else { return }
    guard let pattern = BranchPattern(text) else {
      let problem = BranchPattern.problem(text) ?? "can't be used"
      return input.report(
        node, "lanes.branch '\(text)' \(problem)", "such as `feature/{id}-{slug}`")
    }
    if pattern.directories.contains(target) {
      return input.report(
        node,
        "lanes.branch '\(text)' lies below the target: git can't have both a branch "
          + "'\(target)' and one '\(pattern.name(id: "1", slug: "x"))'")
    }
    lanes.branch = pattern
  }

  private static func readMessage(_ node: Node?, _ input: YAMLInput) -> String? {
    guard let text = input.text(node, "lanes.commit_message") else { return nil }
    guard !text.contains(where: \.isNewline), !text.allSatisfy(\.isWhitespace) else {
      input.report(node, "lanes.commit_message must be one line")
      return nil
    }
    let valid = ["id", "title", "category", "agent"]
    for match in text.matches(of: /\{([^{}]*)\}/) where !valid.contains(String(match.1)) {
      input.report(
        node, "lanes.commit_message has {\(match.1)}, which stands for nothing",
        "valid are " + valid.map { "{\($0)}" }.joined(separator: ", "))
    }
    return text
  }

  private static func readClaims(
    _ node: Node?, _ input: YAMLInput, _ claims: inout Configuration.Claims
  ) {
    guard let node, !input.isNull(node) else { return }
    let policies = ["auto", "strict", "off"]
    if node.scalar != nil {
      if let word = input.choice(node, "claims", policies) { claims.policy = word }
      return
    }
    let known = ["policy", "humans", "paths"]
    guard let members = input.members(node, of: "claims", known: known) else { return }
    if let word = input.choice(members["policy"], "claims.policy", policies) {
      claims.policy = word
    }
    if let word = input.choice(members["humans"], "claims.humans", ["warn", "deny", "off"]) {
      claims.humans = word
    }
    guard let paths = members["paths"], !input.isNull(paths) else { return }
    guard let mapping = paths.mapping else {
      return input.report(paths, "claims.paths must be a mapping of paths and policies")
    }
    for (key, value) in mapping {
      let path = key.string ?? ""
      if let reason = RepositoryPath.problem(path) {
        input.report(key, "'\(path)' in claims.paths \(reason)")
      } else if let policy = readPolicy(value, path, input) {
        claims.paths[path] = policy
      }
    }
  }

  private static func readPolicy(
    _ node: Node, _ path: String, _ input: YAMLInput
  ) -> PathPolicy? {
    if node.scalar != nil {
      return input.choice(node, "the policy of \(path)", ["strict", "free", "frozen"]).map {
        PathPolicy(name: $0, argument: nil)
      }
    }
    guard
      let members = input.members(
        node, of: "the policy of \(path)", known: ["shared", "regenerate"])
    else { return nil }
    if let command = input.text(members["regenerate"], "regenerate") {
      return .shared(strategy: "regenerate: \(command)")
    }
    guard let shared = members["shared"] else {
      input.report(node, "the policy of \(path) says neither shared nor regenerate")
      return nil
    }
    if shared.scalar != nil {
      return input.choice(shared, "shared", ["union"]).map { .shared(strategy: $0) }
    }
    guard let inner = input.members(shared, of: "shared", known: ["regenerate"]),
      let command = input.text(inner["regenerate"], "regenerate")
    else {
      input.report(shared, "shared must be union, or {regenerate: <command>}")
      return nil
    }
    return .shared(strategy: "regenerate: \(command)")
  }

  private static func readLanding(
    _ node: Node?, _ input: YAMLInput, _ landing: inout Configuration.Landing
  ) {
    guard let node, !input.isNull(node) else { return }
    let styles = ["merge", "squash", "rebase"]
    if node.scalar != nil {
      if let word = input.choice(node, "landing", styles) { landing.style = word }
      return
    }
    let known = ["window", "style", "follow", "push", "speculate"]
    guard let members = input.members(node, of: "landing", known: known) else { return }
    if members["window"]?.scalar?.string == "auto" {
      landing.window = .auto
    } else if let size = input.integer(members["window"], "landing.window", in: 1...1000) {
      landing.window = .size(size)
    }
    if let word = input.choice(members["style"], "landing.style", styles) { landing.style = word }
    if let word = input.choice(members["follow"], "landing.follow", ["clean", "never"]) {
      landing.follow = word
    }
    landing.push = input.text(members["push"], "landing.push")
    if let count = input.integer(
      members["speculate"], "landing.speculate", in: 1...Configuration.Landing.mostGates)
    {
      landing.speculate = count
    }
  }

  private static func readLimits(
    _ node: Node?, _ input: YAMLInput, _ limits: inout Configuration.Limits
  ) {
    let known = [
      "max_parallel", "attempt_minutes", "silence_minutes", "attempts", "max_cost_usd",
      "max_feature_cost_usd", "stagger_seconds", "memory_mb", "disk_mb", "nice",
    ]
    guard let node, !input.isNull(node),
      let members = input.members(node, of: "limits", known: known)
    else { return }
    if let value = input.integer(members["max_parallel"], "limits.max_parallel", in: 1...64) {
      limits.maxParallel = value
    }
    if let value = input.number(
      members["attempt_minutes"], "limits.attempt_minutes", in: NumberRange.minutes)
    {
      limits.attemptMinutes = value
    }
    if let value = input.number(
      members["silence_minutes"], "limits.silence_minutes", in: NumberRange.minutes)
    {
      limits.silenceMinutes = value
    }
    if let value = input.integer(members["attempts"], "limits.attempts", in: 1...100) {
      limits.attempts = value
    }
    limits.maxCostUSD = input.number(
      members["max_cost_usd"], "limits.max_cost_usd", in: NumberRange.dollars)
    limits.maxFeatureCostUSD = input.number(
      members["max_feature_cost_usd"], "limits.max_feature_cost_usd", in: NumberRange.dollars)
    limits.memoryMB = input.integer(members["memory_mb"], "limits.memory_mb", in: 1...(1 << 30))
    limits.diskMB = input.integer(members["disk_mb"], "limits.disk_mb", in: 1...(1 << 30))
    limits.nice = input.integer(members["nice"], "limits.nice", in: 0...19)
    limits.staggerSeconds = input.number(
      members["stagger_seconds"], "limits.stagger_seconds", in: NumberRange.pause)
  }

  private static func readSandbox(
    _ node: Node?, _ input: YAMLInput, _ sandbox: inout Configuration.Sandbox
  ) {
    guard let node, !input.isNull(node) else { return }
    let kinds = ["none", "bubblewrap"]
    if node.scalar != nil {
      sandbox.kind = input.choice(node, "sandbox", kinds) ?? sandbox.kind
      return
    }
    guard
      let members = input.members(
        node, of: "sandbox", known: ["kind", "network", "read", "write"])
    else { return }
    sandbox.kind = input.choice(members["kind"], "sandbox.kind", kinds) ?? "bubblewrap"
    sandbox.network =
      (input.choice(members["network"], "sandbox.network", ["on", "off"]) ?? "on") == "on"
    func paths(_ key: String) -> [String] {
      (input.texts(members[key], "sandbox.\(key)") ?? []).compactMap { item in
        let path = item.text.hasPrefix("~/") ? String(item.text.dropFirst(2)) : item.text
        guard !path.isEmpty, path != "~", !path.split(separator: "/").contains("..") else {
          input.report(
            item.node, "'\(item.text)' in sandbox.\(key) is no path below HOME and no absolute one")
          return nil
        }
        return path
      }
    }
    sandbox.read = paths("read")
    sandbox.write = paths("write")
  }

  private static func readAgents(
    _ node: Node?, _ input: YAMLInput, _ agents: inout [String: Configuration.AgentSettings]
  ) {
    guard let node, !input.isNull(node) else { return }
    guard let mapping = node.mapping else {
      return input.report(node, "agents must be a mapping of names and definitions")
    }
    for (key, value) in mapping {
      let name = key.string ?? ""
      var settings = Configuration.AgentSettings()
      if let scalar = value.scalar {
        settings.run = scalar.string
      } else if let inner = value.mapping {
        for (key, value) in inner {
          guard let text = input.text(value, "agents.\(name).\(key.string ?? "")") else { continue }
          if key.string == "run" {
            settings.run = text
          } else {
            settings.other[key.string ?? ""] = text
          }
        }
      } else {
        input.report(value, "agents.\(name) must be a mapping such as {run: ./agent.sh}")
      }
      agents[name] = settings
    }
  }
}
