import Foundation
import Model
import Processes
import Store

/// A reason why an attempt's work is not complete.
enum AttemptProblem: Sendable, Equatable {
  /// Git refused to commit the leftovers; its message.
  case refused(String)
  /// A hook refused the commit of the leftovers; its message.
  case hookRefused(String)
  case unsigned(String)
  /// Files contain conflict markers; their paths.
  case unresolved([String])
  /// The agent left HEAD on another commit, which is kept.
  case rescued(String)
  /// The branch points to commits of other repositories that nobody else has.
  case elsewhere(String)
}

/// The outcome of an attempt, computed from facts without reading anything.
enum AttemptVerdict: Sendable, Equatable {
  /// - Parameter detail: a remark for people.
  case completed(detail: String?)
  /// - Parameter more: text for the next prompt, after the detail.
  case failed(detail: String, more: String? = nil)
  case interrupted(Interruption, detail: String)
  /// Others hold paths that it needs.
  case refusedClaim(detail: String)
  /// A signer failed; the feature waits for a person.
  case unsigned(String)
  /// A hook of the repository refused the leftovers; its message goes to the agent.
  case sentBack(String)

  struct Facts: Sendable {
    /// The exit of the agent's program.
    var ending: Ending
    /// Whether a program was started at all.
    var hasRun = true
    var endReason: EarlyEnd?
    var limit: LimitNotice?
    /// The failure that the agent reported.
    var agentFailure: String?
    /// The lane's path if its disk is full.
    var fullDisk: String?
    /// The number of processes killed for using more than `memoryMB` together.
    var memoryKills = 0
    /// Whether the machine ran out of memory during the attempt.
    var wasShortOfMemory = false
    /// Whether an attempt on the feature had lost its guard before.
    var hasLostGuard = false
    /// The refused paths that become free later.
    var refusals: [Refusal] = []
    /// Whether any path was refused, frozen ones included.
    var wasRefusedAnything = false
    var problem: AttemptProblem?
    /// Whether the run is being stopped.
    var isStopping = false
    var hasChanges = true
    /// Whether its branch holds commits that the target lacks.
    var hasCommits = true
    /// Whether commits without changes count as work.
    var mayChangeNothing = false
    /// The place on the target that already has the changes of earlier attempts.
    var isOnTarget: String?
    /// The place of changes made outside the branch.
    var elsewhere: String?
    /// The reason why no program was started.
    var withoutAgent: String?
    /// The limits, for the words.
    var attemptMinutes = 0.0
    var silenceMinutes = 0.0
    var memoryMB: Int64 = 0
    var diskMB: Int64 = 0
  }

  struct Refusal: Sendable, Equatable {
    var path: String
    /// Whether the target has changed it, rather than somebody holding it.
    var isStale: Bool
    /// The feature that holds it.
    var holder: String?
  }

  init(_ facts: Facts) {
    self =
      Self.ofEarlyEnd(facts) ?? Self.ofEnding(facts) ?? Self.ofProblem(facts)
      ?? Self.ofWork(facts)
  }

  private static func ofEarlyEnd(_ facts: Facts) -> AttemptVerdict? {
    switch facts.endReason {
    case .person: return .interrupted(.stoppedByPerson, detail: "a person stopped the agent")
    case let reason?: return .failed(detail: "the attempt was ended: \(reason.words)")
    case nil: break
    }
    if let limit = facts.limit {
      return .interrupted(.limit, detail: "met \(limit.kind.words): \(limit.message)")
    }
    if let failure = facts.agentFailure, case .exited = facts.ending {
      return .failed(detail: "the agent says: \(failure)")
    }
    switch facts.ending {
    case .exited(1...), .signalled:
      // Whoever can't write fails, again and again; that says nothing of the feature.
      return facts.fullDisk.map {
        .interrupted(.disk, detail: "it ended since the disk of \($0) is full")
      }
    default: return nil
    }
  }

  private static func ofEnding(_ facts: Facts) -> AttemptVerdict? {
    let shortage = memoryWords(facts)
    switch facts.ending {
    case .exited(0): return nil
    case .signalled(SIGKILL) where shortage != nil:
      return .failed(
        detail:
          "the agent was killed for want of memory: it may use \(facts.memoryMB) MB (limits.memory_mb)",
        more: shortage)
    case .exited(75):
      return .interrupted(.askedLater, detail: "the agent asks to be run again later")
    case .exited(let status) where shortage != nil:
      return .failed(
        detail:
          "the agent exited with \(status) after processes of it were killed for want of memory: together "
          + "they may use \(facts.memoryMB) MB (limits.memory_mb)", more: shortage)
    case .exited(let status): return .failed(detail: "the agent exited with \(status)")
    case .signalled(SIGKILL) where facts.wasShortOfMemory:
      return .failed(
        detail:
          "the agent was killed for want of memory; run fewer agents at once (--parallel), or give "
          + "the machine more memory")
    case .signalled(let number):
      if [SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP].contains(number) {
        return .failed(
          detail:
            "the agent crashed with signal \(number); bring its program up to date, or name another in "
            + "`agent:`")
      }
      return .failed(
        detail: "the agent was ended by signal \(number), which Lanekeeper did not send")
    case .timedOut:
      return .failed(
        detail: "no end within \(words(facts.attemptMinutes)) minutes (limits.attempt_minutes)")
    case .silent:
      return .failed(
        detail: "no output for \(words(facts.silenceMinutes)) minutes (limits.silence_minutes)")
    case .outputLimit: return .failed(detail: "the agent wrote too much output")
    case .diskLimit:
      return .failed(
        detail: "its lane grew by over \(facts.diskMB) MB (limits.disk_mb)",
        more:
          "What it wrote is kept on the branch. Take out of it what does not belong there, such as large "
          + "files that were made by programs, and make less of them.")
    case .couldNotStart(let code):
      return .failed(detail: "the agent could not be started: \(String(cString: strerror(code)))")
    case .stopped: return .interrupted(.stopped, detail: "stopped")
    case .locked:
      return .interrupted(.supervisor, detail: "another process runs this attempt")
    case .guardLost:
      // Its supervisor may have been killed with it, or the machine have been short of memory; what does it again
      // does it itself.
      guard facts.hasRun, facts.hasLostGuard else {
        return .interrupted(.supervisor, detail: "the guard was killed")
      }
      return .failed(
        detail:
          "the process that supervises the agent (lanekeeper-guard) was killed again while the agent ran",
        more:
          "End only processes that you have started, by their ids, and none of those above your own."
      )
    }
  }

  private static func ofProblem(_ facts: Facts) -> AttemptVerdict? {
    if !facts.refusals.isEmpty { return .refusedClaim(detail: words(facts.refusals)) }
    switch facts.problem {
    // Hooks, filters and signers are ended with the run.
    case .refused where facts.isStopping, .hookRefused where facts.isStopping,
      .unsigned where facts.isStopping:
      return .interrupted(.stopped, detail: "stopped")
    case .refused(let words):
      return .failed(detail: "its uncommitted work could not be committed", more: words)
    case .hookRefused(let words):
      // A path that nobody ever gets is refused by our own hook.
      return facts.wasRefusedAnything
        ? .failed(detail: "its uncommitted work could not be committed", more: words)
        : .sentBack(words)
    case .unsigned(let words): return .unsigned(words)
    case .unresolved(let paths):
      return .failed(detail: "conflict markers are left in \(paths.joined(separator: ", "))")
    case .rescued(let words): return .failed(detail: "HEAD was left elsewhere", more: words)
    case .elsewhere(let words):
      return .failed(
        detail: "it needs commits of other repositories that nobody else has", more: words)
    case nil: return nil
    }
  }

  private static func ofWork(_ facts: Facts) -> AttemptVerdict {
    if facts.hasChanges { return .completed(detail: facts.withoutAgent) }
    if facts.mayChangeNothing, facts.hasCommits { return .completed(detail: nil) }
    if let place = facts.isOnTarget {
      return .completed(detail: "nothing was left to do: \(place)")
    }
    guard let words = facts.elsewhere else { return .failed(detail: "no changes") }
    return .failed(
      detail: "no changes: \(words)",
      more:
        "Nothing was changed on your branch: \(words). Only files in your lane that git does not ignore count."
    )
  }

  /// Describes the refused paths and their holders: `a.txt, b.txt are held by feature #1`.
  private static func words(_ refusals: [Refusal]) -> String {
    enum Cause: Hashable {
      case stale
      case held(by: String?)
    }
    var order: [Cause] = []
    var paths: [Cause: [String]] = [:]
    for refusal in refusals {
      let cause = refusal.isStale ? Cause.stale : .held(by: refusal.holder)
      if paths[cause] == nil { order.append(cause) }
      paths[cause, default: []].append(refusal.path)
    }
    return order.map { cause in
      let list = paths[cause]!
      let words =
        switch cause {
        case .stale: " changed on the target since the branch left it"
        case .held(let holder):
          (list.count == 1 ? " is " : " are ") + "held by "
            + (holder.map { "feature #\($0)" } ?? "another")
        }
      return RefusalText.list(list) + words
    }.joined(separator: "; ")
  }

  /// Describes which processes of the attempt were killed because they ran out of memory.
  private static func memoryWords(_ facts: Facts) -> String? {
    let kills = facts.memoryKills
    guard kills > 0 else { return nil }
    return
      "\(kills) of its processes \(kills == 1 ? "was" : "were") killed, since together they may use "
      + "\(facts.memoryMB) MB (limits.memory_mb). Build and test less at once, or with less memory."
  }

  private static func words(_ minutes: Double) -> String {
    minutes == minutes.rounded() ? String(Int(minutes)) : String(format: "%.2f", minutes)
  }
}
