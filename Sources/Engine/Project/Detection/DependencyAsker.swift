import Backlog
import Foundation
import Planning
import Processes
import Synchronization

/// Asks an agent program, or a model behind HTTP, which feature needs which.
///
/// Answers are remembered by question and model. What does not fit is asked for once more, with what is wrong.
package struct DependencyAsker: Sendable {
  /// Why nobody could be asked, in words for people.
  package struct Unable: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
  }

  /// Questions for one backlog, at most: each costs time and money.
  package static let mostQuestions = 40

  /// Who is asked, for people and for the record.
  package let name: String
  private let send: @Sendable (String) throws -> String
  private let cache: AnswerCache?
  private let onlyCached: Bool
  /// Held while something is asked, so that several processes ask but once.
  private let lock: String?
  private let spent: Spending
  /// The cost of what was asked so far, in US dollars; `nil` where nobody told.
  package var costUSD: Double? { spent.sum.withLock { $0 } }

  /// Adds up what answers cost.
  final class Spending: Sendable {
    let sum = Mutex<Double?>(nil)

    func add(_ costUSD: Double?) {
      guard let costUSD else { return }
      sum.withLock { $0 = ($0 ?? 0) + costUSD }
    }
  }

  /// - Parameters:
  ///   - name: also tells remembered answers apart, so it names the model.
  ///   - cache: `nil` remembers nothing.
  ///   - send: sends a prompt and returns the answer's text; blocks.
  init(
    name: String, cache: AnswerCache?, onlyCached: Bool = false, lock: String? = nil,
    spent: Spending = Spending(), send: @escaping @Sendable (String) throws -> String
  ) {
    self.spent = spent
    self.name = name
    self.cache = cache
    self.onlyCached = onlyCached
    self.lock = lock
    self.send = send
  }

  /// Asks as a project's settings say, or as the command line does.
  ///
  /// - Throws: ``Unable``, or what is wrong with an agent's definition.
  package init(_ project: Project, asked: DetectionSource? = nil, onlyCached: Bool = false) throws {
    let first = project.configuration.agents.first ?? "claude"
    try self.init(
      asked ?? project.configuration.schedule.ask ?? .agent(first), catalogue: project.agents,
      models: try? project.models(nil), environment: project.environment,
      cache: AnswerCache(directory: project.state.path + "/detection"), onlyCached: onlyCached,
      lock: onlyCached ? nil : project.state.locks + "/detection")
    if !onlyCached { try project.state.create() }
  }

  /// A question that a person may agree to.
  package struct Offer: Sendable {
    /// Who would be asked.
    package let name: String
    /// The length of all that would be sent, in characters.
    package let characters: Int
  }

  /// Returns whom the project can ask about a backlog; `nil` where its agent's program is not there, can't be asked
  /// without tools, or would have to be asked too often.
  package static func offer(_ project: Project, _ backlog: Backlog) -> Offer? {
    let asked =
      project.configuration.schedule.ask
      ?? .agent(project.configuration.agents.first ?? "claude")
    if case .agent(let name) = asked {
      guard let definition = try? project.agents.definition(name),
        AgentQuestion.canBeAsked(definition, environment: project.environment)
      else { return nil }
    }
    guard let asker = try? DependencyAsker(project, asked: asked, onlyCached: true) else {
      return nil
    }
    let questions = DependencyQuestion.windows(backlog)
    guard !questions.isEmpty, questions.count <= mostQuestions else { return nil }
    return Offer(
      name: asker.name, characters: questions.reduce(0) { $0 + $1.prompt.count })
  }

  /// Asks outside of any repository; nothing is remembered.
  package init(_ asked: DetectionSource?, environment: [String: String]) throws {
    try self.init(
      asked ?? .agent("claude"),
      catalogue: AgentCatalogue(
        directories: InstalledTemplates.directories("agents"), settings: [:]),
      models: nil, environment: environment, cache: nil, onlyCached: false, lock: nil)
  }

  private init(
    _ asked: DetectionSource, catalogue: AgentCatalogue, models: ModelChoice?,
    environment: [String: String], cache: AnswerCache?, onlyCached: Bool, lock: String?
  ) throws {
    switch asked {
    case .endpoint(let settings):
      let endpoint = try ModelEndpoint(settings, environment: environment)
      self.init(
        name: settings.model, cache: cache, onlyCached: onlyCached, lock: lock,
        send: endpoint.answer)
    case .agent(let name):
      let definition = try catalogue.definition(name)
      let model = definition.modelName(models?.best ?? .opus)
      let spent = Spending()
      let question = try AgentQuestion(
        definition, guardProgram: try HelperPrograms.path("lanekeeper-guard"),
        environment: environment)
      self.init(
        name: model.contains(name) ? model : "\(name) (\(model))", cache: cache,
        onlyCached: onlyCached, lock: lock, spent: spent
      ) { prompt in
        let answer = try Waiting.result { try await question.answer(to: prompt, model: model) }
        spent.add(answer.costUSD)
        return answer.text
      }
    }
  }

  /// Returns what the answers to all questions found. Blocks.
  ///
  /// - Throws: ``Unable`` where one stays without an answer that fits.
  package func answers(to questions: [DependencyQuestion]) throws -> [Detector.Finding] {
    guard questions.count <= Self.mostQuestions else {
      throw Unable(
        "the backlog would take \(questions.count) questions, and \(Self.mostQuestions) are the most"
      )
    }
    let held = try lock.map { try FileLock.acquireBlocking($0) }
    defer { held?.release() }
    return try questions.flatMap { try answer(to: $0) }
  }

  private func answer(to question: DependencyQuestion) throws -> [Detector.Finding] {
    if let text = cache?.answer(to: question.prompt, of: name),
      let findings = try? DependencyAnswer.read(text, to: question, by: name)
    {
      return findings
    }
    guard !onlyCached else { throw Unable("it has not answered yet") }
    var prompt = question.prompt
    for round in 1...2 {
      let text = try sent(prompt)
      do {
        let findings = try DependencyAnswer.read(text, to: question, by: name)
        cache?.keep(text, to: question.prompt, of: name)
        return findings
      } catch {
        guard round == 1 else { throw Unable("its answer does not fit, twice: \(error)") }
        prompt =
          question.prompt + "\nAn earlier answer was refused: \(error)\n"
          + "Answer again, with the JSON object alone.\n"
      }
    }
    return []
  }

  private func sent(_ prompt: String) throws -> String {
    do {
      return try send(prompt)
    } catch {
      throw Unable("\(error)")
    }
  }
}

/// Waits on a thread that may block for what a task does.
private enum Waiting {
  private final class Box<T: Sendable>: @unchecked Sendable { var result: Result<T, any Error>? }

  static func result<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) throws -> T {
    let (box, done) = (Box<T>(), DispatchSemaphore(value: 0))
    Task.detached {
      do {
        box.result = .success(try await body())
      } catch {
        box.result = .failure(error)
      }
      done.signal()
    }
    done.wait()
    return try box.result!.get()
  }
}
