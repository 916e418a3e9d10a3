import Backlog
import Model
import TestSupport
import Testing

@Suite(.bounded) struct BacklogReaderTests {
  private func problems(_ text: String) -> [String] {
    do {
      _ = try BacklogReader.read(text: text, file: "features.yml")
      return []
    } catch {
      return error.description.split(separator: "\n").map(String.init)
    }
  }

  @Test func readsEveryKey() throws {
    let backlog = try BacklogReader.read(
      text: """
        features:
          - id: 1
            title: User Authentication
            category: frontend
            description: Log in.
            steps: ["one", two]
            depends_on: [a.b, {id: c, source: detected, confidence: 0.8, reason: because}]
            touches: ["src/auth/", src/routes.py]
            priority: 10
            model: opus
            agent: claude
          - {id: a.b, title: A}
          - {id: c, title: C}
        """, file: "features.yml")
    let first = backlog.features[0]
    #expect(first.id == "1" && first.category == "frontend" && first.steps == ["one", "two"])
    #expect(first.dependencies.map(\.id) == ["a.b", "c"])
    #expect(first.dependencies[1].source == .detected && first.dependencies[1].confidence == 0.8)
    #expect(first.touches == ["src/auth/", "src/routes.py"] && first.priority == 10)
    #expect(first.model == "opus" && first.agent == "claude")
    #expect(backlog.features[1].category == "backend")
  }

  @Test func allProblemsInOneGoWithPlaceAndSuggestion() {
    let lines = problems(
      """
      features:
        - {id: 1, title: A, depend_on: [2]}
        - {id: 1, title: B}
        - {id: "a b", title: C, model: gpt}
        - {title: D, depends_on: [9], touches: [../x]}
      """)
    let text = lines.joined(separator: "\n")
    #expect(text.contains("features.yml:2:") && text.contains("did you mean `depends_on`?"))
    #expect(text.contains("features.yml:3:") && text.contains("a duplicate"))
    #expect(text.contains("features.yml:4:") && text.contains("gpt"))
    #expect(text.contains("features.yml:5:") && text.contains("no id"))
    #expect(text.contains("'9'") && text.contains("../x"))
  }

  @Test func namesACycle() {
    let text = problems(
      """
      features:
        - {id: a, title: A, depends_on: [c]}
        - {id: b, title: B, depends_on: [a]}
        - {id: c, title: C, depends_on: [b]}
      """
    ).joined()
    #expect(text.contains("a -> c -> b -> a") || text.contains("depend on each other"))
  }

  @Test func brokenYAMLHasAPlace() {
    #expect(problems("features: [\n").joined().contains("features.yml:"))
    #expect(problems("features: 7").joined().contains("must be a list"))
    #expect(problems("") == [])
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let backlog = Backlog(features: [
      Feature(
        id: "007", title: "yes: #no", category: "own one", description: "line\n\"two\"\tü",
        steps: ["- a", "{b}"],
        dependencies: [
          Dependency(id: "x", source: .detected, confidence: 0.5, reason: "it's: so")
        ], touches: ["a b/"], priority: -3, model: "haiku", agent: "null"),
      Feature(id: "x", title: "12"),
    ])
    let text = BacklogWriter.yaml(backlog)
    #expect(try BacklogReader.read(text: text, file: "f") == backlog)
  }
}

@Suite(.bounded) struct ConfigurationReaderTests {
  private func read(_ text: String) throws -> Configuration {
    try ConfigurationReader.read(text: text, file: "lanekeeper.yml", repositoryName: "app")
  }

  @Test func defaults() throws {
    let value = try read("")
    #expect(value.target == "main" && value.gate.command.isEmpty && value.parallel == 3)
    #expect(value.lanes.path == "../app.lanes" && value.claims.policy == "auto")
    #expect(value.limits.attempts == 3 && value.limits.maxParallel == 5)
    #expect(value.landing.style == "merge" && value.landing.follow == "clean")
  }

  @Test func shortForms() throws {
    let value = try read(
      """
      gate: make check
      review: required
      claims: {paths: {CHANGELOG.md: {shared: union}, secrets/: frozen, lock: {regenerate: npm i}}}
      landing: squash
      agent: [a, b]
      agents: {a: ./a.sh, b: {run: ./b.sh}}
      limits: {attempt_minutes: 0.5}
      """)
    #expect(value.gate.command == "make check" && value.review.required)
    #expect(value.claims.paths["CHANGELOG.md"] == .shared(strategy: "union"))
    #expect(value.claims.paths["secrets/"] == .frozen)
    #expect(value.claims.paths["lock"] == .shared(strategy: "regenerate: npm i"))
    #expect(value.landing.style == "squash" && value.agents == ["a", "b"])
    #expect(value.definitions["a"]?.run == "./a.sh" && value.limits.attemptMinutes == 0.5)
  }

  /// Every number has bounds, which its error tells.
  @Test(arguments: [
    "gate: {command: make, timeout_minutes: X}", "limits: {attempt_minutes: X}",
    "limits: {silence_minutes: X}", "limits: {max_cost_usd: X}",
    "limits: {max_feature_cost_usd: X}", "limits: {stagger_seconds: X}",
    "limits: {attempts: X}", "limits: {memory_mb: X}", "limits: {disk_mb: X}", "limits: {nice: X}",
    "limits: {max_parallel: X}", "parallel: X", "slots: {a: X}", "landing: {window: X}",
    "landing: {speculate: X}", "gate: {command: make, retries: X}",
    "gate: {command: make, cold_every: X}", "review: {approvals: X}",
  ])
  func numbersHaveBounds(line: String) throws {
    for value in ["1e308", "1e300", "-1", "9000000000000000000", ".inf", ".nan", "1e-300"] {
      let text = line.replacingOccurrences(of: "X", with: value)
      // No pause at all is one.
      if value == "1e-300", line.contains("stagger") { continue }
      do throws(InputProblems) {
        _ = try ConfigurationReader.read(text: text, file: "f", repositoryName: "r")
        Issue.record("\(text) was taken")
      } catch {
        let told = error.problems.map(\.message).joined()
        #expect(
          told.contains("must be") && (told.contains(" to ") || told.contains("whole")),
          "\(text): \(told)")
      }
    }
  }

  @Test func landing() throws {
    #expect(try read("").landing.window == .size(4))
    let value = try read(
      "landing: {window: auto, style: rebase, follow: never, push: origin, speculate: 2}")
    #expect(value.landing.window == .auto && value.landing.speculate == 2)
    #expect(value.landing.style == "rebase" && value.landing.follow == "never")
    #expect(value.landing.push == "origin")
    #expect(throws: InputProblems.self) { try read("landing: {speculate: 99}") }
  }

  @Test func problems() {
    do {
      _ = try read(
        """
        gates: make test
        parallel: many
        preset: best
        landing: {window: 0, style: fast}
        limits: {attempts: 0}
        """)
      Issue.record("read")
    } catch let error as InputProblems {
      let text = error.description
      for word in [
        "lanekeeper.yml:1:", "did you mean `gate`?", "parallel", "best", "fast", "attempts",
      ] {
        #expect(text.contains(word), "\(text) lacks \(word)")
      }
    } catch {
      Issue.record("\(error)")
    }
  }

  /// Numbers that no clock and no account can count are told, not taken.
  @Test(arguments: ["max_cost_usd", "max_feature_cost_usd", "attempt_minutes", "stagger_seconds"])
  func numbersWithoutABoundAreRefused(key: String) throws {
    for value in ["1e308", "1e10", ".inf", ".nan", "-1", "-.inf", "99999999999999999999"] {
      #expect(throws: InputProblems.self, "\(key): \(value)") {
        try read("limits: {\(key): \(value)}")
      }
    }
    #expect(throws: Never.self) { try read("limits: {\(key): 1e3}") }
  }

  @Test func whatInitWritesIsRead() throws {
    let text = ConfigurationWriter.text(
      target: "trunk", gate: "make test: all", agent: "command", run: "./agent.sh \"x\"")
    let value = try read(text)
    #expect(value.target == "trunk" && value.gate.command == "make test: all")
    #expect(value.definitions["command"]?.run == "./agent.sh \"x\"" && !value.review.required)
  }
}

@Suite(.bounded) struct ImportTests {
  @Test func taskMaster() throws {
    let result = try Import.read(
      text: """
        {"master": {"tasks": [
          {"id": 1, "title": "Set up", "description": "d", "details": "more", "status": "done",
           "dependencies": []},
          {"id": 2, "title": "Build", "description": "d", "status": "pending", "priority": "high",
           "dependencies": [1]},
          {"id": 3, "title": "Test", "description": "d", "status": "pending", "dependencies": [2],
           "testStrategy": "run it"}
        ]}}
        """, file: "tasks.json")
    #expect(result.backlog.features.map(\.id) == ["2", "3"])
    #expect(result.backlog.features[0].dependencies.isEmpty)
    #expect(result.backlog.features[1].dependencies.map(\.id) == ["2"])
    #expect(result.backlog.features[0].priority > result.backlog.features[1].priority)
  }

  @Test func brokenJSONHasAPlace() {
    do {
      _ = try Import.read(text: "{\n  \"tasks\": [1,,]\n}", file: "tasks.json")
      Issue.record("read")
    } catch {
      #expect(error.description.contains("tasks.json:2:"))
    }
    #expect(throws: InputProblems.self) { try Import.read(text: "{\"x\": 1}", file: "f") }
  }
}
