import Engine
import Foundation
import Git
import Store

/// Times lanes beside `git worktree add`, in turn, in a repository with the branches `main` and `next`.
struct LaneTimes {
  let repository: String
  /// Where lanes and worktrees are made. They stay: on ext4, files made soon after many were deleted take up to
  /// ten times as long, whoever makes them.
  let directory: String
  private let environment = ProcessInfo.processInfo.environment

  init(repository: String, directory: String) {
    self.repository = repository
    self.directory = directory
  }

  /// - Returns: seconds, by round: `git`, `fresh`, `recycled`.
  func measure(rounds: Int) throws -> [String: [Double]] {
    let main = try Repository(opening: repository, environment: environment)
    let state = StateDirectory(commonDirectory: main.commonDirectory)
    try state.create()
    let store = try Store(path: state.stateFile)
    let pool = LanePool(
      RepositoryContext(
        directory: repository, state: state, environment: environment,
        identity: { Signature(name: "Bench", email: "bench@localhost", time: 0, offsetMinutes: 0) }),
      settings: LaneSettings(
        directory: directory + "/lanes", copy: [], setup: nil, litter: []),
      store: store)
    guard let tip = try main.reference("refs/heads/main"),
      let next = try main.reference("refs/heads/next")
    else { throw GitProgramError(arguments: [], status: 1, message: "no branch main or next") }
    var times: [String: [Double]] = ["git": [], "fresh": [], "recycled": []]
    for round in 1...rounds {
      var lane: LaneRecord?
      let ways: [(String, () throws -> Void)] = [
        (
          "git",
          {
            try GitProgram.check(
              [
                "worktree", "add", "-q", "-b", "side-\(round)", "\(directory)/git-\(round)", "main",
              ],
              directory: repository, environment: environment)
          }
        ),
        (
          "fresh",
          {
            let taken = try pool.takeOrMake(commit: tip)
            lane = taken.lane
            let branch = "refs/heads/lane/\(round)-first"
            if taken.isFilled {
              let repository = try pool.open(taken.lane, commit: tip)
              try repository.createReference(branch, target: tip, message: "lane: starts")
              try repository.setHead(branch: branch, commit: tip)
            } else {
              try pool.enter(taken.lane, branch: branch, commit: tip)
            }
          }
        ),
      ]
      for (name, body) in round % 2 == 0 ? ways.reversed() : ways {
        times[name]?.append(try seconds(body))
      }
      guard let lane else { continue }
      try work(in: lane.path)
      times["recycled"]?.append(
        try seconds {
          try pool.enter(lane, branch: "refs/heads/lane/\(round)-second", commit: next)
        })
    }
    return times
  }

  /// Does what an agent would: changes a file and commits it.
  private func work(in lane: String) throws {
    try Data("work\n".utf8).write(to: URL(fileURLWithPath: lane + "/work.txt"))
    for words in [["add", "-A"], ["commit", "-q", "-m", "work"]] {
      try GitProgram.check(words, directory: lane, environment: environment)
    }
  }
}

/// Returns how long something takes, in seconds.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let time = try ContinuousClock().measure(body)
  return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
}
