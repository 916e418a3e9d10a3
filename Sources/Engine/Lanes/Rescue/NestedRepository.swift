import Foundation
import Git
import Model

/// A repository inside a worktree that is not the worktree's own: what a scaffolding tool or `git clone` makes, or
/// a submodule's.
///
/// Nothing is started in it, since its configuration may be an agent's: its references are read with libgit2, its
/// objects and files by a git that works on this repository.
package struct NestedRepository {
  /// The repository that keeps what the other has.
  private let main: Repository
  private let gitDirectory: String
  /// Its files; `nil` where only the git directory is there.
  private let worktree: String?

  /// - Returns: `nil` where nothing at the place is a git directory.
  package init?(gitDirectory: String, worktree: String?, keptIn main: Repository) {
    guard Self.isPlain(gitDirectory) else { return nil }
    self.main = main
    self.gitDirectory = gitDirectory
    self.worktree = worktree
  }

  /// - Parameter worktree: a directory with a `.git`.
  /// - Returns: `nil` where that leads to no git directory.
  package init?(at worktree: String, keptIn main: Repository) {
    guard let found = Self.gitDirectory(of: worktree) else { return nil }
    self.init(gitDirectory: found, worktree: worktree, keptIn: main)
  }

  /// Whether it is a worktree of the repository that would keep it.
  package var isOwnWorktree: Bool {
    guard let common = SmallFile.end(of: gitDirectory + "/commondir", most: 4096) else {
      return false
    }
    let path = common.trimmingCharacters(in: .whitespacesAndNewlines)
    let full = path.hasPrefix("/") ? path : gitDirectory + "/" + path
    return realPath(full) == realPath(main.commonDirectory)
  }

  /// The commit that its HEAD stands on.
  package var head: ObjectID? { open().flatMap { try? $0.head().commit } }

  /// Returns the directory that the `.git` of a worktree is or names.
  package static func gitDirectory(of worktree: String) -> String? {
    let path = worktree + "/.git"
    var facts = stat()
    guard lstat(path, &facts) == 0 else { return nil }
    if facts.st_mode & S_IFMT == S_IFDIR { return path }
    guard let text = SmallFile.end(of: path, most: 8192), text.hasPrefix("gitdir: ") else {
      return nil
    }
    let named = text.dropFirst(8).trimmingCharacters(in: .whitespacesAndNewlines)
    return named.hasPrefix("/") ? named : worktree + "/" + named
  }

  /// Brings what only this repository has into the main one and lets a reference keep it: commits that none of its
  /// remotes has, and what its files hold besides.
  ///
  /// Where its history can't be taken over (it is shallow, or damaged), its files are.
  /// - Parameter withFiles: `false` leaves out what is not committed.
  /// - Returns: the reference; `nil` where there is nothing to keep.
  /// - Throws: what kept it from being kept; then the repository may not be removed.
  package func keep(
    as reference: String, message: String, identity: Signature, withFiles: Bool = true
  ) throws -> String? {
    let inner = open()
    var parents: [ObjectID] = []
    var headTree: ObjectID?
    var hasHistory = true
    if let inner {
      let local = try localTips(inner)
      if !local.isEmpty {
        do {
          try takeOver(local)
          parents = local
        } catch {
          guard worktree != nil, withFiles else { throw error }
          hasHistory = false
        }
      }
      if let head = try? inner.head().commit, let commit = try? inner.commit(head) {
        headTree = commit.tree
        // What its files hold besides goes on from there.
        if parents.contains(head) { parents = [head] + parents.filter { $0 != head } }
      }
    }
    // What can't be read is no reason to take it for empty.
    guard inner != nil || worktree != nil && withFiles else {
      throw Rescue.NotKept(reference: reference)
    }
    let files =
      try withFiles
      ? worktree.map { try FileTree($0, keptIn: main, objects: objects).write(over: headTree) }
      : nil
    let isChanged =
      files.map { tree in headTree.map { tree != $0 } ?? !main.isEmpty(tree) } ?? false
    guard !parents.isEmpty || isChanged || !hasHistory else { return nil }
    guard let tree = files ?? parents.first.flatMap({ try? main.commit($0).tree }) else {
      return nil
    }
    if isChanged || !hasHistory { try pack([tree.hex]) }
    let commit =
      parents.count == 1 && !isChanged
      ? parents[0]
      : try main.createCommit(
        tree: tree, parents: parents, message: message, author: identity, committer: identity)
    return try Rescue.keep(commit, as: reference, message: message, in: main)
  }

  /// Returns whether a commit of it is on none of its remotes; `nil` where it does not have the commit.
  ///
  /// - Parameter others: commits that others have, where that is known better than by what it remembers of its remotes.
  package func isOnlyHere(_ commit: ObjectID, besides others: [ObjectID]? = nil) -> Bool? {
    guard let inner = open(), (try? inner.commit(commit)) != nil,
      let known = try? others ?? inner.references(prefix: "refs/remotes/").map(\.target)
    else { return nil }
    return (try? beyond([commit], known).isEmpty) != true
  }

  /// Brings one commit, with its history, into the main repository and lets a reference keep it.
  package func keep(_ commit: ObjectID, as reference: String, message: String) throws -> String {
    if (try? main.commit(commit)) == nil { try takeOver([commit]) }
    return try Rescue.keep(commit, as: reference, message: message, in: main)
  }

  private func open() -> Repository? {
    (try? Repository(gitDirectory: gitDirectory, environment: main.environment))
      ?? (try? Repository(opening: gitDirectory, environment: main.environment))
  }

  /// The commits of its own references and stashes that no remote has, each that no other one contains.
  private func localTips(_ inner: Repository) throws -> [ObjectID] {
    let all = try inner.references(prefix: "refs/")
    // What is kept already is not kept again.
    let remotes =
      all.filter { $0.name.hasPrefix("refs/remotes/") }.map(\.target)
      + (try main.references(prefix: "refs/lanekeeper/rescue/").map(\.target))
    var tips = all.filter { !$0.name.hasPrefix("refs/remotes/") }.map(\.target)
    if let head = try? inner.head().commit { tips.insert(head, at: 0) }
    for log in ["/logs/refs/stash", "/logs/HEAD"] {
      tips += inner.formerPlaces(in: gitDirectory + log).prefix(1000)
    }
    var seen: Set<ObjectID> = []
    tips = tips.filter { seen.insert($0).inserted && (try? inner.commit($0)) != nil }
    guard !tips.isEmpty else { return [] }
    let (found, parents) = try beyond(tips, remotes).reduce(
      into: (Set<ObjectID>(), Set<ObjectID>())
    ) { result, line in
      result.0.insert(line[0])
      result.1.formUnion(line.dropFirst())
    }
    return tips.filter { found.contains($0) && !parents.contains($0) }
  }

  /// The commits that lead to some and not to others, each with its parents.
  private func beyond(_ tips: [ObjectID], _ others: [ObjectID]) throws -> [[ObjectID]] {
    let words = tips.map(\.hex) + others.map { "^" + $0.hex }
    return try git(
      ["rev-list", "--parents", "--ignore-missing", "--stdin"], words.joined(separator: "\n") + "\n"
    ).text.split(separator: "\n").map { line in
      line.split(separator: " ").compactMap { ObjectID(hex: String($0)) }
    }.filter { !$0.isEmpty }
  }

  /// Stores commits, with their history, among the main repository's objects.
  private func takeOver(_ tips: [ObjectID]) throws {
    guard access(gitDirectory + "/shallow", F_OK) != 0 else {
      throw GitProgramError(
        arguments: ["pack-objects"], status: 128, message: "the history is shallow")
    }
    try pack(
      tips.map(\.hex) + main.references(prefix: "refs/heads/").map { "^" + $0.target.hex })
    for tip in tips where (try? fresh().commit(tip)) == nil {
      throw Rescue.NotKept(reference: tip.hex)
    }
  }

  /// Stores what leads from some objects among the main repository's.
  private func pack(_ words: [String]) throws {
    _ = try git(
      [
        "pack-objects", "--revs", "-q", "--delta-base-offset",
        main.commonDirectory + "/objects/pack/pack",
      ], words.joined(separator: "\n") + "\n")
  }

  private func fresh() throws -> Repository {
    try Repository(opening: main.commonDirectory, environment: main.environment)
  }

  /// Runs git in the main repository with this one's objects at hand.
  private func git(_ arguments: [String], _ input: String) throws -> GitProgram.Result {
    let result = try GitProgram.run(
      arguments, directory: main.commonDirectory, environment: main.environment,
      adding: ["GIT_ALTERNATE_OBJECT_DIRECTORIES": objects], input: Array(input.utf8))
    guard result.status == 0 else {
      throw GitProgramError(
        arguments: arguments, status: result.status,
        message: result.error.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return result
  }

  /// The directory of its objects, in the form of git's alternates list.
  private var objects: String {
    let common =
      SmallFile.end(of: gitDirectory + "/commondir", most: 4096).map {
        let path = $0.trimmingCharacters(in: .whitespacesAndNewlines)
        return path.hasPrefix("/") ? path : gitDirectory + "/" + path
      } ?? gitDirectory
    let path = (common + "/objects").replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"" + path + "\""
  }

  /// Returns whether a directory is a git directory in which nothing that is read could be waited for.
  private static func isPlain(_ directory: String) -> Bool {
    func kind(_ name: String) -> mode_t {
      var facts = stat()
      return lstat(directory + "/" + name, &facts) == 0 ? facts.st_mode & S_IFMT : 0
    }
    let files = [
      "logs/HEAD", "logs/refs/stash", "config", "packed-refs", "shallow", "commondir",
      "objects/info/alternates",
    ]
    guard kind("HEAD") == S_IFREG, files.allSatisfy({ [0, S_IFREG].contains(kind($0)) }),
      kind("commondir") != 0 || kind("objects") == S_IFDIR
    else { return false }
    var count = 0
    let names = FileManager.default.enumerator(atPath: directory + "/refs")
    while let name = names?.nextObject() as? String {
      count += 1
      guard count < 100_000, [S_IFREG, S_IFDIR].contains(kind("refs/" + name)) else {
        return false
      }
    }
    return true
  }
}

/// The files of a directory, stored by a git that knows nothing of a repository that may be there.
struct FileTree {
  private let directory: String
  private let main: Repository
  private let objects: String?

  /// - Parameters:
  ///   - main: the repository in which they are stored.
  ///   - objects: where objects are that need not be stored again, as git reads it in a list.
  init(_ directory: String, keptIn main: Repository, objects: String? = nil) {
    self.directory = directory
    self.main = main
    self.objects = objects
  }

  /// Stores what is not ignored as a tree.
  ///
  /// - Parameter head: what is tracked, and so not ignored.
  /// - Throws: ``LaneError/holdsWork(path:reason:)`` where git does not take all of it.
  func write(over head: ObjectID? = nil) throws -> ObjectID {
    let own =
      main.commonDirectory + "/lanekeeper/nested-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer { try? TreeRemoval.remove(own) }
    for part in ["/objects", "/refs"] {
      try FileManager.default.createDirectory(
        atPath: own + part, withIntermediateDirectories: true)
    }
    try Data("ref: refs/heads/none\n".utf8).write(to: URL(fileURLWithPath: own + "/HEAD"))
    try Data("[core]\n\trepositoryformatversion = 0\n\tbare = false\n".utf8)
      .write(to: URL(fileURLWithPath: own + "/config"))
    var adding = [
      "GIT_DIR": own, "GIT_WORK_TREE": directory,
      "GIT_OBJECT_DIRECTORY": main.commonDirectory + "/objects",
    ]
    adding["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = objects
    func git(_ arguments: [String], _ input: [UInt8]) throws -> GitProgram.Result {
      try GitProgram.run(
        Repository.wholeLook + arguments, directory: directory, environment: main.environment,
        adding: adding, input: input)
    }
    if let head { _ = try git(["read-tree", head.hex], []) }
    let left = try StageAll(
      directory: directory, environment: main.environment, lock: own + "/index.lock", git: git
    ).run()
    guard left.isEmpty else {
      throw LaneError.holdsWork(
        path: directory,
        reason: "git does not take \(left.prefix(5).map(PathText.quoted).joined(separator: ", "))")
    }
    let written = try git(["write-tree"], [])
    guard let tree = ObjectID(hex: written.text) else {
      throw GitProgramError(
        arguments: ["write-tree"], status: written.status, message: written.error)
    }
    return tree
  }

  /// Keeps them under a reference.
  ///
  /// - Returns: the reference; `nil` where there are none.
  func keep(as reference: String, message: String, identity: Signature) throws -> String? {
    let tree = try write()
    guard !main.isEmpty(tree) else { return nil }
    let commit = try main.createCommit(
      tree: tree, parents: [], message: message, author: identity, committer: identity)
    return try Rescue.keep(commit, as: reference, message: message, in: main)
  }
}

extension Repository {
  /// Returns whether a tree holds no file.
  func isEmpty(_ tree: ObjectID) -> Bool {
    (try? changes(from: nil, to: tree).isEmpty) ?? false
  }
}

/// The path without links in it; as it is where that can't be told.
func realPath(_ path: String) -> String {
  guard let pointer = realpath(path, nil) else { return path }
  defer { free(pointer) }
  return String(cString: pointer)
}
