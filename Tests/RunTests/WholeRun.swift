import Engine
import Foundation
import Git
import Processes
import Store
import TestSupport

/// A real run in this process: real git, hooks, guards and state file, and a shell script for the agent, whose attempts
/// do what stands in `plan/<feature>-<attempt>` beside the repository.
final class WholeRun: Sendable {
  let test: TestRepository
  let project: Project
  let store: Store
  private let log = Log()

  /// What has been told, for the message of a test that fails.
  private final class Log: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []
    var all: [String] { lock.withLock { lines } }
    func add(_ line: String) { lock.withLock { lines.append(line) } }
  }

  /// What an attempt does.
  enum Act: String, CaseIterable {
    /// Changes a file of the feature's own and commits it.
    case work
    /// The same, and leaves it uncommitted.
    case leave
    /// Changes a file that others change, too.
    case share
    /// Leaves what the gate refuses.
    case red
    /// Works once `go` is there.
    case hold
    /// Changes the configuration that it shares with the person's checkout, and locks it.
    case config
    case fail, nothing, die, slow

    /// Those that need nobody else.
    static let drawn = allCases.filter { $0 != .hold && $0 != .config }
  }

  init(configuration: String, features: String) throws {
    test = try TestRepository()
    try test.write("check.sh", "! grep -rl BUG . --include=*.txt\n")
    for number in 0..<3 { try test.write("s\(number).txt", "shared\n1\n2\n3\n") }
    try test.commit("base")
    try test.root.write("plan/none", "")
    try test.root.write("agent.sh", Self.agent)
    try test.write(
      "lanekeeper.yml",
      """
      gate: sh check.sh
      agent: command
      agents: {command: {run: 'sh "\(test.root.path)/agent.sh"'}}
      limits: {stagger_seconds: 0, attempts: 2}
      \(configuration)

      """)
    try test.write("features.yml", features)
    try test.write(".gitignore", "/lanekeeper.yml\n/features.yml\n/.gitignore\n")
    project = try Project.open(test.path, environment: test.environment)
    store = try project.store()
  }

  private static let agent = """
    cat > /dev/null
    id=$LANEKEEPER_FEATURE_ID
    act=$(cat "$LANEKEEPER_REPOSITORY/../plan/$id-$LANEKEEPER_ATTEMPT" 2>/dev/null || echo work)
    work() { echo "done $LANEKEEPER_ATTEMPT" > "f$id.txt"; }
    case $act in
      work) work; git add -A; git commit -qm "feature $id" || exit 1 ;;
      leave) work ;;
      share*) work; s="s${act#share}.txt"
        sed -i "2s/.*/by $id/" "$s"; git add -A; git commit -qm "feature $id" || exit 0 ;;
      red) echo BUG > "f$id.txt" ;;
      fail) work; exit 1 ;;
      nothing) exit 0 ;;
      die) work; kill -9 $$ ;;
      slow) sleep 0.5; work ;;
      hold) while ! [ -e "$LANEKEEPER_REPOSITORY/../go" ]; do sleep 0.05; done; work ;;
      pipe*) work; git add -A; git commit -qm "feature $id"; p="$LANEKEEPER_REPOSITORY/.git/${act#pipe}"
        case $act in *worktrees*) while ! [ -e "$p" ]; do sleep 0.05; done ;; esac
        mkdir -p "$(dirname "$p")"; rm -rf "$p"; mkfifo "$p"
        while [ -p "$p" ]; do sleep 0.05; done ;;
      config) work; git add -A; git commit -qm "feature $id"; git config user.name evil
        : > "$LANEKEEPER_REPOSITORY/.git/config.lock" ;;
    esac

    """

  func plan(_ feature: String, _ attempt: Int, _ act: String) throws {
    try test.root.write("plan/\(feature)-\(attempt)", act)
  }

  struct TooLong: Error, CustomStringConvertible { var description: String }

  /// Runs to the end.
  ///
  /// - Parameters:
  ///   - opened: the state file as the run has it open.
  ///   - seconds: how long the run may take.
  ///   - beside: is done meanwhile, over and over; milliseconds to the next time, or `nil` for no more.
  func run(
    _ options: RunOptions, store opened: Store? = nil, within seconds: Double = 300,
    beside: @escaping @Sendable () async -> Int? = { nil },
    tell: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) async throws -> RunSummary {
    let stop = StopSignal()
    let late = Late()
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    let supervisor = Supervisor(project: project, options: options, store: opened, stop: stop) {
      [log] event in
      log.add("\(event)")
      tell(event)
      // From now on the backlog has been read.
      if case .initialized = event { begin.finish() }
    }
    let person = Task {
      for await _ in begun {}
      while !Task.isCancelled, let pause = await beside() {
        try? await Task.sleep(for: .milliseconds(pause))
      }
    }
    let watch = Task {
      try await Task.sleep(for: .seconds(seconds))
      late.set(self.state())
      stop.set(forced: true)
    }
    defer {
      person.cancel()
      watch.cancel()
    }
    let summary: RunSummary
    do {
      summary = try await supervisor.run()
    } catch {
      person.cancel()
      await person.value
      throw error
    }
    person.cancel()
    await person.value
    if let state = late.state {
      throw TooLong(description: "the run does not end within \(seconds) s:\n\(state)")
    }
    return summary
  }

  private final class Late: @unchecked Sendable {
    private let lock = NSLock()
    private var text: String?
    var state: String? { lock.withLock { text } }
    func set(_ state: String) { lock.withLock { text = state } }
  }

  /// Everything about it, for a person.
  func state() -> String {
    let waits = (try? store.featureWaits()) ?? [:]
    let features = ((try? store.features()) ?? []).map {
      "#\($0.id) \($0.state) \($0.waitingFor ?? "") \(waits[$0.id].map { "\($0)" } ?? "?")"
        + ($0.inBacklog ? "" : " (left)")
    }
    let rows =
      features + ["held: \((try? store.heldLandings()) ?? [:])"]
      + log.all.suffix(60)
      + ((try? store.events(after: 0, limit: .max)) ?? []).suffix(60).map {
        "\($0.seq) \($0.type) \($0.feature ?? "") \($0.data)"
      }
    return rows.joined(separator: "\n")
  }

  /// What is wrong after a run that has ended.
  func wrongs(_ summary: RunSummary) throws -> [String] {
    var wrongs = try PromiseAudit(project, store).checks().filter { !$0.isWell }.map {
      "\($0.name): \($0.detail)"
    }
    let features = try store.features()
    let waits = try store.featureWaits()
    for feature in features where feature.inBacklog {
      let id = feature.id
      if waits[id] == .lost { wrongs.append("#\(id) is \(feature.state), and nobody has it") }
      guard feature.state.isFinal else {
        if !summary.leftOver.contains(where: { $0.hasPrefix("#\(id) ") }) {
          wrongs.append("#\(id) is \(feature.state), and the run does not say so")
        }
        continue
      }
      if feature.state != .undone, try !store.claims(of: .feature(id)).isEmpty {
        wrongs.append("#\(id) is \(feature.state) and holds claims")
      }
      if try store.lanes().contains(where: { $0.feature == id }) {
        wrongs.append("#\(id) is \(feature.state) and has a lane")
      }
      for attempt in try store.attempts(of: id)
      where FileLock.isHeld(project.state.attemptLock(id, attempt.number)) {
        wrongs.append("attempt \(attempt.number) on #\(id) has its lock still")
      }
    }
    if try !store.runningAttempts().isEmpty { wrongs.append("an attempt is not ended") }
    // Each step of the target's line passes the gate.
    let steps = try test.git("rev-list", "--first-parent", "main").split(separator: "\n")
    for step in steps
    where try test.runGit(["grep", "-q", "BUG", "\(step)", "--", "*.txt"]).status == 0 {
      wrongs.append("\(step) is on the target and does not pass the gate")
    }
    for feature in features where feature.state == .landed {
      if try test.runGit(["cat-file", "-e", "main:f\(feature.id).txt"]).status != 0 {
        wrongs.append("#\(feature.id) has landed, and its file is not there")
      }
    }
    return wrongs
  }
}
