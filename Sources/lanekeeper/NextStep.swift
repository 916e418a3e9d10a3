import Engine
import Processes
import Store

/// The next step to suggest: a make target where make was used, else a command.
enum NextStep {
  private static var isMake: Bool { MakeCall.current.isRecipe }

  static var land: String { isMake ? "make land" : "lanekeeper land" }
  static var list: String { isMake ? "make review" : "lanekeeper review" }
  static var build: String { isMake ? "make features" : "lanekeeper run" }
  static func show(_ id: String) -> String {
    isMake ? "make review-\(id)" : "lanekeeper review \(id)"
  }
  static func approve(_ id: String) -> String {
    isMake ? "make approve-\(id)" : "lanekeeper review \(id) --approve"
  }

  /// Returns whether a process is at work that starts attempts and lands, besides this one.
  static func isAtWork(_ project: Project, _ store: Store) -> Bool {
    (try? ProcessLiveness(project, store).isAnybodyAtWork()) ?? false
  }
}
