import Foundation
import Model
import Store
import TestSupport

@testable import Engine

/// A project whose state file has one feature and one run at work, without any process behind it.
struct RecordedRun {
  let test: TestRepository
  let project: Project
  let store: Store

  /// - Parameter participant: the name of the run.
  init(participant: String) throws {
    test = try TestRepository()
    try test.write("features.yml", "features:\n  - id: 1\n    name: One\n")
    try test.commit("base")
    project = try Project.open(test.path, environment: test.environment)
    store = try project.store()
    try store.takeOver([Feature(id: "1", title: "One", category: "")])
    try store.addParticipant(
      ParticipantRecord(
        id: participant, kind: .run, pid: getpid(), state: "running", parallel: 1, preset: nil,
        models: [], startedAt: store.now))
  }
}
