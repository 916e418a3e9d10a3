import Engine
import Foundation
import Git
import Model
import Store

/// Checks an agent's edits against the claims, called by the hooks around its tools.
///
/// The protocol is Claude Code's: `PreToolUse` runs before a tool, and `deny` stops it; `PostToolUse` runs after
/// it, and `block` sends the model a reason.
package struct EditHook: Sendable {
  private let project: Project
  private let store: Store
  private let policies: PathPolicies
  private let lane: LaneCaller

  /// Returns the hook of the attempt that this process works for; `nil` if it works for none.
  ///
  /// - Parameter directory: where the agent's program stands.
  package init?(from directory: String, environment: [String: String]) throws {
    guard let git = try Repository.discover(from: directory) else { return nil }
    project = try Project.open(directory, environment: environment)
    guard let store = try project.existingStore(),
      let lane = try Caller.hook(gitDirectory: git, store: store, locks: project.state.locks)
    else { return nil }
    self.store = store
    self.lane = lane
    policies = project.pathPolicies
  }

  /// Judges one call.
  ///
  /// - Parameter input: the object that the agent's program writes to the hook.
  /// - Returns: the answer to print; `nil` for none.
  package func judge(_ input: JSON) throws -> JSON? {
    guard project.configuration.claims.policy != "off",
      let event = input["hook_event_name"]?.string,
      let tool = input["tool_name"]?.string
    else { return nil }
    let arguments = input["tool_input"] ?? [:]
    let directory = input["cwd"]?.string ?? lane.path
    switch (event, tool) {
    case ("PreToolUse", "Write"), ("PreToolUse", "Edit"), ("PreToolUse", "MultiEdit"):
      return try edit(arguments["file_path"]?.string, directory)
    case ("PreToolUse", "NotebookEdit"):
      return try edit(
        arguments["notebook_path"]?.string ?? arguments["file_path"]?.string, directory)
    case ("PreToolUse", "Bash"): return try command(arguments["command"]?.string ?? "", directory)
    case ("PostToolUse", "Bash"): return try changes()
    default: return nil
    }
  }

  // MARK: before

  private func edit(_ path: String?, _ directory: String) throws -> JSON? {
    guard let path else { return Self.deny("lanekeeper: the call names no file") }
    switch try place(path, directory) {
    case .elsewhere: return nil
    case .foreign(let words): return Self.deny(words)
    case .inside(let paths): return try claim(paths).map(Self.deny)
    }
  }

  /// Checks the files that a command plainly writes. They are not claimed, since the command may not write them.
  private func command(_ text: String, _ directory: String) throws -> JSON? {
    var requests: [ClaimRequest] = []
    for target in ShellWrites.targets(of: text) {
      let base = target.directory.hasPrefix("/") ? "" : directory + "/"
      switch try place(target.path, base + target.directory) {
      case .elsewhere: continue
      case .foreign(let words): return Self.deny(words)
      case .inside(let paths): requests += paths.map { ClaimRequest(path: $0, mode: .exclusive) }
      }
    }
    guard !requests.isEmpty else { return nil }
    let conflicts = try store.check(
      requests, owner: lane.owner, policies: policies,
      stale: try project.staleCheck(lane.owner, store), expiry: project.expiryCheck()
    ).filter { try !isIgnored($0.path) }
    guard !conflicts.isEmpty else { return nil }
    return Self.deny(words(conflicts))
  }

  // MARK: after

  /// Claims the files that the lane has changed, and reports those that others hold.
  private func changes() throws -> JSON? {
    let repository = try Repository(opening: lane.path, environment: project.environment)
    let changed = try repository.status().filter { !$0.isConflicted }.map {
      ClaimPath(file: $0.path, naming: policies.naming)
    }
    guard !changed.isEmpty, let words = try claim(changed) else { return nil }
    return [
      "decision": "block",
      "reason": .string(
        words + "\nYour command has changed these files all the same. Put them back as they were "
          + "(`git restore -- FILE`; remove what is new), or they can't be committed."),
    ]
  }

  // MARK: claiming

  /// Claims paths, all or none.
  ///
  /// - Returns: the refusal; `nil` if the claim was granted.
  private func claim(_ paths: [ClaimPath]) throws -> String? {
    let requests = paths.map { ClaimRequest(path: $0, mode: .exclusive) }
    if project.configuration.claims.policy == "strict" { return try missing(requests) }
    let outcome = try store.claim(
      requests, owner: lane.owner, agent: lane.agent, policies: policies,
      stale: try project.staleCheck(lane.owner, store), expiry: project.expiryCheck())
    guard case .refused(let all) = outcome else { return nil }
    let conflicts = try all.filter { try !isIgnored($0.path) }
    guard conflicts.isEmpty else { return words(conflicts) }
    let rest = requests.filter { request in !all.contains { $0.path == request.path } }
    return rest.isEmpty ? nil : try claim(rest.map(\.path))
  }

  /// Names the paths that the feature does not hold; the policy `strict` claims none here.
  private func missing(_ requests: [ClaimRequest]) throws -> String? {
    let held = try store.claims(of: lane.owner)
    let open = try requests.filter { request in
      try !held.contains { ClaimRule.covers($0, request) } && !isIgnored(request.path)
    }
    guard !open.isEmpty else { return nil }
    return "lanekeeper: claim first what you change (claims.policy is strict), with the tool "
      + "claim_files or `lanekeeper claim`: "
      + open.map(\.path.description).joined(separator: ", ")
  }

  private func words(_ conflicts: [ClaimConflict]) -> String {
    let facts = ClaimFacts(
      title: { try? store.feature($0)?.title }, state: { try? store.feature($0)?.state.rawValue })
    let isBehind = conflicts.allSatisfy { $0.reason == .staleBase }
    var lines = [
      isBehind
        ? "lanekeeper: the branch of feature #\(lane.feature) is behind the target:"
        : "lanekeeper: feature #\(lane.feature) can't have this at the moment:"
    ]
    lines += facts.lines(conflicts).map { "  " + $0 }
    var seen: Set<String> = []
    lines += conflicts.map(facts.advice).filter { seen.insert($0).inserted }
    return lines.joined(separator: "\n")
  }

  /// True if git ignores the path: it is never committed, so it needs no claim.
  private func isIgnored(_ path: ClaimPath) throws -> Bool {
    let name = String(decoding: path.bytes, as: UTF8.self)
    let result = try GitProgram.run(
      ["check-ignore", "-q", "--", name], directory: lane.path, environment: project.environment)
    return result.status == 0
  }

  // MARK: places

  private enum Place {
    case inside([ClaimPath])
    /// Outside every checkout of the repository; no claim is needed.
    case elsewhere
    /// Another checkout of the repository.
    case foreign(String)
  }

  private func place(_ path: String, _ directory: String) throws -> Place {
    let full = path.hasPrefix("/") ? path : directory + "/" + path
    do {
      let resolver = try PathResolver(project, tops: [lane.path])
      return .inside(try resolver.find(full).paths)
    } catch let error as ClaimPathError {
      // Lanes, the worktrees of gates, and a person's further checkouts.
      let worktrees = try Repository(opening: lane.path, environment: project.environment)
        .worktrees().map(\.path)
      let others = [project.directory] + worktrees.filter { $0 != lane.path }
      let resolver = try PathResolver(project, tops: others)
      if let found = try? resolver.find(full) {
        return .foreign(
          "lanekeeper: \(path) lies in \(found.top), which is not your lane; change the file of the "
            + "same name below \(lane.path)")
      }
      if case .insideGitDirectory = error { return .foreign("lanekeeper: \(error)") }
      return .elsewhere
    }
  }

  /// Builds the answer that stops a tool.
  private static func deny(_ words: String) -> JSON {
    [
      "hookSpecificOutput": [
        "hookEventName": "PreToolUse", "permissionDecision": "deny",
        "permissionDecisionReason": .string(words),
      ]
    ]
  }
}
