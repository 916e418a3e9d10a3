import Foundation
import Git
import Processes

extension SandboxView {
  /// What came of bringing work in.
  package struct Arrival: Sendable {
    /// Where the lane's branch stands now.
    package var tip: ObjectID?
    /// What could not be taken over, in words.
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
    tidyAdministration()
    if let problem = try takeBranch(branch) { arrival.problems.append(problem) }
    if let problem = takeObjects() { arrival.problems.append(problem) }
    let repository = try Repository(opening: common, environment: environment)
    arrival.tip = try repository.reference(branch)
    guard let rescue else { return arrival }
    for (number, moved) in movedReferences(branch: branch).enumerated() {
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
    guard let wanted = value(branch), let id = ObjectID(hex: wanted) else { return nil }
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
  private func takeObjects() -> String? {
    let shared = common + "/objects"
    let files = FileManager.default
    var ids: [String] = []
    for directory in (try? files.contentsOfDirectory(atPath: git + "/objects")) ?? []
    where directory.utf8.count == 2 && Self.kind(git + "/objects/" + directory) == S_IFDIR {
      for name in (try? files.contentsOfDirectory(atPath: git + "/objects/" + directory)) ?? [] {
        guard let id = ObjectID(hex: directory + name),
          !files.fileExists(atPath: "\(shared)/\(directory)/\(name)"),
          Self.kind("\(git)/objects/\(directory)/\(name)") == S_IFREG
        else { continue }
        ids.append(id.hex)
      }
    }
    for name in (try? files.contentsOfDirectory(atPath: git + "/objects/pack")) ?? []
    where name.hasSuffix(".idx") && Self.kind("\(git)/objects/pack/\(name)") == S_IFREG {
      guard let index = files.contents(atPath: "\(git)/objects/pack/\(name)"),
        let listed = try? GitProgram.run(
          ["show-index"], directory: common, environment: environment, input: Array(index)),
        listed.status == 0
      else { return "a pack of the agent's can't be read" }
      for line in listed.text.split(separator: "\n") {
        let words = line.split(separator: " ")
        if words.count >= 2, let id = ObjectID(hex: String(words[1])) { ids.append(id.hex) }
      }
    }
    return ids.isEmpty ? nil : pipe([], ids, strict: false)
  }

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
      let result = try OneShot.runBlocking(
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
