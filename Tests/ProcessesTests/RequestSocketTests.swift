import CProcess
import Foundation
import Processes
import TestSupport
import Testing

@Suite(.bounded) struct RequestSocketTests {
  private let scratch: TemporaryDirectory
  init() throws { scratch = try TemporaryDirectory() }

  /// Connects and sends a head that announces so many bytes, with a descriptor as all three streams.
  private func announce(_ count: Int, streams: Int32) throws -> Int32 {
    let socket = lk_unix_connect(scratch.path, "socket")
    try #require(socket >= 0)
    let head = (0..<4).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
    try #require(lk_send_descriptors(socket, head, 4, [streams, streams, streams], 3) == 0)
    return socket
  }

  @Test func whatIsTooLargeIsNotRead() throws {
    let desk = try RequestSocket(directory: scratch.path, name: "socket") { _, _ in 0 }
    defer { desk.close() }
    let socket = try announce(63 << 20, streams: 2)
    defer { close(socket) }
    var byte: UInt8 = 0
    // The end, without an answer.
    #expect(read(socket, &byte, 1) == 0)
  }

  @Test func closesThoughOneThatIsServedWaitsForEver() throws {
    let waits = DispatchSemaphore(value: 0)
    let desk = try RequestSocket(directory: scratch.path, name: "socket") { _, _ in
      waits.signal()
      Thread.sleep(forTimeInterval: 60)
      return 0
    }
    let fields: [[UInt8]] = [Array("command".utf8), Array("/".utf8), [], Array("0".utf8)]
    let message = fields.flatMap { field in
      (0..<4).map { UInt8(truncatingIfNeeded: field.count >> ($0 * 8)) } + field
    }
    let socket = try announce(message.count, streams: 2)
    defer { close(socket) }
    #expect(write(socket, message, message.count) == message.count)
    waits.wait()
    desk.close()
  }

  @Test func nobodyIsWaitedForWhoReadsNothing() throws {
    var ends: [Int32] = [-1, -1]
    try #require(lk_pipe_cloexec(&ends) == 0)
    defer { for end in ends { close(end) } }
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let block = [UInt8](repeating: 0, count: 4096)
    while write(ends[1], block, block.count) > 0 {}
    _ = fcntl(ends[1], F_SETFL, 0)
    ForeignDescriptor.write(Array("refused".utf8), to: ends[1])
  }
}
