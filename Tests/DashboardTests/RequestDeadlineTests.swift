import Foundation
import Hummingbird
import Logging
import NIOCore
import Processes
import ServiceLifecycle
import Testing

@testable import Dashboard

/// Connections that hold a place, at a server whose patience is short.
@Suite struct RequestDeadlineTests {
  /// Serves while a body runs; what is asked for is answered at once, whatever of it has come.
  private func serving(
    _ limits: RequestDeadline.Limits, _ body: @escaping @Sendable (Int) throws -> Void
  ) async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    let app = Application(
      responder: CallbackResponder<BasicRequestContext> { _, _ in Response(status: .ok) },
      server: .http1(configuration: .init(additionalChannelHandlers: [RequestDeadline(limits)])),
      configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { found.yield($0.localAddress?.port ?? 0) }, logger: logger)
    let group = ServiceGroup(services: [app], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for await port in ports {
        try await Offload.run { try body(port) }
        break
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  private static func connected(_ port: Int) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(result == 0)
    // A test that waits in vain ends.
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return descriptor
  }

  private static func say(_ descriptor: Int32, _ text: String) {
    send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL))
  }

  /// - Returns: what came; empty where the connection was closed, `nil` where nothing came for long.
  private static func heard(_ descriptor: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno != ECONNRESET { return nil }
      return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
  }

  /// - Returns: whether the other side closed the connection.
  private static func isClosed(_ descriptor: Int32) -> Bool {
    while let text = heard(descriptor) {
      if text.isEmpty { return true }
    }
    return false
  }

  private static let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"

  @Test(arguments: ["", "12345", "1234567890"])
  func aBodyAfterTheAnswerKeepsNoConnection(rest: String) async throws {
    var limits = RequestDeadline.Limits()
    limits.body = .seconds(4)
    limits.idle = .seconds(1)
    try await serving(limits) { port in
      let descriptor = Self.connected(port)
      defer { close(descriptor) }
      Self.say(descriptor, Self.head)
      let answer = Self.heard(descriptor)
      #expect(answer?.contains(" 200 ") == true, "\(answer ?? "nothing")")
      Self.say(descriptor, rest)
      #expect(Self.isClosed(descriptor))
    }
  }

  @Test func whatIsNotSaidToTheEndIsClosed() async throws {
    var limits = RequestDeadline.Limits()
    limits.head = .milliseconds(300)
    limits.body = .milliseconds(300)
    limits.idle = .milliseconds(300)
    try await serving(limits) { port in
      for text in [
        "", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\nX:", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      ] {
        let descriptor = Self.connected(port)
        defer { close(descriptor) }
        Self.say(descriptor, text)
        #expect(Self.isClosed(descriptor), "\(text)")
      }
    }
  }
}
