import Processes
import Store

/// Which processes live, as their file locks tell it.
///
/// A process notes its end before it lets its lock go. So a free lock tells that a process was killed only if
/// the record, read after the lock was seen free, still knows of no end.
package struct ProcessLiveness: Sendable {
  private let store: Store
  private let state: StateDirectory
  private let isHeld: @Sendable (String) -> Bool

  /// - Parameter isHeld: tells whether a process holds the lock at a path.
  package init(
    _ project: Project, _ store: Store,
    isHeld: @escaping @Sendable (String) -> Bool = { FileLock.isHeld($0) }
  ) {
    self.store = store
    state = project.state
    self.isHeld = isHeld
  }

  /// Returns whether a participant lives.
  package func isAlive(_ participant: String) -> Bool { isHeld(state.participantLock(participant)) }

  /// Lists who is at work, besides one.
  package func participants(besides own: String? = nil) throws -> [ParticipantRecord] {
    try store.openParticipants().filter { $0.id != own && isAlive($0.id) }
  }

  /// Returns what those that live have been waiting for, for long, oldest first.
  package func runWaits() throws -> [RunWait] { try store.runWaits { isAlive($0) } }

  /// Returns whether anybody is at work, besides one.
  package func isAnybodyAtWork(besides own: String? = nil) throws -> Bool {
    try !participants(besides: own).isEmpty
  }

  /// Lists those that were killed: open in the record, and nobody holds their lock.
  package func killed(besides own: String? = nil) throws -> [ParticipantRecord] {
    let free = try store.openParticipants().filter { $0.id != own && !isAlive($0.id) }
    guard !free.isEmpty else { return [] }
    let open = Set(try store.openParticipants().map(\.id))
    return free.filter { open.contains($0.id) }
  }

  /// Returns whether the processes of an attempt live: its own, or those of the participant that has it.
  package func isAlive(_ attempt: AttemptRecord) -> Bool {
    isHeld(state.attemptLock(attempt.feature, attempt.number)) || isAlive(attempt.participant)
  }

  /// Returns whether an attempt was cut off. That of a session has no process; its lease tells.
  package func isCutOff(_ attempt: AttemptRecord) throws -> Bool {
    try attempt.session == nil && !isAlive(attempt)
      && store.attempt(attempt.feature, attempt.number)?.state == .running
  }
}
