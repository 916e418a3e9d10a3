import Engine
import Foundation
import Git
import Model
import Processes
import Store

/// Where a command was given: in a lane, or in a person's checkout.
struct CommandPlace {
  let project: Project
  let store: Store
  /// The top of the checkout or lane.
  let top: String
  /// The lane, where it is one.
  let lane: LaneRecord?

  init(_ options: ProjectOptions) throws {
    let (project, store) = try options.opened()
    try self.init(options, project, store)
  }

  init(_ options: ProjectOptions, _ project: Project, _ store: Store) throws {
    let repository = try Repository(at: options.path, environment: project.environment)
    self.project = project
    self.store = store
    top = repository.workingDirectory ?? project.directory
    lane = try LaneRecord.number(ofGitDirectory: repository.gitDirectory).flatMap {
      try store.lane($0)
    }
  }

  /// Who claims: the lane's feature, the feature named, or the person.
  func owner(feature: String?) throws -> (owner: ClaimOwner, agent: String?) {
    if let lane {
      guard let own = lane.feature else {
        throw Failure("no feature is at work in the lane \(top), so nothing can be claimed in it")
      }
      if let feature, feature != own {
        throw Failure("this is the lane of feature #\(own); it can't claim for #\(feature)")
      }
      return (.feature(own), try store.runningAttempts().first { $0.feature == own }?.agentID)
    }
    guard !ProcessTree.hasGuardAmongAncestors(locks: project.state.locks) else {
      throw Failure("an agent claims in its own lane; this is not a lane")
    }
    if let feature {
      guard try store.feature(feature) != nil else {
        throw Failure(
          "there is no feature '\(feature)'; `lanekeeper status` lists them", status: 64)
      }
      return (.feature(feature), nil)
    }
    let environment = project.environment
    return (
      ClaimOwner(
        kind: .person,
        id: PersonName.of(user: environment["USER"], logName: environment["LOGNAME"])), nil
    )
  }

  /// Reads paths as they are typed: relative to the current directory where that lies in this
  /// checkout, else to its top. A directory stands for everything below it; a path in git's quotes, as
  /// `claims` prints it, is taken as it stands in the repository.
  func paths(_ texts: [String]) throws -> [ClaimPath] {
    let current = FileManager.default.currentDirectoryPath
    let base = (current + "/").hasPrefix(top + "/") ? current : top
    do {
      let reader = try project.pathReader(top: top)
      return try texts.flatMap { text throws(ClaimPathError) -> [ClaimPath] in
        let raw = RawArguments.bytes(of: text)
        if let quoted = PathText.unquoted(raw) {
          return [try ClaimPath(normalising: quoted, naming: project.naming)]
        }
        return try reader.read(raw, from: Array(base.utf8))
      }
    } catch let error as ClaimPathError {
      throw Failure(error.description, status: 64)
    }
  }
}
