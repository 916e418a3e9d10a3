import CProcess
import Foundation

/// A program with descriptors of the caller's as its standard streams, which ends with this process at the
/// latest, together with all that it has started.
///
/// It runs in a session of its own, so that it has no terminal to wait at.
package final class ChildCommand {
  /// The guard's process id.
  let pid: pid_t
  private let name: String
  private let directory: String
  private let control: Int32
  private let began = Boot.uptimeMilliseconds()
  private var reports: [UInt8] = []

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - name: what the program is called in errors.
  ///   - descriptors: standard input, output and error; they stay the caller's.
  /// - Throws: ``ProcessFailure/couldNotStart(program:reason:)`` where the guard can't be started; that the
  ///   program can't be is told by ``wait(seconds:isWanted:draining:)``.
  package init(
    _ argv: [String], name: String? = nil, directory: String, environment: [String: String],
    descriptors: [Int32]
  ) throws(ProcessFailure) {
    self.name = name ?? argv[0]
    self.directory = directory
    guard let guardProgram = Programs.guardProgram else {
      throw .couldNotStart(
        program: self.name,
        reason: "lanekeeper-guard is not installed beside lanekeeper (looked in \(Programs.home)); "
          + "install it again")
    }
    var ends: [Int32] = [-1, -1]
    guard lk_socket_pair(&ends) == 0 else {
      throw .couldNotStart(program: self.name, reason: String(cString: strerror(errno)))
    }
    control = ends[0]
    defer { close(ends[1]) }
    do {
      pid = try Spawn.start(
        [guardProgram], environment: environment, directory: nil, input: descriptors[0],
        output: descriptors[1], error: descriptors[2], newSession: true,
        tie: (ends[1], ["--directory", directory, "--grace", "2000", "--"] + argv))
    } catch {
      close(control)
      throw error
    }
  }

  deinit { close(control) }

  /// Waits for the program's end. Blocks the calling thread.
  ///
  /// - Parameters:
  ///   - seconds: how long it may take.
  ///   - isWanted: is asked now and then; once false, the program is ended.
  ///   - drain: takes what the program has written; where it returns descriptors, they are waited for, too.
  /// - Returns: the exit status.
  /// - Throws: ``ProcessFailure``, apart by what happened.
  package func wait(
    seconds: Double, isWanted: () -> Bool = { true }, draining drain: () -> [Int32] = { [] }
  ) throws(ProcessFailure) -> Int32 {
    let seconds = min(seconds, Programs.most)
    var unwanted: ProcessFailure?
    var giveUp = Int64.max
    var teller = WaitTeller()
    defer { teller.end() }
    var orphans: Set<ProcessIdentity> = []
    while true {
      var polled = ([control] + drain()).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      _ = poll(&polled, nfds_t(polled.count), 100)
      if polled[0].revents != 0, !hear() { break }
      let now = Boot.uptimeMilliseconds()
      if unwanted == nil {
        unwanted = reasonToEnd(now, seconds, isWanted)
        if unwanted != nil {
          send(Programs.stop?.isForced == true ? "K" : "T")
          giveUp = now + 4000
        }
      } else if Programs.stop?.isForced == true, giveUp > now + 2000 {
        send("K")
        giveUp = now + 2000
      }
      if now >= giveUp {
        // Somebody holds the guard still. What it leaves becomes this process's.
        orphans.formUnion(ProcessTree.descendants(of: pid).compactMap(ProcessIdentity.init))
        for one in orphans { one.hold() }
        for one in orphans { one.kill() }
        kill(pid, SIGKILL)
      }
      teller.look(directory: directory, words: words)
    }
    while waitpid(pid, nil, 0) < 0, errno == EINTR {}
    Orphans.forget(pid)
    for _ in 0..<100 where !orphans.isEmpty {
      Orphans.collect(orphans)
      orphans = orphans.filter { ProcessTree.parent(of: $0.pid) == getpid() }
      if !orphans.isEmpty { usleep(2000) }
    }
    _ = drain()
    let lines = String(decoding: reports, as: UTF8.self).split(separator: "\n")
    let ending = Ending(report: lines.last.map(String.init) ?? "")
    if ending == .guardLost,
      let child = lines.first?.split(separator: " ").last.flatMap({ pid_t($0) })
    {
      kill(-child, SIGKILL)
    }
    if let unwanted { throw unwanted }
    switch ending {
    case .exited(let status): return status
    case .signalled(let signal): throw .killed(program: name, signal: signal)
    case .couldNotStart(let code):
      throw .couldNotStart(program: name, reason: String(cString: strerror(code)))
    default: throw .killed(program: "what supervises \(name)", signal: SIGKILL)
    }
  }

  private func reasonToEnd(
    _ now: Int64, _ seconds: Double, _ isWanted: () -> Bool
  ) -> ProcessFailure? {
    if Double(now - began) >= seconds * 1000 {
      return .timedOut(program: name, seconds: seconds, waitingFor: waitingFor)
    }
    guard isWanted() else { return .cancelled(program: name) }
    if let stop = Programs.stop, let end = stop.end(ofProgramBegunAt: began), now >= end {
      return .cancelled(program: name, waitingFor: waitingFor)
    }
    return nil
  }

  private func send(_ letter: Unicode.Scalar) {
    var byte = UInt8(ascii: letter)
    _ = Glibc.send(control, &byte, 1, Int32(MSG_NOSIGNAL))
  }

  /// Takes what the guard reports; false at its end.
  private func hear() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = read(control, &buffer, buffer.count)
    if count > 0 { reports += buffer[..<count] }
    return count > 0 || count < 0 && errno == EINTR
  }

  /// The command lines of what the program waits for, from its own child on.
  private var waitingFor: String? {
    let chain = ProcessTree.youngestChain(below: pid).dropFirst().map { line in
      line.count > 100 ? line.prefix(100) + "…" : line
    }
    return chain.isEmpty ? nil : chain.joined(separator: " → ")
  }

  private func words(_ seconds: Int64) -> String {
    "\(name) has been going on for \(seconds) s"
      + (waitingFor.map { "; it waits for: \($0)" } ?? "")
  }
}
