import CProcess
import GitFormats
import Glibc

/// Runs the repository's own hooks of the same name after our verdict.
enum UserHook {
  /// Does not return.
  static func run(_ call: HookCall, place: GitPlace?, input: [UInt8]) -> Never {
    // Outside a sandbox nothing may be started that an agent inside could have written into its lane.
    if Environment.value("LANEKEEPER_USER_HOOKS") == "none" { exit(0) }
    var programs = programs(call, place).filter { access($0, X_OK) == 0 && HookFiles.isFile($0) }
    guard let last = programs.popLast() else { exit(0) }
    signal(SIGPIPE, SIG_DFL)
    for program in programs {
      replay(input)
      let status = wait(program, call)
      if status != 0 { exit(status) }
    }
    replay(input)
    execute(last, call)
  }

  /// The hook of the user's own directory, and one that a hook manager has put among our files, taking
  /// them for the user's (``SelfRepair``).
  private static func programs(_ call: HookCall, _ place: GitPlace?) -> [String] {
    guard let own = call.directory else { return [] }
    let displaced = own + "/" + call.name + HookFiles.displaced
    guard let directory = directory(own, place) else { return [displaced] }
    let user = directory + "/" + call.name
    // A manager that was there before ours has written the same hook twice; it runs once.
    let isTwice = Files.exists(displaced) && Files.read(displaced) == Files.read(user)
    return isTwice ? [user] : [user, displaced]
  }

  /// The user's own directory of hooks.
  static func directory(_ own: String, _ place: GitPlace?) -> String? {
    if let place, place.isForeign { return place.commonDirectory + "/hooks" }
    guard let text = Files.link(own + "/user") else { return nil }
    if text.hasPrefix("/") { return text }
    // A relative core.hooksPath counts from the top of the worktree, where git starts hooks.
    if Files.exists("./" + text) { return "./" + text }
    guard let place else { return nil }
    // A lane's worktree may lack it, as husky's; then it is that of the person's checkout.
    if let noted = Files.read(place.commonDirectory + "/lanekeeper/checkout", limit: 4096),
      noted.first == 0x2f
    {
      let path = String(decoding: noted, as: UTF8.self) + "/" + text
      if Files.exists(path) { return path }
    }
    guard Path.last(place.commonDirectory) == ".git" else { return nil }
    return Path.parent(place.commonDirectory) + "/" + text
  }

  private static func wait(_ program: String, _ call: HookCall) -> Int32 {
    let child = lk_fork()
    guard child != 0 else { execute(program, call) }
    guard child > 0 else { return 1 }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 { if errno != EINTR { return 1 } }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  private static func execute(_ program: String, _ call: HookCall) -> Never {
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + call.rest).map { strdup($0) } + [nil]
    execv(program, &words)
    // Somebody who is just writing the file, or a process started meanwhile, may have it open for a moment.
    for _ in 0..<100 where errno == ETXTBSY {
      usleep(10_000)
      execv(program, &words)
    }
    if errno == ENOEXEC {
      words = (["/bin/sh", program] + call.rest).map { strdup($0) } + [nil]
      execv("/bin/sh", &words)
    }
    Output.error(["lanekeeper: can't run the hook \(program): \(String(cString: strerror(errno)))"])
    exit(1)
  }

  /// Lets the next program read again what git has handed over.
  private static func replay(_ input: [UInt8]) {
    guard !input.isEmpty else { return }
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
    close(descriptor)
  }
}
