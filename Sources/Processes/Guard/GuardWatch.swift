import CProcess
import Foundation
import Synchronization

/// Looks after a guard, which whatever runs under it can stop or kill, since both belong to the same user.
///
/// A guard that is stopped is let go on; one that is stopped again and again, or does not end when it has to, is
/// killed. What the guard was the parent of is written down beside its lock, so that it is found once the guard is
/// gone, whatever environment, session and directory it has given itself.
struct GuardWatch {
  /// The interval of checks, in milliseconds.
  static let pause: Int32 = 500
  /// The number of times that a stopped guard is continued before it counts as lost.
  private static let mostStops = 20
  /// Milliseconds that a guard may need to end once it has to, and looks after them.
  static let slack: Int64 = 20_000
  private static let mostOverdue = 20

  private let guardian: ProcessIdentity
  private let file: String
  private let deadline: Int64?
  private var stops = 0
  private var overdue = 0
  private var descendants: Set<ProcessIdentity> = []
  private var nextScan: Int64

  init(pid: Int32, lockPath: String, wallSeconds: Double?, graceSeconds: Double) {
    guardian = ProcessIdentity(pid) ?? ProcessIdentity(pid: pid, start: 0)
    file = lockPath.isEmpty ? "" : Self.file(lockPath)
    nextScan = Boot.uptimeMilliseconds() + 300
    deadline = wallSeconds.map {
      Boot.uptimeMilliseconds() + SafeNumber.milliseconds($0)
        + SafeNumber.milliseconds(graceSeconds) + Self.slack
    }
  }

  /// The file that records the processes below a guard.
  static func file(_ lockPath: String) -> String { lockPath + ".processes" }

  /// Looks once.
  ///
  /// - Parameter endBy: when the guard has to be gone at the latest, where it was asked to end.
  mutating func look(endBy: Int64?) {
    let now = Boot.uptimeMilliseconds()
    if ProcessTree.isStopped(guardian.pid) {
      stops += 1
      kill(guardian.pid, stops > Self.mostStops ? SIGKILL : SIGCONT)
    }
    if let end = [deadline, endBy].compactMap(\.self).min(), now > end {
      // This process may have been held still itself.
      overdue += 1
      if overdue > Self.mostOverdue { kill(guardian.pid, SIGKILL) }
    }
    guard now >= nextScan else { return }
    let table = ProcessTree.parents()
    let found = Set(
      ProcessTree.descendants(of: guardian.pid, in: table).compactMap(ProcessIdentity.init))
    if found != descendants {
      descendants = found
      if !file.isEmpty { ProcessIdentity.write(found, to: file) }
    }
    Orphans.reap(table)
    // Where there are many processes, a look takes longer.
    nextScan = Boot.uptimeMilliseconds() + max(1000, 50 * (Boot.uptimeMilliseconds() - now))
  }

  /// Ends what a guard that was killed has left; called once it is gone.
  func endRest() {
    var known = descendants
    for _ in 0..<500 {
      let table = ProcessTree.parents()
      // What the guard was the parent of is this process's child from then on. An older one it can't have been, and
      // what another guard that was killed has left has to end, too.
      known.formUnion(Orphans.now(table).filter { $0.start >= guardian.start })
      let living = known.filter(\.isAlive)
      let below = living.flatMap { ProcessTree.descendants(of: $0.pid, in: table) }
        .compactMap(ProcessIdentity.init)
      known.formUnion(below)
      let rest = known.filter(\.isAlive)
      if rest.isEmpty { break }
      // A shell whose command is killed goes on with the next one.
      for one in rest { one.hold() }
      for one in rest { one.kill() }
      usleep(2000)
      Orphans.collect(rest)
    }
  }

  /// Notes that the guard is gone and nothing is left.
  func close() {
    Orphans.forget(guardian.pid)
    if !file.isEmpty { unlink(file) }
  }
}

/// One process, not merely its number, which another may have later.
package struct ProcessIdentity: Hashable, Sendable {
  package var pid: Int32
  /// Ticks of the clock from the start of the machine to that of the process.
  var start: UInt64

  init(pid: Int32, start: UInt64) { (self.pid, self.start) = (pid, start) }

  /// - Returns: `nil` where there is no such process.
  package init?(_ pid: Int32) {
    guard let fields = ProcessTree.fields(of: pid), fields.count > 19,
      let start = UInt64(String(decoding: fields[19], as: UTF8.self))
    else { return nil }
    self.init(pid: pid, start: start)
  }

  /// Whether it still runs; one that is dead and not collected does not.
  package var isAlive: Bool {
    guard let fields = ProcessTree.fields(of: pid), fields.count > 19,
      UInt64(String(decoding: fields[19], as: UTF8.self)) == start
    else { return false }
    return !fields[0].elementsEqual("Z".utf8) && !fields[0].elementsEqual("X".utf8)
  }

  func kill() { if isAlive { Foundation.kill(pid, SIGKILL) } }

  /// Stops it where it is, until it is killed.
  func hold() { if isAlive { Foundation.kill(pid, SIGSTOP) } }

  /// Writes processes into a file, with the run of the machine that they are of.
  static func write(_ processes: Set<ProcessIdentity>, to path: String) {
    let lines = [Boot.id] + processes.map { "\($0.pid) \($0.start)" }.sorted()
    try? Data((lines.joined(separator: "\n") + "\n").utf8).write(
      to: URL(fileURLWithPath: path), options: .atomic)
  }

  /// Reads what ``write(_:to:)`` wrote; empty where that was before the machine was started anew.
  static func read(_ path: String) -> Set<ProcessIdentity> {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    let lines = text.split(separator: "\n")
    guard let boot = lines.first, boot == Boot.id else { return [] }
    return Set(
      lines.dropFirst().compactMap { line in
        let words = line.split(separator: " ")
        guard words.count == 2, let pid = Int32(words[0]), let start = UInt64(words[1]), pid > 1
        else { return nil }
        return ProcessIdentity(pid: pid, start: start)
      })
  }
}

/// The processes that become this one's children since the guard that was their parent is gone.
enum Orphans {
  private struct State {
    var isReaper = false
    var own: Set<Int32> = []
    var dead: [ProcessIdentity: Int64] = [:]
  }
  private static let state = Mutex(State())
  /// Whoever started a process collects it at once; what is left for so long has nobody who does.
  private static let patience: Int64 = 10_000

  /// Starts a process. One in a session of its own is known as this process's from its first moment on, and what it
  /// leaves is taken in should it be killed.
  ///
  /// - Parameter start: returns 0, or an errno; and the process id.
  static func starting(inItsOwnSession isOwn: Bool, _ start: () -> (Int32, pid_t)) -> Int32 {
    guard isOwn else { return start().0 }
    return state.withLock { state in
      if !state.isReaper { state.isReaper = lk_become_subreaper() == 0 }
      let (code, pid) = start()
      if code == 0 { state.own.insert(pid) }
      return code
    }
  }

  /// Says that this process has collected one that it had started.
  static func forget(_ pid: Int32) { _ = state.withLock { $0.own.remove(pid) } }

  /// The children of this process that it has not started itself: they have left its session, or their
  /// starter's.
  static func now(_ table: [Int32: Int32]) -> Set<ProcessIdentity> {
    let (own, session) = (state.withLock { $0.own }, getsid(0))
    return Set(
      table.filter { $0.value == getpid() && !own.contains($0.key) && getsid($0.key) != session }
        .keys.compactMap(ProcessIdentity.init))
  }

  /// Collects what was ended, where it became this process's child.
  static func collect(_ processes: Set<ProcessIdentity>) {
    let own = state.withLock { $0.own }
    for one in processes where !own.contains(one.pid) && ProcessTree.parent(of: one.pid) == getpid()
    {
      waitpid(one.pid, nil, WNOHANG)
    }
  }

  /// Collects the dead that nobody waits for.
  static func reap(_ table: [Int32: Int32]) {
    let now = Boot.uptimeMilliseconds()
    let found = self.now(table).filter { !$0.isAlive }
    state.withLock { state in
      state.dead = state.dead.filter { found.contains($0.key) }
      for one in found {
        guard now - (state.dead[one] ?? now) < patience else {
          waitpid(one.pid, nil, WNOHANG)
          continue
        }
        state.dead[one] = state.dead[one] ?? now
      }
    }
  }
}
