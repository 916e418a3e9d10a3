import Foundation
import Processes

/// Writes `features.yml` so that nobody's change is lost.
///
/// Our own commands take a lock. An editor takes none: the file is written only as long as it holds what the
/// change was made for, and where it does not, the change is made again for what it holds now. On Linux a
/// lease on the file keeps everybody else from opening it meanwhile. It is written in place, so that links to it,
/// its owner and its mode stay.
package struct BacklogFile {
  private let project: Project
  /// How often, and how many milliseconds long, a change is made anew at least before it is given up.
  private static let most = (tries: 50, milliseconds: Int64(10_000))

  package init(_ project: Project) { self.project = project }

  /// Reads the file, lets `edit` make its new text, and writes it. Blocks.
  ///
  /// - Parameter edit: gets the text, or `nil` where there is no file; it may be called more than once.
  /// - Returns: whether anything was written.
  /// - Throws: ``Failure``: 65 where the file is a link that leads out of the repository, 75 where it changes
  ///   all the time; then nothing was written.
  @discardableResult
  package func change(_ edit: (String?) throws -> String) throws -> Bool {
    try project.state.create()
    let lock = try FileLock.acquireBlocking(project.state.locks + "/backlog")
    defer { lock.release() }
    let end = Boot.uptimeMilliseconds() + Self.most.milliseconds
    var tries = 0
    while tries < Self.most.tries || Boot.uptimeMilliseconds() < end {
      tries += 1
      guard let path = try target() else {
        let text = try edit(nil)
        if try create(text) { return true }
        continue
      }
      guard let old = try read(path) else { continue }
      let text = try edit(old)
      if text == old { return false }
      if try replace(old, with: text, at: path) { return true }
    }
    throw Failure("features.yml is being written all the time; try again", status: 75)
  }

  /// The file itself, behind links; `nil` where there is none.
  private func target() throws -> String? {
    var facts = stat()
    let path = project.backlogFile
    guard lstat(path, &facts) == 0 else { return nil }
    guard facts.st_mode & S_IFMT == S_IFLNK else { return path }
    guard let real = Self.real(path) else {
      throw Failure(
        "features.yml is a link that leads to nothing; repair it or remove it", status: 65)
    }
    guard let root = Self.real(project.directory), real.hasPrefix(root + "/"),
      !real.hasPrefix(root + "/.git/")
    else {
      throw Failure(
        "features.yml is a link that leads out of the repository, to \(real); nothing is written there. "
          + "Change that file itself, or put features.yml in its place", status: 65)
    }
    return real
  }

  private static func real(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// - Returns: false where somebody made it meanwhile.
  private func create(_ text: String) throws -> Bool {
    let made = project.backlogFile + ".\(getpid()).new"
    defer { unlink(made) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: made))
    if link(made, project.backlogFile) == 0 { return true }
    guard errno == EEXIST else { throw error("made") }
    return false
  }

  /// Reads the file while nobody has it open for writing.
  private func read(_ path: String) throws -> String? {
    var facts = stat()
    if lstat(path, &facts) != 0, errno == ENOENT { return nil }
    let descriptor = try InputFile.openFile(path, O_RDONLY | O_NOFOLLOW)
    defer { release(descriptor) }
    lease(descriptor, Int32(F_RDLCK))
    guard let text = String(validating: InputFile.bytes(descriptor) ?? [], as: UTF8.self) else {
      throw Failure("\(path) is not UTF-8 text; save it as UTF-8", status: 65)
    }
    return text
  }

  /// - Returns: false where it holds something else by now.
  private func replace(_ old: String, with text: String, at path: String) throws -> Bool {
    let descriptor = try InputFile.openFile(path, O_RDWR | O_NOFOLLOW)
    defer { release(descriptor) }
    lease(descriptor, Int32(F_WRLCK))
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, InputFile.bytes(descriptor) == Array(old.utf8),
      isStill(facts, at: path)
    else { return false }
    // For the case that the machine stops in the middle of it.
    try? Data(old.utf8).write(
      to: URL(fileURLWithPath: project.state.path + "/features.before.yml"), options: .atomic)
    // One write, filled up with line ends where it becomes shorter: whoever is ended between the two calls
    // leaves a file that is whole.
    let new = Array(text.utf8)
    let filled = new + [UInt8](repeating: 0x0a, count: max(0, old.utf8.count - new.count))
    guard pwrite(descriptor, filled, filled.count, 0) == filled.count,
      ftruncate(descriptor, off_t(new.count)) == 0
    else { throw error("written") }
    fsync(descriptor)
    // An editor may have put another file in its place meanwhile: that one has not got the change.
    return isStill(facts, at: path)
  }

  /// Keeps others from opening the file, where the system can; waits a while for those who have it open.
  ///
  /// - Parameter kind: for reading, against those who write; or for writing, against everybody.
  private func lease(_ descriptor: Int32, _ kind: Int32) {
    #if os(Linux)
      // The signal for somebody who wants to open it; this one is ignored by default.
      _ = fcntl(descriptor, 10, SIGURG)
      for _ in 0..<200 where fcntl(descriptor, 1024, kind) != 0 {
        guard errno == EAGAIN || errno == EINTR else { return }
        usleep(1000)
      }
    #endif
  }

  /// Ends the lease and closes the file. A program that is just being started has a copy of the descriptor for a
  /// moment, so that to close it alone would not end the lease.
  private func release(_ descriptor: Int32) {
    #if os(Linux)
      _ = fcntl(descriptor, 1024, Int32(F_UNLCK))
    #endif
    close(descriptor)
  }

  private func isStill(_ facts: stat, at path: String) -> Bool {
    var now = stat()
    return lstat(path, &now) == 0 && now.st_ino == facts.st_ino && now.st_dev == facts.st_dev
  }

  private func error(_ word: String) -> Failure {
    Failure("\(project.backlogFile) can't be \(word): \(String(cString: strerror(errno)))")
  }
}
