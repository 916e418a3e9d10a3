import CProcess
import Glibc

/// Runs the repository's own hook of the same name after our verdict.
enum UserHook {
  /// Does not return.
  static func run(_ call: HookCall, place: GitPlace?, input: [UInt8]) -> Never {
    guard let directory = directory(call, place) else { exit(0) }
    let program = directory + "/" + call.name
    guard access(program, X_OK) == 0 else { exit(0) }
    if !input.isEmpty { replay(input) }
    signal(SIGPIPE, SIG_DFL)
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + call.rest).map { strdup($0) } + [nil]
    execv(program, &words)
    if errno == ENOEXEC {
      words = (["/bin/sh", program] + call.rest).map { strdup($0) } + [nil]
      execv("/bin/sh", &words)
    }
    Output.error(["lanekeeper: can't run the hook \(program): \(String(cString: strerror(errno)))"])
    exit(1)
  }

  private static func directory(_ call: HookCall, _ place: GitPlace?) -> String? {
    guard let own = call.directory else { return nil }
    if let place, place.isForeign { return place.commonDirectory + "/hooks" }
    guard let text = Files.link(own + "/user") else { return nil }
    if text.hasPrefix("/") { return text }
    // A relative core.hooksPath counts from the top of the worktree, where git starts hooks.
    if Files.exists("./" + text) { return "./" + text }
    guard let place, Path.last(place.commonDirectory) == ".git" else { return nil }
    return Path.parent(place.commonDirectory) + "/" + text
  }

  private static func replay(_ input: [UInt8]) {
    let descriptor = lk_memory_file("stdin")
    guard descriptor >= 0 else { return }
    var start = 0
    while start < input.count {
      let count = input[start...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      start += count
    }
    lseek(descriptor, 0, SEEK_SET)
    dup2(descriptor, 0)
  }
}
