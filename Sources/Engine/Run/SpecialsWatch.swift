import Foundation
import Processes
import Store

/// Keeps pipes, devices and the like out of the shared git directory while attempts are at work.
///
/// It looks from a thread of its own, which opens no file of git's, since all others may be waiting for one.
final class SpecialsWatch: Sendable {
  private let stop = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)
  /// The state file may be held by one who waits.
  private let tellers = DispatchQueue(label: "lanekeeper.specials")

  /// Seconds between two looks, and looks between two thorough ones.
  private static let (pause, thorough) = (0.3, 30)

  /// - Parameter tell: is told of what was taken away, in words.
  init(
    _ project: Project, _ store: Store, participant: String,
    tell: @escaping @Sendable (String) -> Void
  ) {
    let state = project.state
    // A run that was killed has left its own.
    GitSpecials.forgetDead(state) { FileLock.isHeld(state.participantLock($0)) }
    let target = project.target
    let (stop, ended, tellers) = (stop, ended, tellers)
    let thread = Thread {
      var specials = GitSpecials(state: state, keeper: participant, references: [target])
      var looks = 0
      var isOver = false
      while !isOver {
        isOver = looks > 0 && stop.wait(timeout: .now() + Self.pause) == .success
        let isDeep = looks % Self.thorough == Self.thorough - 1
        looks += 1
        guard let removed = try? specials.look(isDeep: isDeep), !removed.isEmpty else { continue }
        tellers.async { Self.tell(removed, state, store, tell) }
      }
      specials.forget()
      ended.signal()
    }
    thread.name = "lanekeeper.specials"
    thread.start()
  }

  /// Looks a last time, and ends.
  func close() {
    stop.signal()
    _ = ended.wait(timeout: .now() + 5)
    tellers.sync {}
  }

  private static func tell(
    _ removed: [GitSpecials.Removed], _ state: StateDirectory, _ store: Store,
    _ tell: (String) -> Void
  ) {
    let lanes = (try? store.lanes()) ?? []
    let atWork = ((try? store.features(in: [.running])) ?? []).map(\.id)
    for one in removed {
      let owner = one.found.worktree.flatMap { name in lanes.first { $0.name == name }?.feature }
      let features = owner.map { [$0] } ?? atWork
      let names = features.prefix(10).map { "#\($0)" }.joined(separator: ", ")
      let words =
        "in \(state.commonDirectory), \(one.text)"
        + (names.isEmpty
          ? ""
          : "; features at work then: \(names)" + (features.count > 10 ? " and more" : ""))
      let about: [String?] = features.isEmpty ? [nil] : Array(features.prefix(10))
      for feature in about {
        try? store.record(
          .specialFilesRemoved, feature: feature, agent: nil, ["detail": .string(words)])
      }
      tell(words)
    }
  }
}
