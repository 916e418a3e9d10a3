import GitFormats
import Glibc

/// Puts our own files back where another hook manager has written over them, and adds those for hooks
/// that the user has put into their own directory since.
///
/// Such a manager asks git for the hooks directory, gets ours, and installs itself there. This runs
/// before each commit and each change of a reference, so that the next one is judged again.
enum SelfRepair {
  private static let ours = ["pre-commit", "pre-merge-commit", "pre-push", "reference-transaction"]

  static func run(_ call: HookCall, _ place: GitPlace) {
    guard let directory = call.directory, directory.hasPrefix("/"), call.stateDirectory != nil
    else {
      return
    }
    let files = HookFiles(directory)
    // A launcher without its program would stop every commit.
    guard files.hasProgram else { return }
    // What stood there is kept; `lanekeeper hooks install` moves it to the user's own hooks.
    for name in ours { files.put(name) }
    if place.lane == nil { followUser(directory, place) }
    if let user = UserHook.directory(directory, place) { files.add(hooksOf: user) }
  }

  /// Lets `user` lead to where the user's own hooks are now, where the configuration has changed since it was
  /// made, as when husky was installed after us.
  private static func followUser(_ directory: String, _ place: GitPlace) {
    var link = stat()
    var configuration = stat()
    guard lstat(directory + "/user", &link) == 0,
      stat(place.commonDirectory + "/config", &configuration) == 0,
      (link.st_mtim.tv_sec, link.st_mtim.tv_nsec)
        <= (configuration.st_mtim.tv_sec, configuration.st_mtim.tv_nsec)
    else { return }
    let parent = Path.parent(directory)
    let ours = [parent + "/hooks", parent + "/person-hooks"]
    let values = GitCommand.run(["config", "-z", "--get-all", "core.hooksPath"]) ?? []
    var user =
      values.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      .last { !ours.contains($0) } ?? ""
    if user.isEmpty { user = place.commonDirectory + "/hooks" }
    if user.hasPrefix("~/") { user = (Environment.value("HOME") ?? "") + user.dropFirst() }
    for own in ours {
      let fresh = own + "/user.\(getpid())"
      unlink(fresh)
      if symlink(user, fresh) == 0 { rename(fresh, own + "/user") }
    }
  }
}
