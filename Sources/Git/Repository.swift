import CLibgit2
import Foundation

// Git: libgit2 with Swift types. Handles are freed by their owners, every result code becomes an
// error with libgit2's class, code and message, and paths inside the repository stay bytes.

/// An open repository or linked worktree. Not Sendable: open one for each task.
package final class Repository {
  let handle: OpaquePointer
  /// The object database; opened at its first use.
  private var openDatabase: OpaquePointer?
  /// Buffer of new objects until ``storeObjects()``; `nil` if each is stored at once.
  private var buffer: ObjectBuffer?
  /// Handles that the buffer writes to, which must not go before it.
  private var shared: [Repository] = []

  /// The git directory of this worktree, absolute, without a slash at its end.
  package let gitDirectory: String
  /// The git directory that all worktrees share.
  package let commonDirectory: String
  /// The directory of the checkout; `nil` where there is none from which git finds this repository.
  package let workingDirectory: String?
  /// The environment in which git is started where libgit2 does not serve.
  package let environment: [String: String]

  static let setUp: Void = {
    git_libgit2_init()
    lk_git_leave_owners_to_git()
    let name = strdup("worktreeconfig")
    var names: [UnsafePointer<CChar>?] = [UnsafePointer(name)]
    _ = names.withUnsafeMutableBufferPointer { lk_git_set_extensions($0.baseAddress, 1) }
    free(name)
    // Directories are read again and again by merges and comparisons; libgit2 keeps none above 4 KB
    // unless told to. What it keeps stays small.
    lk_git_set_cache(GIT_OBJECT_TREE, 1 << 20, 32 << 20)
  }()

  /// Opens a repository by the path of a checkout, a lane or a git directory.
  ///
  /// - Parameter environment: the whole environment for git where it has to be started. Without
  ///   `HOME` git does not see the user's own configuration, filters such as git-lfs included.
  /// - Throws: ``UnsupportedRepository`` for a format that libgit2 1.5 does not handle;
  ///   ``GitError`` otherwise.
  package convenience init(opening path: String, environment: [String: String] = [:]) throws {
    try self.init(path, flags: GIT_REPOSITORY_OPEN_NO_SEARCH, environment)
  }

  /// Opens the repository that a directory lies in, and knows its checkout however git finds the one from
  /// the other: by a `.git` directory, file or link.
  ///
  /// - Throws: as ``init(opening:environment:)``.
  package convenience init(at directory: String, environment: [String: String] = [:]) throws {
    try self.init(directory, flags: GIT_REPOSITORY_OPEN_CROSS_FS, environment)
  }

  /// Opens a git directory without its checkout, which may be gone.
  ///
  /// - Throws: as ``init(opening:environment:)``.
  package convenience init(
    gitDirectory path: String, environment: [String: String] = [:]
  ) throws {
    try self.init(
      path,
      flags: git_repository_open_flag_t(
        GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue | GIT_REPOSITORY_OPEN_BARE.rawValue), environment)
  }

  private init(
    _ path: String, flags: git_repository_open_flag_t, _ environment: [String: String]
  ) throws {
    _ = Self.setUp
    self.environment = environment
    if let common = Self.commonDirectory(near: path) {
      let reasons = RepositoryFormat.check(commonDirectory: common)
      guard reasons.isEmpty else { throw UnsupportedRepository(path: path, reasons: reasons) }
    }
    var pointer: OpaquePointer?
    var code = git_repository_open_ext(&pointer, path, flags.rawValue, nil)
    // What an agent has taken of it is put back within a second.
    for _ in 0..<12 where code != 0 && Self.isBroken(path) {
      usleep(100_000)
      code = git_repository_open_ext(&pointer, path, flags.rawValue, nil)
    }
    try GitError.check(code, "open the repository \(path)")
    handle = pointer!
    // Where `.git` is a link, libgit2 names now the link and now its target.
    gitDirectory = RepositoryPlace.resolved(Self.trimmed(git_repository_path(pointer)))
    commonDirectory = RepositoryPlace.resolved(Self.trimmed(git_repository_commondir(pointer)))
    let directory = gitDirectory
    workingDirectory = git_repository_workdir(pointer).map { Self.trimmed($0) }
      .flatMap { RepositoryPlace.leads(from: $0, to: directory) ? $0 : nil }
  }

  deinit {
    git_odb_free(openDatabase)
    git_repository_free(handle)
  }

  /// Returns the object database.
  func database() throws -> OpaquePointer {
    if let openDatabase { return openDatabase }
    try GitError.check(git_repository_odb(&openDatabase, handle), "open the object database")
    return openDatabase!
  }

  /// Keeps new objects in memory until ``storeObjects()``; git sees them only then.
  ///
  /// What is not stored by then vanishes with the repository. A git that this repository starts finds
  /// everything stored.
  ///
  /// - Parameter reader: another handle on the same repository that is to see them at once.
  package func keepObjectsInMemory(visibleTo reader: Repository) throws {
    if buffer == nil { buffer = try ObjectBuffer([try database(), try reader.database()]) }
    shared.append(reader)
  }

  /// Stores the objects that were kept in memory, on the disk and all at once, before anything names
  /// them.
  package func storeObjects() throws {
    try buffer?.store(self)
  }

  /// Stores an object as it is.
  func writeObject(_ content: UnsafeRawBufferPointer, type: git_object_t) throws -> ObjectID {
    if let buffer { return try buffer.add(content, type: type) }
    var oid = git_oid()
    try GitError.check(
      git_odb_write(&oid, try database(), content.baseAddress, content.count, type),
      "write an object")
    return ObjectID(oid)
  }

  /// Returns the git directory of the repository that a path lies in; `nil` where there is none.
  package static func discover(from path: String) throws -> String? {
    _ = setUp
    var buffer = git_buf()
    defer { git_buf_dispose(&buffer) }
    let code = git_repository_discover(&buffer, path, 1, nil)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try GitError.check(code, "find a repository at \(path)")
    return trimmed(buffer.ptr)
  }

  /// Whether the repository has no checkout.
  package var isBare: Bool { git_repository_is_bare(handle) == 1 }
  /// Whether this is a linked worktree.
  package var isLinkedWorktree: Bool { git_repository_is_worktree(handle) == 1 }
  /// git's name for the linked worktree.
  package var worktreeName: String? {
    isLinkedWorktree ? (gitDirectory as NSString).lastPathComponent : nil
  }

  /// The checkout that the repository was made with; `nil` where it is bare, or where the git directory
  /// does not tell.
  package var mainWorktreePath: String? {
    if !isLinkedWorktree, let workingDirectory { return workingDirectory }
    guard let main = isLinkedWorktree ? try? Repository(opening: commonDirectory) : self,
      !main.isBare
    else { return nil }
    if let found = main.workingDirectory { return found }
    // The git directory stands elsewhere and does not name its checkout.
    guard let noted = RepositoryPlace.notedCheckout(commonDirectory),
      RepositoryPlace.leads(from: noted, to: commonDirectory)
    else { return nil }
    return noted
  }

  /// Runs git in this worktree.
  package func git(_ arguments: [String], input: [UInt8] = []) throws -> GitProgram.Result {
    try storeObjects()
    return try GitProgram.run(
      arguments, directory: workingDirectory ?? gitDirectory, environment: environment,
      input: input)
  }

  /// Copies a C string as it is, whatever its encoding.
  func bytes(of string: UnsafePointer<CChar>) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: string, count: strlen(string)))
  }

  static func trimmed(_ pointer: UnsafePointer<CChar>?) -> String {
    trimmed(pointer.map { String(cString: $0) } ?? "")
  }

  static func trimmed(_ path: String) -> String {
    var text = path
    while text.count > 1, text.hasSuffix("/") { text.removeLast() }
    return text
  }

  /// Returns whether a git directory is there that lacks what it can't be opened without.
  private static func isBroken(_ path: String) -> Bool {
    guard let common = commonDirectory(near: path) else { return false }
    if text(of: common + "/HEAD")?.isEmpty != false { return true }
    return access(common + "/objects", F_OK) != 0 || access(common + "/refs", F_OK) != 0
  }

  /// Finds the common directory without libgit2.
  static func commonDirectory(near path: String) -> String? {
    let files = FileManager.default
    var git = path
    var isDirectory: ObjCBool = false
    if files.fileExists(atPath: path + "/.git", isDirectory: &isDirectory) {
      git = path + "/.git"
      if !isDirectory.boolValue {
        guard let text = Git.text(of: git), text.hasPrefix("gitdir: ")
        else { return nil }
        let target = text.dropFirst(8).trimmingCharacters(in: .whitespacesAndNewlines)
        git = target.hasPrefix("/") ? target : path + "/" + target
      }
    }
    if let target = Git.text(of: git + "/commondir"), !target.isEmpty {
      return target.hasPrefix("/") ? target : git + "/" + target
    }
    let isWhole = { (place: String) in
      files.fileExists(atPath: place + "/config")
        || files.fileExists(atPath: place + "/refs")
          && files.fileExists(atPath: place + "/objects/pack")
    }
    if isWhole(git) { return git }
    // The part of a linked worktree whose way to the rest is gone.
    let above = (git as NSString).deletingLastPathComponent
    guard git != path, (above as NSString).lastPathComponent == "worktrees" else { return nil }
    let common = (above as NSString).deletingLastPathComponent
    return isWhole(common) ? common : nil
  }
}
