import Foundation

extension Repository {
  /// The settings that let git compare files by all that it can see of them, and start nothing but itself.
  ///
  /// An agent can change the repository's own.
  package static let wholeLook: [String] =
    [
      "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.untrackedCache=false",
      "core.ignoreStat=false", "core.trustctime=true", "core.checkStat=default",
      "core.splitIndex=false", "index.sparse=false", "core.safecrlf=false",
    ].flatMap { ["-c", $0] }

  /// Writes a copy of this worktree's index in which no file is hidden from git.
  ///
  /// Marks that keep git from looking at files are taken away where a file is there, and what the index
  /// remembers as its trees, so that only its entries count. The index itself stays as it is.
  ///
  /// - Parameter path: beside the index, since a split one is in parts; must not exist.
  /// - Returns: `false` where there is no index, or none that can be read; then nothing is written.
  package func copyIndex(to path: String) -> Bool {
    let index = gitDirectory + "/index"
    if writeUnhidden(index, to: path) { return true }
    // Another form: split, sparse, version 4. git writes it in the plain one.
    guard let original = Self.regularFile(index),
      (try? original.write(to: URL(fileURLWithPath: path))) != nil
    else { return false }
    let plain = path + ".plain"
    defer { unlink(plain) }
    let result = try? GitProgram.run(
      Self.wholeLook + [
        "update-index", "--no-split-index", "--index-version", "2", "--force-write-index",
      ], directory: workingDirectory ?? gitDirectory, environment: environment,
      adding: ["GIT_INDEX_FILE": path])
    guard result?.status == 0, rename(path, plain) == 0, writeUnhidden(plain, to: path) else {
      unlink(path)
      return false
    }
    return true
  }

  /// Moves an index aside that git can't read, so that the files are compared with HEAD again.
  package func putUnreadableIndexAside() throws {
    let index = gitDirectory + "/index"
    var facts = stat()
    guard lstat(index, &facts) == 0, IndexSummary(path: index) == nil,
      try git(Self.wholeLook + ["ls-files", "-z", "--error-unmatch", "--", ":(top)"]).status == 128
    else { return }
    guard rename(index, "\(index).unreadable-\(UInt32.random(in: 0 ... .max))") == 0 else {
      throw WorktreeError.file(path: index, reason: String(cString: strerror(errno)))
    }
  }

  /// Whether the index keeps git from looking at some file, or is of a form that does not show whether it does.
  package var mayHideFiles: Bool {
    IndexSummary(path: gitDirectory + "/index")?.hidesFiles ?? true
  }

  private static func regularFile(_ path: String) -> Data? {
    var facts = stat()
    guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
    return try? Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func writeUnhidden(_ source: String, to path: String) -> Bool {
    var facts = stat()
    guard stat(source, &facts) == 0, let data = Self.regularFile(source) else { return false }
    var bytes = [UInt8](data)
    guard let end = Self.unhide(&bytes, below: workingDirectory ?? gitDirectory) else {
      return false
    }
    bytes.removeSubrange(end...)
    bytes += bytes.withUnsafeBytes { SHA1.digest($0) }
    guard (try? Data(bytes).write(to: URL(fileURLWithPath: path))) != nil else { return false }
    // As old as the one it was copied from: what is newer is read by git.
    let times = [facts.st_atim, facts.st_mtim]
    return utimensat(AT_FDCWD, path, times, 0) == 0
  }

  /// - Returns: where the entries end; `nil` where the index has another form, or its checksum is wrong.
  private static func unhide(_ bytes: inout [UInt8], below directory: String) -> Int? {
    let end = bytes.count - 20
    func number(_ place: Int) -> Int {
      bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
    func half(_ place: Int) -> Int { Int(bytes[place]) << 8 | Int(bytes[place + 1]) }
    guard end >= 12, bytes.starts(with: "DIRC".utf8), (2...3).contains(number(4)) else {
      return nil
    }
    let checksum = bytes[end...]
    guard
      checksum.allSatisfy({ $0 == 0 })
        || bytes[..<end].withUnsafeBytes({ SHA1.digest($0) }).elementsEqual(checksum)
    else { return nil }
    var place = 12
    for _ in 0..<number(8) {
      guard place + 64 <= end else { return nil }
      let flags = half(place + 60)
      let isExtended = flags & 0x4000 != 0
      let name = place + (isExtended ? 64 : 62)
      guard let stop = bytes[name..<end].firstIndex(of: 0) else { return nil }
      var isHidden = flags & 0x8000 != 0
      bytes[place + 60] &= 0x7f
      if isExtended, half(place + 62) & 0x4000 != 0 {
        var facts = stat()
        let file = Array(directory.utf8) + [0x2f] + bytes[name...stop]
        let isThere =
          file.withUnsafeBytes {
            lstat($0.assumingMemoryBound(to: CChar.self).baseAddress!, &facts)
          } == 0
        if isThere {
          isHidden = true
          bytes[place + 62] &= 0xbf
        }
      }
      if isHidden {
        // Nothing is known of the file any more but its mode, which stands between the numbers.
        for offset in Array(0..<24) + Array(28..<40) { bytes[place + offset] = 0 }
      }
      let next = place + (name - place + (stop - name) + 8) / 8 * 8
      guard next <= end else { return nil }
      place = next
    }
    return extensionsCanGo(bytes, from: place, to: end) ? place : nil
  }

  /// Returns whether all that follows the entries can be left out: its names begin with a capital letter.
  private static func extensionsCanGo(_ bytes: [UInt8], from start: Int, to end: Int) -> Bool {
    var place = start
    while place + 8 <= end {
      guard (0x41...0x5a).contains(bytes[place]) else { return false }
      let size = bytes[(place + 4)..<(place + 8)].reduce(0) { $0 << 8 | Int($1) }
      place += 8 + size
    }
    return place == end
  }

  /// Lets HEAD of a linked worktree name a commit where it can't be read: it is no file, names nothing, or what
  /// it names is broken. Index and files stay. A branch without a commit is left as it is.
  ///
  /// - Parameters:
  ///   - name: git's name for the worktree; one that is not registered is left alone.
  ///   - branch: the branch that it belongs on; what is broken of that one is repaired elsewhere.
  ///   - commit: what HEAD is to stand on then.
  /// - Returns: whether HEAD was written.
  @discardableResult
  package func repairHead(
    ofWorktree name: String, branch: String? = nil, commit: ObjectID
  ) throws -> Bool {
    let admin = commonDirectory + "/worktrees/" + name
    guard text(of: admin + "/gitdir") != nil, !isReadableHead(admin + "/HEAD", branch)
    else {
      return false
    }
    try Self.replaceText(commit.hex + "\n", at: admin + "/HEAD")
    return true
  }

  /// Writes the two links of a linked worktree's part of the git directory again where they are no files: the one to
  /// the rest of the directory, and the one to the worktree. One that leads to another repository is written, too.
  ///
  /// - Parameters:
  ///   - name: git's name for the worktree; one that is not registered is left alone.
  ///   - path: where it stands.
  package func repairLinks(ofWorktree name: String, path: String) throws {
    let admin = commonDirectory + "/worktrees/" + name
    var facts = stat()
    guard lstat(admin, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else { return }
    let common = text(of: admin + "/commondir") ?? ""
    if common.isEmpty || !sameFile(absolute(common, from: admin), commonDirectory) {
      try Self.replaceText("../..\n", at: admin + "/commondir")
    }
    if (text(of: admin + "/gitdir") ?? "").isEmpty {
      try Self.replaceText(path + "/.git\n", at: admin + "/gitdir")
    }
  }

  /// Writes a file of git's; a directory in its place is moved out of the way.
  private static func replaceText(_ text: String, at path: String) throws {
    var facts = stat()
    if lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR {
      guard rename(path, "\(path)-\(UInt32.random(in: 0 ... .max))") == 0 else {
        throw WorktreeError.file(path: path, reason: String(cString: strerror(errno)))
      }
    }
    try writeText(text, to: path)
  }

  private func isReadableHead(_ path: String, _ branch: String?) -> Bool {
    guard let data = Self.regularFile(path), data.count <= 4096 else { return false }
    var words = String(decoding: data, as: UTF8.self)
    while words.last?.isWhitespace == true { words.removeLast() }
    if let id = ObjectID(hex: words) { return (try? commit(id)) != nil }
    guard words.hasPrefix("ref: ") else { return false }
    let name = String(words.dropFirst(5)).trimmingCharacters(in: .whitespaces)
    guard Self.isValidReferenceName(name), name.hasPrefix("refs/") else { return false }
    if name == branch { return true }
    do {
      guard let id = try reference(name) else { return true }
      return (try? commit(id)) != nil
    } catch {
      return false
    }
  }
}
