import Foundation
import Git
import Model
import Processes
import Synchronization

/// A repository that `.gitmodules` names.
struct DeclaredSubmodule: Sendable, Equatable {
  var name: String
  var path: [UInt8]
  var url: String?

  /// The submodules that a tree declares.
  static func all(in tree: ObjectID, _ repository: Repository) throws -> [DeclaredSubmodule] {
    try all(inFile: repository.entry(at: Array(".gitmodules".utf8), inTree: tree), repository)
  }

  /// The submodules that a file of a tree declares.
  static func all(inFile entry: TreeEntry?, _ repository: Repository) throws -> [DeclaredSubmodule]
  {
    guard let entry, !entry.isTree, !entry.isSubmodule, !entry.isLink
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
    /// The problem and the way out, as a sentence that begins with the path.
    package var words: String
    /// The reference that keeps the commit; `nil` if the commit is absent.
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
    let file = changes.first { $0.path == Array(".gitmodules".utf8) }
    let moved = changes.filter { $0.new?.isSubmodule == true && $0.new != $0.old }
    guard file != nil || !moved.isEmpty else { return [] }
    let declared = try DeclaredSubmodule.all(in: tree, repository)
    let former =
      try file.map { try DeclaredSubmodule.all(inFile: $0.old, repository) } ?? declared
    var points = moved.map { ($0.path, $0.new!.id, wasOne: $0.old?.isSubmodule == true) }
    // Where others are sent elsewhere, a commit that stays has to be there.
    for path in Set(
      (declared + former).filter { !declared.contains($0) || !former.contains($0) }.map(\.path))
    where !moved.contains(where: { $0.path == path }) {
      if let entry = try repository.entry(at: path, inTree: tree), entry.isSubmodule {
        points.append((path, entry.id, wasOne: false))
      }
    }
    return try points.compactMap { path, commit, wasOne -> Refusal? in
      let module = declared.first { $0.path == path }
      let isKnown =
        module.map { module in former.contains { $0.url == module.url } }
        ?? wasOne
      let address = try module.map { try self.address(of: $0, isKnown: isKnown) }
      guard let holder = try unavailable(commit, module, path, address, isKnown: isKnown) else {
        return nil
      }
      let kept = try holder.repository?.keep(
        commit, as: reference + "-" + RescueName.slug(path),
        message: "a commit of \(PathText.quoted(path))")
      return Refusal(
        path: path, commit: commit, words: words(path, commit, module, address, kept),
        reference: kept)
    }
  }

  /// The only holder of a commit that others can't fetch.
  private struct Holder {
    /// `nil` where nobody here has it.
    var repository: NestedRepository?
  }

  /// - Parameter isKnown: the target sends others to the same place already.
  /// - Returns: `nil` where others can get it, or nothing says that they can't.
  private func unavailable(
    _ commit: ObjectID, _ module: DeclaredSubmodule?, _ path: [UInt8], _ address: Address?,
    isKnown: Bool
  ) throws -> Holder? {
    let places = try self.places(of: module, path)
    let verdicts = places.map { ($0, $0.isOnlyHere(commit)) }
    let holder = Holder(repository: verdicts.first { $0.1 != nil }?.0)
    let isPushed = verdicts.contains { $0.1 == false }
    switch address {
    case .asked(let url, let isLocal):
      // What the lane's own copy says of its remotes, an agent can write.
      if isKnown, try personal(module)?.isOnlyHere(commit) == false { return nil }
      if let isFound = isFound(commit, at: url, isLocal: isLocal, among: places) {
        return isFound ? nil : holder
      }
      return isPushed || holder.repository == nil ? nil : holder
    case .unknown: return isPushed || holder.repository == nil ? nil : holder
    case .onlyHere: return holder
    case nil:
      // The target has it as little as the branch.
      return isKnown && (isPushed || holder.repository == nil) ? nil : holder
    }
  }

  /// Lists the submodules of a tree whose commits can't be fetched: nothing declares them, or only a lane had them.
  /// Nobody else is asked.
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
      if case .onlyHere(let url) = try address(of: module, isKnown: true) {
        return
          "\(name) is fetched from \(url), which lies in this repository or in a worktree of it"
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
    _ path: [UInt8], _ commit: ObjectID, _ module: DeclaredSubmodule?, _ address: Address?,
    _ kept: String?
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
    if case .onlyHere(let url) = address {
      let place =
        url.isEmpty
        ? ".gitmodules names no url for it"
        : "\(url), which .gitmodules names, is on this machine alone"
      return
        "\(name): \(place), so nobody else gets the commit \(commit.short)\(keeping). Name a place that others "
        + "reach, and push it there; or commit its files themselves"
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

  /// The person's own copy of a submodule.
  private func personal(_ module: DeclaredSubmodule?) throws -> NestedRepository? {
    module?.safeName.flatMap {
      NestedRepository(
        gitDirectory: repository.commonDirectory + "/modules/" + $0, worktree: nil,
        keptIn: repository)
    }
  }

  // MARK: elsewhere

  private struct Found: Hashable {
    var url: String
    var commit: ObjectID
  }

  /// Commits that were found where others get them.
  private static let found = Mutex<Set<Found>>([])
  private static let seconds = 60.0

  /// Returns whether a commit can be had at an address; `nil` where that can't be asked. Takes a minute for each of two
  /// questions at most.
  private func isFound(
    _ commit: ObjectID, at url: String, isLocal: Bool, among places: [NestedRepository]
  ) -> Bool? {
    let key = Found(url: url, commit: commit)
    if Self.found.withLock({ $0.contains(key) }) { return true }
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
    let options =
      ["-c", "core.hooksPath=/dev/null"]
      + (isLocal ? ["-c", "protocol.file.allow=always"] : [])
    func git(_ arguments: [String]) -> ProcessOutput? {
      try? Command.runBlocking(
        ["git"] + options + arguments, directory: "/", environment: environment,
        timeoutSeconds: Self.seconds)
    }
    guard git(["init", "-q", "--bare", "--template=", scratch])?.status == 0,
      let listed = git(["-C", scratch, "ls-remote", "--", url]), listed.status == 0
    else { return nil }
    let tips = listed.text.split(separator: "\n").compactMap { line in
      line.split(separator: "\t").first.flatMap { ObjectID(hex: String($0)) }
    }
    let isThere =
      tips.contains(commit)
      || places.contains { $0.isOnlyHere(commit, besides: tips) == false }
      || git([
        "-C", scratch, "fetch", "-q", "--depth=1", "--no-tags", "--filter=blob:none", "--", url,
        commit.hex,
      ])?.status == 0
    if isThere { Self.found.withLock { _ = $0.insert(key) } }
    return isThere
  }

  /// The address from which others fetch a submodule's commits.
  private enum Address {
    case asked(url: String, isLocal: Bool)
    /// It counts from a place that is not known.
    case unknown
    /// A place that others don't reach; empty where none is named.
    case onlyHere(url: String)
  }

  /// Looks up where a submodule is fetched from; an address that is relative counts from that of the repository.
  ///
  /// A place on this machine counts where the target names it already, or where the repository itself is fetched
  /// from this machine; one that an agent works in never does.
  private func address(of module: DeclaredSubmodule, isKnown: Bool) throws -> Address {
    guard let written = module.url, !written.isEmpty, !written.hasPrefix("-") else {
      return isKnown ? .unknown : .onlyHere(url: module.url ?? "")
    }
    let origin = try repository.configString("remote.origin.url")
    let isRelative = written.hasPrefix("./") || written.hasPrefix("../")
    guard
      let url = isRelative
        ? (origin ?? repository.mainWorktreePath).flatMap({ Self.join($0, written) }) : written
    else { return .unknown }
    guard let path = Self.localPath(url) else {
      // A person may reach it by another protocol.
      let set = try repository.configString("submodule.\(module.name).url")
      return .asked(
        url: set.flatMap { $0.isEmpty || $0.hasPrefix("-") || Self.localPath($0) != nil ? nil : $0 }
          ?? url,
        isLocal: false)
    }
    guard isKnown || isRelative || origin.map({ Self.localPath($0) != nil }) == true,
      !isOfAgents(path)
    else { return .onlyHere(url: written) }
    return .asked(url: url, isLocal: true)
  }

  private static func join(_ base: String, _ relative: String) -> String? {
    var base = base
    while base.count > 1, base.hasSuffix("/") { base.removeLast() }
    var rest = relative[...]
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

  /// Returns the path or the host of an address that is on this machine; `nil` where it is elsewhere.
  static func localPath(_ url: String) -> String? {
    guard let scheme = url.range(of: "://") else {
      // `host:path` is elsewhere, `./a:b` is not.
      let before = url.prefix { $0 != "/" }
      guard let colon = before.firstIndex(of: ":") else { return url }
      return isThisMachine(String(before[..<colon])) ? url : nil
    }
    let rest = url[scheme.upperBound...]
    guard url[..<scheme.lowerBound].lowercased() != "file" else {
      return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
    }
    return isThisMachine(String(rest.prefix { $0 != "/" })) ? url : nil
  }

  private static func isThisMachine(_ authority: String) -> Bool {
    let host = authority.split(separator: "@").last.map { $0.lowercased() } ?? ""
    let name =
      host.hasPrefix("[")
      ? String(host.dropFirst().prefix { $0 != "]" })
      : String(host.prefix { $0 != ":" })
    return name == "localhost" || name.hasSuffix(".localhost") || name.hasPrefix("127.")
      || ["::1", "0.0.0.0", "::", ""].contains(name)
  }

  /// Returns whether a path lies in the repository or in one of its worktrees.
  private func isOfAgents(_ path: String) -> Bool {
    let common = repository.commonDirectory
    let names = (try? FileManager.default.contentsOfDirectory(atPath: common + "/worktrees")) ?? []
    let worktrees = names.compactMap { name in
      SmallFile.end(of: "\(common)/worktrees/\(name)/gitdir", most: 8192).map {
        ($0.trimmingCharacters(in: .whitespacesAndNewlines) as NSString).deletingLastPathComponent
      }
    }
    let place = realPath(path)
    return ([common, repository.mainWorktreePath, lane?.worktree].compactMap(\.self) + worktrees)
      .contains { place == realPath($0) || place.hasPrefix(realPath($0) + "/") }
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
