import ClaimRules
import Foundation
import Git
import Integration
import Orchestrator
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
    let repository = try Repository(opening: options.path, environment: project.environment)
    self.project = project
    self.store = store
    top = repository.workingDirectory ?? project.directory
    let git = repository.gitDirectory as NSString
    let name = git.lastPathComponent
    let parent = (git.deletingLastPathComponent as NSString).lastPathComponent
    if parent == "worktrees", name.hasPrefix("lane-"), let number = Int(name.dropFirst(5)) {
      lane = try store.lane(number)
    } else {
      lane = nil
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
    if let feature {
      guard try store.feature(feature) != nil else {
        throw Failure(
          "there is no feature '\(feature)'; `lanekeeper status` lists them", status: 64)
      }
      return (.feature(feature), nil)
    }
    guard !ProcessTree.hasGuardAmongAncestors() else {
      throw Failure("an agent claims in its own lane; this is not a lane")
    }
    let environment = project.environment
    return (
      ClaimOwner(
        kind: .person,
        id: PersonName.of(user: environment["USER"], logName: environment["LOGNAME"])), nil
    )
  }

  /// Reads paths as they are typed: relative to the current directory where that lies in this
  /// checkout, else to its top. A directory stands for everything below it.
  func paths(_ texts: [String]) throws -> [ClaimPath] {
    let current = FileManager.default.currentDirectoryPath
    let base = (current + "/").hasPrefix(top + "/") ? current : top
    return try texts.map { text in
      let full = text.hasPrefix("/") ? text : base + "/" + text
      guard full.hasPrefix(top + "/") else {
        throw Failure("\(text) lies outside \(top)", status: 64)
      }
      var relative = String(full.dropFirst(top.count + 1))
      var isDirectory: ObjCBool = false
      if !relative.hasSuffix("/"),
        FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory),
        isDirectory.boolValue
      {
        relative += "/"
      }
      do {
        return try ClaimPath(normalising: relative)
      } catch {
        throw Failure("\(error)", status: 64)
      }
    }
  }

  /// How to tell whether a path is stale for an owner; `nil` where it has no branch.
  func staleCheck(_ owner: ClaimOwner) throws -> StaleCheck? {
    guard owner.kind == .feature else { return nil }
    let repository = try project.repository()
    guard let tip = try repository.reference(project.target) else { return nil }
    let branch = try store.feature(owner.id)?.branch
    guard let branch, let own = try repository.reference(branch),
      let base = try repository.mergeBase(own, tip)
    else { return nil }
    let directory = project.directory
    let environment = project.environment
    return StaleCheck(base: base.hex, tip: tip.hex) { base, tip in
      let repository = try Repository(opening: directory, environment: environment)
      guard let one = ObjectID(hex: base), let two = ObjectID(hex: tip) else { return [] }
      return try repository.changes(
        from: try repository.commit(one).tree, to: try repository.commit(two).tree
      ).map(\.path)
    }
  }
}

/// Conflicts of a claim, for people and as JSON.
struct ConflictReport {
  let conflicts: [ClaimConflict]
  let store: Store

  private func title(_ id: String) -> String? { try? store.feature(id)?.title }

  var json: JSONValue {
    .array(
      conflicts.map { conflict in
        let holder = conflict.holder?.owner
        return [
          "path": .string(conflict.path.description),
          "feature": .text(holder?.kind == .feature ? holder?.id : nil),
          "holder": .text(holder.map { RefusalText.name($0, title) }),
          "agent": .text(conflict.holder?.agent), "reason": .string(conflict.reason.rawValue),
          "advice": .string(
            RefusalText.lines([conflict], titleOf: title).dropFirst().joined(separator: " ")),
        ]
      })
  }

  var lines: [String] { RefusalText.lines(conflicts, titleOf: title) }

  /// 1 where a path is frozen, which no waiting changes; else 75.
  var status: Int32 { conflicts.contains { $0.reason == .frozen } ? 1 : 75 }
}
