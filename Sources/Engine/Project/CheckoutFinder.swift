import Foundation
import Git
import Store

/// Finds the repository and the checkout that a command is meant for, in whatever layout.
///
/// It is the checkout that the command was started in. From a lane, or a bare repository's own directory, it
/// is the one in which the last run was started, else the main checkout, else the only one that there is.
struct CheckoutFinder {
  let directory: String
  let environment: [String: String]

  /// - Throws: ``Failure`` with a line for people, where no checkout is certain.
  func find() throws -> (repository: Repository, checkout: String) {
    try checkName(directory)
    guard FileManager.default.fileExists(atPath: directory) else {
      throw Failure("\(directory) does not exist; name the repository with --project-dir")
    }
    let start = try start()
    let repository = try open(start)
    try checkName(repository.commonDirectory)
    try askGit(repository, start)
    let checkout = try checkout(of: repository)
    if let named = environment["GIT_WORK_TREE"], !named.isEmpty,
      !isSame(absolute(named), repository.workingDirectory ?? checkout)
    {
      throw Failure(
        "GIT_WORK_TREE names \(named), but git finds the repository \(repository.commonDirectory) from "
          + "\(checkout) only; unset it, or write `gitdir: \(repository.gitDirectory)` into \(named)/.git"
      )
    }
    return (repository, checkout)
  }

  /// Where to look for the repository: `GIT_DIR` counts where the directory lies in none, and may not
  /// name another one.
  private func start() throws -> String {
    let found = try discovered(directory)
    guard let named = environment["GIT_DIR"], !named.isEmpty else {
      guard found != nil else {
        throw Failure(
          "\(directory) is no git repository; run `git init` there, or name one with --project-dir")
      }
      return directory
    }
    guard let found else { return absolute(named) }
    let theirs = try? Repository(opening: absolute(named)).commonDirectory
    let ours = try? Repository(opening: found).commonDirectory
    guard theirs == nil || ours == nil || theirs == ours else {
      throw Failure(
        "GIT_DIR names \(named), but \(directory) belongs to the repository \(found); unset it, or name the "
          + "repository with --project-dir")
    }
    return directory
  }

  private func open(_ start: String) throws -> Repository {
    guard let path = try discovered(start) else {
      throw Failure("GIT_DIR names \(start), which is no git repository")
    }
    let reasons = RepositoryFormat.check(path: path)
    guard reasons.isEmpty else {
      throw Failure(
        "\(directory) can't be used, since libgit2 can't handle it: "
          + reasons.joined(separator: "; "))
    }
    do {
      return try Repository(at: start, environment: environment)
    } catch let error as UnsupportedRepository {
      throw Failure(error.description)
    } catch let error as GitError {
      throw Failure("\(directory) can't be opened: \(error.message)")
    }
  }

  private func discovered(_ directory: String) throws -> String? {
    do {
      return try Repository.discover(from: directory)
    } catch let error as GitError {
      throw Failure("\(directory) can't be opened: \(error.message)")
    }
  }

  /// Some paths can't be named to every program that takes part.
  private func checkName(_ path: String) throws {
    if path.unicodeScalars.contains("\u{fffd}") {
      throw Failure("\(path) is no UTF-8 text, which Lanekeeper needs; rename that directory")
    }
    if path.utf8.contains(0x0a) || path.utf8.contains(0x0d) {
      throw Failure(
        "the path '\(path)' has a line break in it, which git's own files of worktrees can't hold; rename "
          + "that directory")
    }
  }

  /// Lets git decide about a repository that belongs to another user.
  private func askGit(_ repository: Repository, _ start: String) throws {
    guard RepositoryPlace.isForeign(repository) else { return }
    let answer = try GitProgram.run(
      ["rev-parse", "--git-dir"], directory: start, environment: environment)
    guard answer.status != 0 else { return }
    throw Failure(
      "\(start) belongs to another user, and git does not accept it:\n"
        + answer.error.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  private func checkout(of repository: Repository) throws -> String {
    if let name = repository.worktreeName {
      guard Self.isOurs(name) else { return repository.workingDirectory ?? directory }
      return try home(of: repository)
    }
    if let top = repository.workingDirectory { return top }
    if repository.isBare { return try home(of: repository) }
    if let noted = noted(repository) { return noted }
    let named = try repository.configString("core.worktree")
    throw Failure(
      "\(repository.gitDirectory) is the git directory of a checkout "
        + (named.map { "at \($0) (core.worktree), from which git does not find it; " }
          ?? "that it does not name; ")
        + "start Lanekeeper in the checkout, with a file `.git` there that says "
        + "`gitdir: \(repository.gitDirectory)`")
  }

  /// The person's checkout of a repository in which the command was not started in one.
  private func home(of repository: Repository) throws -> String {
    if let noted = noted(repository) { return noted }
    if let main = repository.mainWorktreePath { return main }
    let others = repository.worktrees().filter { $0.valid && !Self.isOurs($0.name) }.map(\.path)
    if others.count == 1 { return others[0] }
    guard others.isEmpty else {
      throw Failure(
        "\(directory) is no checkout, and the repository has several: "
          + "\(others.joined(separator: ", ")); start Lanekeeper in one of them, or name it with "
          + "--project-dir")
    }
    throw Failure(
      "\(directory) is a bare repository; Lanekeeper needs a checkout: clone it, or add one with "
        + "`git worktree add`, and run there")
  }

  /// The checkout that was written down, where it still is one of this repository.
  private func noted(_ repository: Repository) -> String? {
    guard let path = RepositoryPlace.notedCheckout(repository.commonDirectory),
      let found = try? Repository(opening: path),
      found.commonDirectory == repository.commonDirectory,
      found.worktreeName.map(Self.isOurs) != true, let top = found.workingDirectory
    else { return nil }
    return top
  }

  /// Returns whether a linked worktree is a lane or a place where the gate runs.
  static func isOurs(_ name: String) -> Bool {
    name == "integration" || name.hasPrefix("integration-")
      || LaneRecord.number(ofWorktree: name) != nil
  }

  private func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  }

  private func isSame(_ one: String, _ two: String) -> Bool {
    func resolved(_ path: String) -> String {
      URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
    return resolved(one) == resolved(two)
  }
}
