import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOPosix
import TestSupport
import Testing

@testable import Web

/// Connections that hold a place, at a server whose patience is short.
@Suite(.bounded) struct RequestDeadlineTests {
  /// Answers as soon as a request's head has come, whatever of its body has.
  private final class Hasty: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .head = unwrapInboundIn(data) else { return }
      let head = HTTPResponse(status: .ok, headerFields: [.contentLength: "0"])
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }

  /// Serves while a body runs, with the handlers in the order in which the page's own server has them.
  private func serving(
    _ limits: RequestDeadline.Limits, _ body: (Int) throws -> Void
  ) throws {
    let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? threads.syncShutdownGracefully() }
    let server = try ServerBootstrap(group: threads)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline()
          try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
          try pipeline.addHandler(RequestDeadline(limits))
          try pipeline.addHandler(Hasty())
        }
      }
      .bind(host: "127.0.0.1", port: 0).wait()
    try body(server.localAddress?.port ?? 0)
    try server.close().wait()
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
  func aBodyAfterTheAnswerKeepsNoConnection(rest: String) throws {
    var limits = RequestDeadline.Limits()
    limits.body = .seconds(4)
    limits.idle = .seconds(1)
    try serving(limits) { port in
      let descriptor = Self.connected(port)
      defer { close(descriptor) }
      Self.say(descriptor, Self.head)
      let answer = Self.heard(descriptor)
      #expect(answer?.contains(" 200 ") == true, "\(answer ?? "nothing")")
      Self.say(descriptor, rest)
      #expect(Self.isClosed(descriptor))
    }
  }

  @Test func whatIsNotSaidToTheEndIsClosed() throws {
    var limits = RequestDeadline.Limits()
    limits.head = .milliseconds(300)
    limits.body = .milliseconds(300)
    limits.idle = .milliseconds(300)
    try serving(limits) { port in
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
