import ClaimRules
import Foundation
import Git
import Processes
import Synchronization

/// A repository that `.gitmodules` names.
struct DeclaredSubmodule: Sendable, Equatable {
  var name: String
  var path: [UInt8]
  var url: String?

  /// The submodules that a tree declares.
  static func all(in tree: ObjectID, _ repository: Repository) throws -> [DeclaredSubmodule] {
    guard let entry = try repository.entry(at: Array(".gitmodules".utf8), inTree: tree),
      !entry.isTree, !entry.isSubmodule, !entry.isLink
    else { return [] }
    return try parse(
      try repository.blob(entry.id), environment: repository.environment)
  }

  /// Reads a `.gitmodules` file.
  static func parse(
    _ content: [UInt8], environment: [String: String]
  ) throws -> [DeclaredSubmodule] {
    let listed = try GitProgram.run(
      [
        "config", "-z", "--no-includes", "-f", "-", "--get-regexp", #"^submodule\..*\.(path|url)$"#,
      ],
      directory: "/", environment: environment, input: content)
    var found: [String: DeclaredSubmodule] = [:]
    var order: [String] = []
    // `submodule.NAME.KEY`, a newline, the value
    for item in listed.output.split(separator: 0) {
      guard let newline = item.firstIndex(of: 0x0a) else { continue }
      let key = String(decoding: item[..<newline], as: UTF8.self)
      let value = Array(item[(newline + 1)...])
      guard let dot = key.lastIndex(of: "."), key.count > "submodule..".count else { continue }
      let name = String(key[key.index(key.startIndex, offsetBy: 10)..<dot])
      if found[name] == nil {
        order.append(name)
        found[name] = DeclaredSubmodule(name: name, path: [])
      }
      if key.hasSuffix(".path") {
        found[name]?.path = value
      } else {
        found[name]?.url = String(decoding: value, as: UTF8.self)
      }
    }
    return order.compactMap { found[$0] }.filter { !$0.path.isEmpty }
  }

  /// The name, where it leads to no other place than one below `modules`.
  var safeName: String? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return parts.contains { $0.isEmpty || $0 == "." || $0 == ".." } ? nil : name
  }
}

/// Looks whether commits of other repositories, which a branch points to, can be had by others.
///
/// A pointer to a commit that only a lane has is worth nothing to anybody else, and nothing once the lane is gone.
package struct Gitlinks {
  /// A pointer that can't land.
  package struct Refusal: Sendable, Equatable {
    package var path: [UInt8]
    package var commit: ObjectID
    /// What is wrong and what to do, in a sentence that begins with the path.
    package var words: String
    /// Where the commit is kept; `nil` where it is not there.
    package var reference: String?
  }

  private let repository: Repository
  /// The lane in which the pointers were made; `nil` when its work lands.
  private let lane: (gitDirectory: String, worktree: String)?

  /// - Parameter repository: the lane, or the common directory when a branch lands.
  package init(_ repository: Repository) {
    self.repository = repository
    lane =
      repository.isLinkedWorktree
      ? repository.workingDirectory.map {
        (gitDirectory: repository.gitDirectory, worktree: $0)
      } : nil
  }

  /// - Parameters:
  ///   - changes: what the branch changes.
  ///   - tree: the tree that the branch ends with.
  ///   - reference: the beginning of the names under which commits are kept.
  package func refusals(
    _ changes: [TreeChange], tree: ObjectID, keptAs reference: String
  ) throws -> [Refusal] {
    let moved = changes.filter { $0.new?.isSubmodule == true && $0.new != $0.old }
    guard !moved.isEmpty else { return [] }
    let declared = try DeclaredSubmodule.all(in: tree, repository)
    return try moved.compactMap { change -> Refusal? in
      let commit = change.new!.id
      let module = declared.first { $0.path == change.path }
      let wasOne = change.old?.isSubmodule == true
      let places = try self.places(of: module, change.path)
      let verdicts = places.map { ($0, $0.isOnlyHere(commit)) }
      if module != nil || wasOne, verdicts.contains(where: { $0.1 == false }) { return nil }
      let holder = verdicts.first { $0.1 == true }?.0
      if let module {
        let isFound = try Self.isFound(commit, of: module, repository)
        if isFound ?? (holder == nil) { return nil }
      }
      if module == nil, wasOne, holder == nil { return nil }
      let kept = try holder?.keep(
        commit, as: reference + "-" + RescueName.slug(change.path),
        message: "a commit of \(PathText.quoted(change.path))")
      return Refusal(
        path: change.path, commit: commit, words: words(change.path, commit, module, kept),
        reference: kept)
    }
  }

  /// What of a tree points to commits that can't be had: nothing declares them, or only a lane had them. Nobody else is
  /// asked.
  ///
  /// - Returns: a sentence for each.
  package func unavailable(in tree: ObjectID) throws -> [String] {
    let all = try repository.changes(from: nil, to: tree).filter { $0.new?.isSubmodule == true }
    guard !all.isEmpty else { return [] }
    let declared = try DeclaredSubmodule.all(in: tree, repository)
    return try all.compactMap { change -> String? in
      let commit = change.new!.id
      let name = PathText.quoted(change.path)
      guard let module = declared.first(where: { $0.path == change.path }) else {
        return
          "\(name) is a commit of another repository (\(commit.short)), and .gitmodules does not say of which"
      }
      let verdicts = try places(of: module, change.path).map { $0.isOnlyHere(commit) }
      let isKept =
        try (try? repository.commit(commit)) != nil
        && repository.references(prefix: "refs/lanekeeper/rescue/").contains {
          try repository.isAncestor(commit, of: $0.target)
        }
      guard !verdicts.contains(false), verdicts.contains(true) || isKept else { return nil }
      return "\(name) stands on \(commit.short), which only a lane had"
        + (isKept ? " (kept below refs/lanekeeper/rescue)" : "")
        + "; push it to where others get it"
    }
  }

  private func words(
    _ path: [UInt8], _ commit: ObjectID, _ module: DeclaredSubmodule?, _ kept: String?
  ) -> String {
    let name = PathText.quoted(path)
    let keeping = kept.map { "; it is kept as \($0)" } ?? ""
    guard let module else {
      return
        "\(name): it is a repository inside this one, of which a branch only has the commit "
        + "\(commit.short), and .gitmodules does not say where others get it\(keeping). Commit its files "
        + "themselves (`git rm -q --cached \(name); rm -rf \(name)/.git; git add \(name)`), or make it a "
        + "submodule (`git submodule add`)"
    }
    if kept != nil {
      return
        "\(name): the commit \(commit.short) is only in this lane\(keeping). Push it to where others get "
        + "it (`git -C \(name) push origin HEAD:refs/heads/…`), or leave \(name) where it was"
    }
    return
      "\(name): the commit \(commit.short) is found neither here nor at "
      + "\(module.url ?? "any place, since .gitmodules names no url"); push it there, or leave \(name) where it "
      + "was"
  }

  /// The git directories that may have commits of a submodule: the lane's own, the person's, those of other lanes.
  private func places(of module: DeclaredSubmodule?, _ path: [UInt8]) throws -> [NestedRepository] {
    let common = repository.commonDirectory
    var found: [NestedRepository] = []
    if let lane,
      let inside = NestedRepository(
        at: lane.worktree + "/" + String(decoding: path, as: UTF8.self), keptIn: repository)
    {
      found.append(inside)
    }
    guard let name = module?.safeName else { return found }
    let others = (try? FileManager.default.contentsOfDirectory(atPath: common + "/worktrees")) ?? []
    let bases =
      [lane?.gitDirectory].compactMap(\.self) + [common]
      + others.sorted().map { common + "/worktrees/" + $0 }
    return found
      + bases.compactMap {
        NestedRepository(gitDirectory: $0 + "/modules/" + name, worktree: nil, keptIn: repository)
      }
  }

  // MARK: elsewhere

  /// Commits that were found where others get them.
  private static let found = Mutex<Set<ObjectID>>([])
  private static let seconds = 60.0

  /// Tells whether a submodule's commit can be had at its address; `nil` where that can't be asked. Takes a minute for
  /// each of two questions at most.
  private static func isFound(
    _ commit: ObjectID, of module: DeclaredSubmodule, _ repository: Repository
  ) throws -> Bool? {
    if found.withLock({ $0.contains(commit) }) { return true }
    guard let url = try address(module, repository), !url.hasPrefix("-") else { return nil }
    var environment = GitProgram.clean(repository.environment)
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GIT_PROTOCOL_FROM_USER"] = "0"
    environment["LC_ALL"] = "C"
    if environment["GIT_SSH_COMMAND"] == nil {
      environment["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes"
    }
    let scratch =
      repository.commonDirectory + "/lanekeeper/nested-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer { try? TreeRemoval.remove(scratch) }
    func git(_ arguments: [String]) -> ProcessOutput? {
      try? OneShot.runBlocking(
        ["git", "-c", "core.hooksPath=/dev/null"] + arguments, directory: "/",
        environment: environment, timeoutSeconds: seconds)
    }
    guard git(["init", "-q", "--bare", "--template=", scratch])?.status == 0,
      let listed = git(["-C", scratch, "ls-remote", "--", url]), listed.status == 0
    else { return nil }
    let isThere =
      listed.text.split(separator: "\n").contains { $0.hasPrefix(commit.hex) }
      || git([
        "-C", scratch, "fetch", "-q", "--depth=1", "--no-tags", "--filter=blob:none", "--", url,
        commit.hex,
      ])?.status == 0
    if isThere { found.withLock { _ = $0.insert(commit) } }
    return isThere
  }

  /// Where a submodule is fetched from; an address that is relative counts from that of the repository.
  private static func address(
    _ module: DeclaredSubmodule, _ repository: Repository
  ) throws -> String? {
    if let set = try repository.configString("submodule.\(module.name).url"), !set.isEmpty {
      return set
    }
    guard let url = module.url, !url.isEmpty else { return nil }
    guard url.hasPrefix("./") || url.hasPrefix("../") else { return url }
    guard
      var base = try repository.configString("remote.origin.url") ?? repository.mainWorktreePath
    else { return nil }
    while base.count > 1, base.hasSuffix("/") { base.removeLast() }
    var rest = url[...]
    while true {
      if rest.hasPrefix("./") {
        rest = rest.dropFirst(2)
      } else if rest.hasPrefix("../") {
        rest = rest.dropFirst(3)
        guard let cut = base.lastIndex(where: { $0 == "/" || $0 == ":" }) else { return nil }
        base = String(base[..<cut])
      } else {
        return base + "/" + rest
      }
    }
  }
}

/// The ends of rescue references' names.
enum RescueName {
  /// A path as part of a reference's name.
  static func slug(_ path: [UInt8]) -> String {
    var text = ""
    for byte in path.prefix(80) {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: text.append(Character(UnicodeScalar(byte)))
      default: if !text.hasSuffix("-") { text.append("-") }
      }
    }
    let slug = text.trimmingCharacters(in: CharacterSet(charactersIn: "-"))
    return slug.isEmpty ? "repository" : slug
  }
}
