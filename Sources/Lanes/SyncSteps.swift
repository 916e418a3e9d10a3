import ClaimRules
import Foundation
import Git
import Store

/// The steps by which a sync changes a lane: files, index, branch. Each may be done again after a kill.
struct SyncSteps {
  let repository: Repository
  let lane: LaneRecord
  let store: Store

  private var directory: String { repository.gitDirectory }
  private var top: String { repository.workingDirectory ?? directory }
  private var indexLock: String { directory + "/index.lock" }
  /// The files before the sync, as an index.
  private var workIndex: String { directory + "/lanekeeper-sync.work" }
  private static let lockText = "lanekeeper sync\n"

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
    let descriptor = open(indexLock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var text = Self.lockText
    _ = text.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
    return true
  }

  /// Lets other gits in again; what a journal needs stays.
  func releaseIndexLock() {
    if !SyncJournal.exists(directory) { unlink(workIndex) }
    if isOwnLock { unlink(indexLock) }
  }

  /// Tells whether the lock is a sync's; one that was killed may have left it.
  private var isOwnLock: Bool {
    FileManager.default.contents(atPath: indexLock)?.elementsEqual(Self.lockText.utf8) == true
  }

  /// Returns the tree of everything in the lane that is not ignored.
  func snapshot() throws -> ObjectID {
    let files = FileManager.default
    // One sync at a time is in a lane; a lock here is that of a git which was killed.
    for path in [workIndex, workIndex + ".lock"] { try? files.removeItem(atPath: path) }
    if files.fileExists(atPath: directory + "/index") {
      try files.copyItem(atPath: directory + "/index", toPath: workIndex)
    }
    _ = try StageAll.run(environment: repository.environment) {
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

  /// Returns the name of a file that git ignores and that the sync would overwrite.
  func inTheWay(_ journal: SyncJournal) throws -> String? {
    for change in try repository.changes(from: journal.before, to: journal.after)
    where change.old == nil {
      var found = stat()
      let isThere = withPath(change.path) { lstat($0, &found) == 0 }
      guard isThere, found.st_mode & S_IFMT != S_IFDIR else { continue }
      return PathText.quoted(change.path)
    }
    return nil
  }

  /// Writes down what is about to be done.
  func begin(_ journal: SyncJournal) throws { try journal.write(directory) }

  // MARK: doing it

  /// Does what the journal says, from whatever point it was left at, and removes it.
  func finish() throws {
    guard let journal = try SyncJournal.read(directory) else { return }
    guard takeIndexLock() else {
      throw LaneError.broken(path: top, reason: "another git is at work in it (index.lock)")
    }
    try writeFiles(journal)
    try writeIndex(journal)
    try moveBranch(journal)
    if let commit = journal.commit {
      try store.setBase(journal.target.hex, ofLane: lane.number)
      try store.record(
        "lane_synced", feature: lane.feature, agent: lane.agent,
        ["target": .string(journal.target.hex), "commit": .string(commit.hex)])
    }
    SyncJournal.remove(directory)
    releaseIndexLock()
  }

  private func writeFiles(_ journal: SyncJournal) throws {
    let changes = try repository.changes(from: journal.before, to: journal.after)
    guard !changes.isEmpty else { return }
    let after = directory + "/lanekeeper-sync.after"
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
    let ready = directory + "/lanekeeper-sync.files"
    let files = FileManager.default
    try? files.removeItem(atPath: ready)
    defer { try? files.removeItem(atPath: ready) }
    try git(
      ["checkout-index", "-f", "-q", "-z", "--stdin", "--prefix=\(ready)/"], index: index,
      input: changes.flatMap { $0.path + [0] })
    for change in changes where change.new?.isSubmodule == false {
      var parts = change.path.split(separator: 0x2f).map(Array.init).dropLast()
      var parents: [[UInt8]] = []
      while !parts.isEmpty {
        parents.insert(Array(parts.joined(separator: [0x2f])), at: 0)
        parts = parts.dropLast()
      }
      for parent in parents { _ = withPath(parent) { mkdir($0, 0o777) } }
      try move(from: ready, change.path)
    }
  }

  private func move(from ready: String, _ path: [UInt8]) throws {
    let source = (Array(ready.utf8) + [0x2f] + path + [0]).map { CChar(bitPattern: $0) }
    func place(_ path: [UInt8], _ source: [CChar]) -> Int32 {
      withPath(path) { target in
        if rename(source, target) == 0 { return 0 }
        if errno == EISDIR, rmdir(target) == 0, rename(source, target) == 0 { return 0 }
        return errno
      }
    }
    var code = place(path, source)
    if code == EXDEV {
      // The lane lies on another file system than the repository: bring the file over first.
      let near = path + Array(".lanekeeper-sync".utf8)
      let file = ready + "/" + String(decoding: path, as: UTF8.self)
      let target = top + "/" + String(decoding: near, as: UTF8.self)
      unlink(target)
      do {
        try FileManager.default.copyItem(atPath: file, toPath: target)
      } catch {
        unlink(target)
        throw LaneError.notWritable(path: top, reason: (error as NSError).localizedDescription)
      }
      let whole = (Array(top.utf8) + [0x2f] + near + [0]).map { CChar(bitPattern: $0) }
      code = place(path, whole)
    }
    guard code == 0 else {
      throw LaneError.broken(
        path: top,
        reason: "\(PathText.quoted(path)) can't be written: \(String(cString: strerror(code)))")
    }
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
      new.mode & 0o170000 == 0o100000, let present = withPath(change.path, Self.content)
    else { return false }
    let merged = try Repository.mergeContents(
      base: try repository.blob(old.id), ours: present, theirs: try repository.blob(new.id),
      union: false)
    return withPath(change.path) { path in
      let descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
      guard descriptor >= 0 else { return false }
      defer { close(descriptor) }
      var start = 0
      while start < merged.content.count {
        let count = merged.content[start...].withUnsafeBytes {
          Foundation.write(descriptor, $0.baseAddress, $0.count)
        }
        guard count > 0 else { return false }
        start += count
      }
      return true
    }
  }

  private static func content(_ path: UnsafePointer<CChar>) -> [UInt8]? {
    var found = stat()
    guard lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return nil }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return count == 0 ? result : nil }
      result += buffer[..<count]
    }
  }

  private func remove(_ path: [UInt8]) {
    _ = withPath(path) { unlink($0) }
    var parts = path.split(separator: 0x2f).map(Array.init)
    while parts.popLast() != nil, !parts.isEmpty {
      let parent = Array(parts.joined(separator: [0x2f]))
      guard withPath(parent, { rmdir($0) }) == 0 else { return }
    }
  }

  private func withPath<T>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) throws -> T) rethrows
    -> T
  {
    let bytes = (Array(top.utf8) + [0x2f] + path + [0]).map { CChar(bitPattern: $0) }
    return try bytes.withUnsafeBufferPointer { try body($0.baseAddress!) }
  }

  private func writeIndex(_ journal: SyncJournal) throws {
    let new = directory + "/lanekeeper-sync.index"
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
    guard rename(new, directory + "/index") == 0 else {
      throw LaneError.broken(path: top, reason: String(cString: strerror(errno)))
    }
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
      try Data(text.utf8).write(
        to: URL(fileURLWithPath: directory + "/" + name), options: .atomic)
    }
  }
}
