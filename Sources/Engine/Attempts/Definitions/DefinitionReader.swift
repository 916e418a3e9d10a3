import Backlog
import Model
import Yams

/// Reads agent definitions and tells everything that is wrong with one in one go.
package enum DefinitionReader {
  private static let keys = [
    "name", "title", "program", "run", "arguments", "ask", "prompt", "version", "models", "resume",
    "budget", "mcp", "hook", "environment", "output", "exits", "litter", "stagger_seconds",
    "backoff_seconds", "nice", "expected_cost_usd", "prices_usd_per_million", "sandbox",
    "check",
  ]
  /// The words in braces that arguments and variables may hold.
  static let placeholders = [
    "prompt", "prompt_file", "model", "session", "lane", "repository", "git_dir", "output_file",
    "budget", "mcp_config", "hook_settings", "lanekeeper", "feature", "attempt",
  ]

  /// - Parameters:
  ///   - file: the name for messages.
  ///   - name: the agent's name, which the file's name says.
  /// - Throws: ``InputProblems`` with everything that is wrong.
  package static func read(
    text: String, file: String, name: String
  ) throws(InputProblems) -> AgentDefinition {
    let input = YAMLInput(file: file)
    var result = AgentDefinition(name: name, title: name, launch: .shell(""))
    if let root = input.root(text),
      let members = input.members(root, of: "the definition", known: keys)
    {
      if let said = input.text(members["name"], "name"), said != name {
        input.report(members["name"], "name is '\(said)', but the file is named for '\(name)'")
      }
      result.title = input.text(members["title"], "title") ?? name
      readLaunch(root, members, input, &result)
      readLists(members, input, &result)
      readTiers(members, input, &result)
      readEnvironment(members["environment"], input, &result.environment)
      readExits(members["exits"], input, &result.exits)
      readNumbers(members, input, &result)
      readSandbox(members["sandbox"], input, &result.sandbox)
      result.check = LoginCheck.read(members["check"], input)
      if result.check != nil, case .shell = result.launch {
        input.report(members["check"], "check needs `program`; a shell command has none")
      }
      OutputReading.read(members["output"], input, &result.output)
      checkPlaceholders(members, input, result)
    } else if input.problems.isEmpty {
      input.report(at: nil, "the definition is empty; it needs at least `program` or `run`")
    }
    guard input.problems.isEmpty else { throw InputProblems(input.problems) }
    return result
  }

  private static func readLaunch(
    _ root: Node, _ members: [String: Node], _ input: YAMLInput, _ result: inout AgentDefinition
  ) {
    let program = input.text(members["program"], "program")
    let run = input.text(members["run"], "run")
    let arguments = input.texts(members["arguments"], "arguments")?.map(\.text) ?? []
    switch (program, run) {
    case (let program?, nil): result.launch = .program(program, arguments)
    case (nil, let run?):
      result.launch = .shell(run)
      if !arguments.isEmpty {
        input.report(members["arguments"], "`run` is a shell command, to which no `arguments` go")
      }
    case (nil, nil): input.report(root, "neither `program` nor `run` says what is started")
    case (.some, .some): input.report(members["run"], "`program` and `run` exclude each other")
    }
    if let ask = members["ask"] {
      if let program {
        result.ask = .program(program, input.texts(ask, "ask")?.map(\.text) ?? [])
      } else {
        result.ask = input.text(ask, "ask").map { .shell($0) }
      }
    }
    let inputs = AgentDefinition.PromptInput.allCases.map(\.rawValue)
    if let word = input.choice(members["prompt"], "prompt", inputs) {
      result.promptInput = .init(rawValue: word)!
    }
  }

  private static func readLists(
    _ members: [String: Node], _ input: YAMLInput, _ result: inout AgentDefinition
  ) {
    func list(_ key: String) -> [String] { input.texts(members[key], key)?.map(\.text) ?? [] }
    result.version = list("version")
    result.budget = list("budget")
    result.mcp = list("mcp")
    result.hook = list("hook")
    result.litter = list("litter")
    if members["resume"] != nil { result.resume = list("resume") }
  }

  private static func readTiers(
    _ members: [String: Node], _ input: YAMLInput, _ result: inout AgentDefinition
  ) {
    if let node = members["models"],
      let models = input.members(node, of: "models", known: Tier.names)
    {
      result.models = models.compactMapValues { input.text($0, "a model's name") }
    }
    if let node = members["expected_cost_usd"],
      let costs = input.members(node, of: "expected_cost_usd", known: Tier.names)
    {
      result.expectedCost = costs.compactMapValues {
        input.number($0, "expected_cost_usd", in: NumberRange.dollars)
      }
    }
    guard let node = members["prices_usd_per_million"],
      let prices = input.members(node, of: "prices_usd_per_million", known: Tier.names)
    else { return }
    for (tier, node) in prices {
      let known = ["input", "output", "cached"]
      guard let price = input.members(node, of: "the prices of \(tier)", known: known) else {
        continue
      }
      guard let inside = input.number(price["input"], "input", in: NumberRange.dollars),
        let outside = input.number(price["output"], "output", in: NumberRange.dollars)
      else {
        input.report(node, "the prices of \(tier) need `input` and `output`")
        continue
      }
      result.prices[tier] = TokenPrice(
        input: inside, output: outside,
        cached: input.number(price["cached"], "cached", in: NumberRange.dollars) ?? inside)
    }
  }

  private static func readEnvironment(
    _ node: Node?, _ input: YAMLInput, _ result: inout AgentDefinition.Environment
  ) {
    guard let node, let members = input.members(node, of: "environment", known: ["pass", "set"])
    else { return }
    if members["pass"]?.scalar?.string == "all" {
      result.passesAll = true
    } else {
      for item in input.texts(members["pass"], "environment.pass") ?? [] {
        let name = item.text.hasSuffix("*") ? String(item.text.dropLast()) : item.text
        if name.isEmpty || !name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) {
          input.report(
            item.node, "'\(item.text)' is no name of a variable, with at most one * at its end",
            "`pass: all` passes everything")
        }
        result.pass.append(item.text)
      }
    }
    guard let set = members["set"] else { return }
    guard let mapping = set.mapping else {
      return input.report(set, "environment.set must be a mapping of names and values")
    }
    for (key, value) in mapping {
      result.set[key.string ?? ""] = input.text(value, "environment.set.\(key.string ?? "")")
    }
  }

  private static func readSandbox(
    _ node: Node?, _ input: YAMLInput, _ result: inout SandboxPaths
  ) {
    guard let node,
      let members = input.members(node, of: "sandbox", known: ["read", "write", "copy"])
    else { return }
    func list(_ key: String) -> [String] {
      input.texts(members[key], "sandbox.\(key)")?.map(\.text) ?? []
    }
    result = SandboxPaths(read: list("read"), write: list("write"), copy: list("copy"))
  }

  private static func readExits(
    _ node: Node?, _ input: YAMLInput, _ result: inout [Int32: UsageLimit]
  ) {
    guard let node else { return }
    guard let mapping = node.mapping else {
      return input.report(node, "exits must be a mapping of exit statuses and limits")
    }
    let kinds = UsageLimit.allCases.map(\.rawValue)
    for (key, value) in mapping {
      guard let status = input.integer(key, "an exit status", in: 1...255),
        let kind = input.choice(value, "the limit of exit status \(status)", kinds)
      else { continue }
      result[Int32(status)] = UsageLimit(rawValue: kind)
    }
  }

  private static func readNumbers(
    _ members: [String: Node], _ input: YAMLInput, _ result: inout AgentDefinition
  ) {
    if let node = members["stagger_seconds"], node.int != 0 {
      result.staggerSeconds = input.number(node, "stagger_seconds", in: NumberRange.pause) ?? 0
    }
    result.backoffSeconds =
      input.number(members["backoff_seconds"], "backoff_seconds", in: NumberRange.pause) ?? 30
    if let nice = input.integer(members["nice"], "nice", in: 0...19) { result.nice = nice }
  }

  /// Finds words in braces that mean nothing, and a prompt that goes nowhere.
  private static func checkPlaceholders(
    _ members: [String: Node], _ input: YAMLInput, _ result: AgentDefinition
  ) {
    for key in ["arguments", "resume", "budget", "mcp", "hook"]
      + (result.program == nil ? [] : ["ask"])
    {
      for item in input.texts(members[key], key) ?? [] {
        for word in Placeholders.words(in: item.text) where !placeholders.contains(word) {
          input.report(
            item.node, "{\(word)} in \(key) means nothing here",
            Nearest.suggestion(word, among: placeholders))
        }
      }
    }
    if let resume = result.resume, !resume.contains(where: { $0.contains("{session}") }) {
      input.report(members["resume"], "resume does not name the {session} to go on with")
    }
    guard case .program(_, let arguments) = result.launch else { return }
    var lists = [("arguments", arguments)] + (result.resume.map { [("resume", $0)] } ?? [])
    if case .program(_, let ask)? = result.ask { lists.append(("ask", ask)) }
    for (key, list) in lists {
      switch result.promptInput {
      case .stdin: break
      case .argument where !list.contains(where: { $0.contains("{prompt}") }):
        input.report(members[key], "the prompt is an argument, but {prompt} is not in \(key)")
      case .file where !list.contains(where: { $0.contains("{prompt_file}") }):
        input.report(members[key], "the prompt is a file, but {prompt_file} is not in \(key)")
      default: break
      }
    }
    if result.output.file != nil, !arguments.contains(where: { $0.contains("{output_file}") }) {
      input.report(members["output"], "output.file is read, but no argument names {output_file}")
    }
  }
}
