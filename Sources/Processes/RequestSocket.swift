import CProcess
import Foundation

/// A request of a process on the other side of a socket.
package struct DeskRequest: Sendable {
  /// `hook` or `command`.
  package var kind: String
  /// The working directory of the process.
  package var directory: String
  package var arguments: [String]
  package var environment: [String: String]
  /// The input that the process has read already.
  package var input: [UInt8]
  /// The process's own standard input, output and error.
  package fileprivate(set) var descriptors: [Int32]

  /// Reads kind, directory, input, the number of arguments, the arguments and then variables, each
  /// after its length; `nil` where they are anything else.
  init?(_ bytes: [UInt8], descriptors: [Int32]) {
    var fields: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard rest.count >= 4 else { return nil }
      let size = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      guard size <= rest.count else { return nil }
      fields.append(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    func text(_ field: ArraySlice<UInt8>) -> String? {
      field.contains(0) ? nil : String(validating: field, as: UTF8.self)
    }
    guard fields.count >= 4, let kind = text(fields[0]), let directory = text(fields[1]),
      let count = text(fields[3]).flatMap(Int.init), count >= 0, count <= fields.count - 4
    else { return nil }
    self.kind = kind
    self.directory = directory
    input = Array(fields[2])
    arguments = fields[4..<(4 + count)].compactMap(text)
    guard arguments.count == count else { return nil }
    environment = [:]
    for field in fields[(4 + count)...] {
      // A variable that is no text is none that is asked for.
      guard let text = text(field), let sign = text.firstIndex(of: "=") else { continue }
      environment[String(text[..<sign])] = String(text[text.index(after: sign)...])
    }
    self.descriptors = descriptors
  }
}

/// A socket at which processes that may not do a thing themselves ask for it.
///
/// Each that connects is served by a thread of its own; when it goes, what is done for it ends.
package final class RequestSocket: @unchecked Sendable {
  /// Does what is asked for and returns the exit status. `isWanted` is false once the process has gone.
  package typealias Handler =
    @Sendable (_ request: DeskRequest, _ isWanted: @Sendable () -> Bool) -> Int32

  private let listener: Int32
  private let handler: Handler
  private let lock = NSLock()
  private var isClosed = false
  private var served = 0
  private let most = 64
  /// The bytes that those being served may have sent, together.
  private var room = 32 << 20
  /// Of one request: a hook's standard input, arguments and variables.
  private static let largest = 9 << 20

  /// - Throws: ``ProcessFailure/file(path:reason:)`` where the socket can't be made.
  package init(
    directory: String, name: String, handler: @escaping Handler
  ) throws(ProcessFailure) {
    let path = directory + "/" + name
    unlink(path)
    listener = lk_unix_listen(directory, name)
    guard listener >= 0 else {
      throw .file(path: path, reason: String(cString: strerror(errno)))
    }
    chmod(path, 0o600)
    self.handler = handler
    start { [self] in accept() }
  }

  /// Takes no more requests, and waits until those that are being served have ended, but not for ever: one of
  /// them may wait at a descriptor that nobody reads.
  package func close() {
    let isFirst = lock.withLock {
      defer { isClosed = true }
      return !isClosed
    }
    guard isFirst else { return }
    // Wakes the thread that waits for the next one.
    shutdown(listener, Int32(SHUT_RDWR))
    let end = Boot.uptimeMilliseconds() + 6000
    while lock.withLock({ served > 0 }), Boot.uptimeMilliseconds() < end { usleep(1000) }
  }

  private func start(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.stackSize = 512 * 1024
    thread.start()
  }

  private func accept() {
    while true {
      let connection = lk_unix_accept(listener)
      if connection < 0 && (errno == EINTR || errno == ECONNABORTED) { continue }
      let isTaken = lock.withLock {
        guard connection >= 0, !isClosed, served < most else { return false }
        served += 1
        return true
      }
      if isTaken {
        start { [self] in
          serve(connection)
          Glibc.close(connection)
          lock.withLock { served -= 1 }
        }
      } else {
        if connection >= 0 { Glibc.close(connection) }
        if connection < 0 || lock.withLock({ isClosed }) { break }
      }
    }
    Glibc.close(listener)
  }

  private func serve(_ connection: Int32) {
    var descriptors: [Int32] = [-1, -1, -1]
    defer { for descriptor in descriptors where descriptor >= 0 { Glibc.close(descriptor) } }
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(
      connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var head = [UInt8](repeating: 0, count: 4)
    guard lk_receive_descriptors(connection, &head, 4, &descriptors, 3) == 4,
      descriptors.allSatisfy({ $0 >= 0 })
    else { return }
    let size = head.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard size <= Self.largest, take(size) else { return }
    defer { lock.withLock { room += size } }
    guard let bytes = receive(size, from: connection),
      let request = DeskRequest(bytes, descriptors: descriptors)
    else { return }
    let status = handler(request) { [self] in
      var waiting = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
      // Nothing more is sent, so whatever comes is the end.
      return poll(&waiting, 1, 0) == 0 && !lock.withLock { isClosed }
    }
    var answer = (0..<4).map { UInt8(truncatingIfNeeded: status >> ($0 * 8)) }
    _ = send(connection, &answer, 4, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
  }

  private func take(_ size: Int) -> Bool {
    lock.withLock {
      guard room >= size else { return false }
      room -= size
      return true
    }
  }

  private func receive(_ size: Int, from connection: Int32) -> [UInt8]? {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while result.count < size {
      let count = read(connection, &buffer, min(buffer.count, size - result.count))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return nil }
      result += buffer[..<count]
    }
    return result
  }
}
