import Foundation
import Git
import Processes

extension SandboxView {
  /// The outcome of bringing work in.
  package struct Arrival: Sendable {
    /// The present tip of the lane's branch.
    package var tip: ObjectID?
    /// The parts that could not be taken over, as text.
    package var problems: [String] = []
    /// References under which other commits are kept.
    package var rescued: [String] = []
  }

  /// Brings everything in that the agent has made with git: its branch, what it staged, and, under rescue
  /// references, what it put on others.
  ///
  /// The agent must have ended or be held still.
  /// - Parameter rescue: the name under which commits on other references are kept; `nil` leaves them in the
  ///   view.
  package func bringIn(branch: String, rescue: String?) throws -> Arrival {
    var arrival = Arrival()
    guard isThere else { return arrival }
    let moved: [(name: String, value: String)]
    do {
      try tidyAdministration()
      if let problem = try takeBranch(branch) { arrival.problems.append(problem) }
      if let problem = try takeObjects() { arrival.problems.append(problem) }
      moved = rescue == nil ? [] : try movedReferences(branch: branch)
    } catch let error as RootError {
      arrival.problems.append("what the agent has made of its view can't be taken over: \(error)")
      moved = []
    }
    let repository = try Repository(opening: common, environment: environment)
    arrival.tip = try repository.reference(branch)
    guard let rescue else { return arrival }
    if moved.count > Self.mostReferences {
      arrival.problems.append(
        "the agent has made or moved \(moved.count) references, of which \(Self.mostReferences) are taken over"
      )
    }
    for (number, moved) in moved.prefix(Self.mostReferences).enumerated() {
      guard let id = ObjectID(hex: moved.value), take([moved.value], not: []) == nil,
        (try? repository.commit(id)) != nil
      else { continue }
      let name = "\(rescue)-ref-\(number + 1)"
      try repository.setReference(name, to: id, message: "rescue: \(moved.name) in a sandbox")
      arrival.rescued.append(name)
    }
    return arrival
  }

  /// Moves the lane's branch to where the agent has it in its view.
  ///
  /// - Returns: why not, where it can't be.
  package func takeBranch(_ branch: String) throws -> String? {
    guard let wanted = try value(branch), let id = ObjectID(hex: wanted) else { return nil }
    let repository = try Repository(opening: common, environment: environment)
    let present = try repository.reference(branch)
    guard present != id else { return nil }
    if let problem = take([wanted], not: [present?.hex].compactMap(\.self)) { return problem }
    let fresh = try Repository(opening: common, environment: environment)
    do {
      _ = try fresh.commit(id)
      try fresh.updateReference(
        branch, to: id, expecting: present, message: "sandbox: brought in")
      return nil
    } catch {
      return "\(BranchName.short(branch)) can't be put on \(id.short): \(error)"
    }
  }

  /// Copies what is reachable from commits into the shared objects, each named anew by its content.
  ///
  /// - Parameter known: commits that need not be copied.
  /// - Returns: why not, where it can't be.
  package func take(_ commits: [String], not known: [String]) -> String? {
    let lines = commits + known.map { "^" + $0 }
    return pipe(["--revs"], lines, strict: true)
  }

  /// Copies every object that the agent's git has written, so that what was staged is there, too.
  private func takeObjects() throws -> String? {
    let shared = common + "/objects"
    let root = try Root(git)
    var ids: [String] = []
    for entry in try root.walk(Array("objects".utf8), limit: Self.mostObjects)
    where entry.kind == S_IFREG {
      let parts = entry.path.split(separator: 0x2f).map { String(decoding: $0, as: UTF8.self) }
      guard parts.count == 3 else { continue }
      if parts[1] == "pack", parts[2].hasSuffix(".idx") {
        guard let index = try root.read(entry.path, limit: Self.largestPackIndex),
          let listed = try? GitProgram.run(
            ["show-index"], directory: common, environment: environment, input: index),
          listed.status == 0
        else { return "a pack of the agent's can't be read" }
        for line in listed.text.split(separator: "\n") {
          let words = line.split(separator: " ")
          if words.count >= 2, let id = ObjectID(hex: String(words[1])) { ids.append(id.hex) }
        }
      } else if parts[1].utf8.count == 2, let id = ObjectID(hex: parts[1] + parts[2]),
        !FileManager.default.fileExists(atPath: "\(shared)/\(parts[1])/\(parts[2])")
      {
        ids.append(id.hex)
      }
    }
    return ids.isEmpty ? nil : pipe([], ids, strict: false)
  }

  /// No agent writes more objects one by one in an attempt.
  private static let mostObjects = 5_000_000
  /// No list of what is in a pack of the agent's is larger.
  private static let largestPackIndex = 64 << 20

  /// Hands objects of the view over to the shared git directory as a pack.
  private func pipe(_ options: [String], _ lines: [String], strict: Bool) -> String? {
    guard !lines.isEmpty else { return nil }
    var variables = GitProgram.clean(environment)
    variables["LC_ALL"] = "C"
    variables["LK_OBJECTS"] = Self.quoted(git + "/objects")
    let script = """
      GIT_ALTERNATE_OBJECT_DIRECTORIES=$LK_OBJECTS git pack-objects -q --stdout \
      \(options.joined(separator: " ")) | git unpack-objects -q \(strict ? "--strict" : "")
      """
    do {
      let result = try Command.runBlocking(
        ["/bin/sh", "-c", script], directory: common, environment: variables,
        input: Array((lines.joined(separator: "\n") + "\n").utf8), timeoutSeconds: 600,
        outputLimit: 4096)
      guard result.status != 0 else { return nil }
      let words = String(decoding: result.error, as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      return "objects of the sandbox can't be taken over: \(words)"
    } catch {
      return "objects of the sandbox can't be taken over: \(error)"
    }
  }

  /// A directory as git wants it in a list of directories.
  static func quoted(_ path: String) -> String {
    let escaped = path.replacingOccurrences(of: "\\", with: "\\\\")
      .replacingOccurrences(of: "\"", with: "\\\"")
    return "\"\(escaped)\""
  }
}
