import Foundation
import Git
import Model
import Processes
import Store

/// The steps by which a sync changes a lane: files, index, branch. Each may be done again after a kill.
///
/// An agent can write its lane and the lane's part of the git directory, also while a sync is under way. So what is
/// trusted stands in the state directory, and whatever is read or changed in the lane goes through a ``Root``.
struct SyncSteps {
  let repository: Repository
  let lane: LaneRecord
  let store: Store
  /// The directory of a sync's journal and files.
  private let scratch: String
  private let files: Root
  private let administration: Root

  init(repository: Repository, lane: LaneRecord, store: Store) throws {
    self.repository = repository
    self.lane = lane
    self.store = store
    scratch = StateDirectory(commonDirectory: repository.commonDirectory).sync(lane.name)
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    files = try Root(repository.workingDirectory ?? repository.gitDirectory)
    administration = try Root(repository.gitDirectory)
  }

  private var top: String { files.path }
  /// The files before the sync, as an index.
  private var workIndex: String { scratch + "/work" }
  private static let indexLock = Array("index.lock".utf8)
  private static let lockText = Array("lanekeeper sync\n".utf8)
  /// No index is larger.
  private static let largestIndex = 2 << 30
  /// No file is larger in which edits are merged.
  private static let largestFile = 256 << 20

  @discardableResult
  private func git(
    _ arguments: [String], index: String? = nil, input: [UInt8] = [], mayFail: Bool = false
  ) throws -> GitProgram.Result {
    let arguments = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"] + arguments
    let adding = index.map { ["GIT_INDEX_FILE": $0] } ?? ["GIT_OPTIONAL_LOCKS": "0"]
    return mayFail
      ? try GitProgram.run(
        arguments, directory: top, environment: repository.environment, adding: adding,
        input: input)
      : try GitProgram.check(
        arguments, directory: top, environment: repository.environment, adding: adding,
        input: input)
  }

  // MARK: before

  /// Keeps other gits out of the index; false where one is at work.
  func takeIndexLock() -> Bool {
    if isOwnLock { return true }
    let descriptor = open(
      repository.gitDirectory + "/index.lock", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    _ = Self.lockText.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    return true
  }

  /// Lets other gits in again; what a journal needs stays.
  func releaseIndexLock() {
    if !SyncJournal.exists(scratch) { unlink(workIndex) }
    if isOwnLock { administration.remove(Self.indexLock) }
  }

  /// Whether the lock is a sync's; one that was killed may have left it.
  private var isOwnLock: Bool {
    (try? administration.read(Self.indexLock, limit: 64)) == Self.lockText
  }

  /// Returns the tree of everything in the lane that is not ignored.
  func snapshot() throws -> ObjectID {
    // One sync at a time is in a lane; a lock here is that of a git which was killed.
    for path in [workIndex, workIndex + ".lock"] { unlink(path) }
    _ = try administration.copyOut(
      Array("index".utf8), to: workIndex, limit: Self.largestIndex)
    // What a gate leaves is no work, and conflicts would put it into the index with the rest.
    var products = try GateLitter.paths(store)
    if !products.isEmpty {
      products.formIntersection(
        try git(["ls-files", "-o", "-z"], index: workIndex).output.split(separator: 0)
          .map(Array.init))
    }
    try StageAll.run(
      top, environment: repository.environment,
      leaving: products.sorted(by: {
        $0.lexicographicallyPrecedes($1)
      }), lock: workIndex + ".lock"
    ) {
      try git($0, index: workIndex, input: $1)
    }
    guard let tree = ObjectID(hex: try git(["write-tree"], index: workIndex).text) else {
      throw LaneError.broken(path: top, reason: "git can't write down what is in it")
    }
    return tree
  }

  /// Returns the paths, quoted, in which the index differs from HEAD.
  func staged() throws -> [String] {
    try git(["diff-index", "--cached", "-z", "--no-renames", "--name-only", "HEAD", "--"])
      .output.split(separator: 0).map { SyncJournal.text(Array($0)) }
  }

  /// Returns the name of what git ignores and the sync would overwrite: a file in the place of one, or a file or a
  /// link in the place of a directory, through which nothing is written.
  func inTheWay(_ journal: SyncJournal) throws -> String? {
    let changes = try repository.changes(from: journal.before, to: journal.after)
    let gone = Set(changes.filter { $0.new == nil }.map(\.path))
    for change in changes where change.new != nil {
      if let obstacle = try files.obstacle(onTheWayTo: change.path), !gone.contains(obstacle) {
        return PathText.quoted(obstacle)
      }
      guard change.old == nil, let found = try? files.facts(change.path),
        found.st_mode & S_IFMT != S_IFDIR
      else { continue }
      return PathText.quoted(change.path)
    }
    return nil
  }

  /// Writes down what is about to be done.
  func begin(_ journal: SyncJournal) throws { try journal.write(scratch) }

  // MARK: doing it

  /// Does what the journal says, from whatever point it was left at, and removes it.
  func finish() throws {
    try forgetOldJournal()
    guard let journal = try SyncJournal.read(scratch) else { return }
    guard try store.lane(lane.number)?.branch ?? lane.branch == journal.branch else {
      // The lane has gone on to another branch: nobody's files are half of this.
      SyncJournal.remove(scratch)
      return releaseIndexLock()
    }
    guard takeIndexLock() else {
      throw LaneError.broken(path: top, reason: "another git is at work in it (index.lock)")
    }
    try writeFiles(journal)
    try writeIndex(journal)
    try moveBranch(journal)
    if let commit = journal.commit {
      try store.setBase(journal.target.hex, ofLane: lane.number)
      try store.record(
        .laneSynced, feature: lane.feature, agent: lane.agent,
        ["target": .string(journal.target.hex), "commit": .string(commit.hex)])
    }
    SyncJournal.remove(scratch)
    releaseIndexLock()
  }

  /// Takes away what stands in the lane's part of the git directory under the name of a sync: earlier versions had
  /// their journal there, and agents can write there. Nothing that it says is done.
  private func forgetOldJournal() throws {
    guard try administration.facts(Array("lanekeeper-sync".utf8)) != nil else { return }
    for name in try administration.walk(limit: 100_000)
    where name.path.starts(with: "lanekeeper-sync".utf8) && !name.path.contains(0x2f) {
      try administration.removeAll(name.path)
    }
    releaseIndexLock()
    try store.record(
      .syncIgnored, feature: lane.feature, agent: lane.agent,
      [
        "lane": .integer(Int64(lane.number)),
        "detail": .string(
          "a journal of a sync in the lane's part of the git directory was not followed: an agent can write there"
        ),
      ])
  }

  private func writeFiles(_ journal: SyncJournal) throws {
    let changes = try repository.changes(from: journal.before, to: journal.after)
    guard !changes.isEmpty else { return }
    let after = scratch + "/after"
    defer { unlink(after) }
    unlink(after)
    try git(["read-tree", journal.after.hex], index: after)
    try git(["update-index", "-q", "--refresh"], index: after, mayFail: true)
    if !FileManager.default.fileExists(atPath: workIndex) {
      try git(["read-tree", journal.before.hex], index: workIndex)
    }
    try git(["update-index", "-q", "--refresh"], index: workIndex, mayFail: true)
    let notBefore = try differing(workIndex)
    let notAfter = try differing(after)
    var write: [TreeChange] = []
    for change in changes {
      let isEdited = notBefore.contains(change.path)
      if change.new == nil {
        if !isEdited { remove(change.path) }
      } else if notAfter.contains(change.path), try !(isEdited && mergeEdit(change)) {
        write.append(change)
      }
    }
    try put(write, from: after)
  }

  /// Puts files of an index in their places, each in one step.
  private func put(_ changes: [TreeChange], from index: String) throws {
    guard !changes.isEmpty else { return }
    let ready = scratch + "/files"
    let manager = FileManager.default
    try? manager.removeItem(atPath: ready)
    defer { try? manager.removeItem(atPath: ready) }
    try manager.createDirectory(atPath: ready, withIntermediateDirectories: false)
    try git(
      ["checkout-index", "-f", "-q", "-z", "--stdin", "--prefix=\(ready)/"], index: index,
      input: changes.flatMap { $0.path + [0] })
    let source = try Root(ready)
    for change in changes where change.new?.isSubmodule == false {
      do {
        try makeWay(change.path)
        try files.take(change.path, from: source)
      } catch {
        throw LaneError.broken(
          path: top, reason: "\(PathText.quoted(change.path)) can't be written: \(error)")
      }
    }
  }

  /// Makes the directories above a path. What has come to stand in the place of one since the sync began is kept
  /// under another name.
  private func makeWay(_ path: [UInt8]) throws {
    if let obstacle = try files.obstacle(onTheWayTo: path) {
      try files.rename(
        obstacle, to: obstacle + Array(".in-the-way-\(UInt32.random(in: 0 ... .max))".utf8))
    }
    if let end = path.lastIndex(of: 0x2f) { try files.makeDirectory(Array(path[..<end])) }
  }

  private func differing(_ index: String) throws -> Set<[UInt8]> {
    Set(
      try git(["diff-files", "-z", "--name-only", "--ignore-submodules"], index: index)
        .output.split(separator: 0).map(Array.init))
  }

  /// Takes an edit along that was made while a sync was cut off.
  ///
  /// - Returns: false where there is none, and the file can simply be written.
  private func mergeEdit(_ change: TreeChange) throws -> Bool {
    guard let old = change.old, let new = change.new, old.mode & 0o170000 == 0o100000,
      new.mode & 0o170000 == 0o100000, let found = try? files.facts(change.path),
      let present = try? files.read(change.path, limit: Self.largestFile)
    else { return false }
    let merged = try Repository.mergeContents(
      base: try repository.blob(old.id), ours: present, theirs: try repository.blob(new.id),
      union: false)
    do {
      try files.write(change.path, merged.content, mode: found.st_mode & 0o7777)
      return true
    } catch {
      return false
    }
  }

  private func remove(_ path: [UInt8]) {
    files.remove(path)
    var parent = path[...]
    while let end = parent.lastIndex(of: 0x2f) {
      parent = parent[..<end]
      guard files.removeDirectory(Array(parent)) else { return }
    }
  }

  private func writeIndex(_ journal: SyncJournal) throws {
    let new = scratch + "/index"
    unlink(new)
    try git(["read-tree", journal.index.hex], index: new)
    if !journal.stages.isEmpty {
      var lines: [UInt8] = []
      for path in Set(journal.stages.map(\.path)).sorted() {
        lines += Array("0 \(ObjectID.zero.hex)\t".utf8) + SyncJournal.bytes(path) + [0]
      }
      for stage in journal.stages {
        lines += Array("\(String(stage.mode, radix: 8)) \(stage.id.hex) \(stage.number)\t".utf8)
        lines += SyncJournal.bytes(stage.path) + [0]
      }
      try git(["update-index", "-z", "--index-info"], index: new, input: lines)
    }
    if !journal.staged.isEmpty {
      try git(
        ["-c", "core.safecrlf=false", "update-index", "--add", "--remove", "-z", "--stdin"],
        index: new, input: journal.staged.flatMap { SyncJournal.bytes($0) + [0] })
    }
    try git(["update-index", "-q", "--refresh"], index: new, mayFail: true)
    try administration.take(Array("index".utf8), from: try Root(scratch))
  }

  private func moveBranch(_ journal: SyncJournal) throws {
    if let commit = journal.commit {
      guard try repository.reference(journal.branch) != commit else { return }
      try repository.updateReference(
        journal.branch, to: commit, expecting: journal.tip, message: "lane: sync")
      return
    }
    // As git's own merge leaves it.
    for (name, text) in [
      ("ORIG_HEAD", journal.tip.hex + "\n"), ("MERGE_MSG", journal.message), ("MERGE_MODE", ""),
      ("MERGE_HEAD", journal.target.hex + "\n"),
    ] {
      try administration.write(Array(name.utf8), Array(text.utf8))
    }
  }
}
