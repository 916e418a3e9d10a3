import NIOCore
import NIOHTTPTypes

/// Closes connections whose request is incomplete for too long, or whose client does not read the response.
final class RequestDeadline: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  struct Limits: Sendable {
    /// From the connection to the end of the first request's head.
    var head = TimeAmount.seconds(10)
    /// From a request's head to the end of its body.
    var body = TimeAmount.seconds(20)
    /// From an answer to the next request on the connection.
    var idle = TimeAmount.seconds(75)
    /// The time in which the client reads no byte although some wait.
    var reader = TimeAmount.seconds(30)
  }

  private let limits: Limits
  private var request: Scheduled<Void>?
  private var reader: Scheduled<Void>?
  /// True between the head of a request and the end of its body.
  private var isComing = false
  /// Requests without a complete answer; a client may pipeline several.
  private var open = 0

  init(_ limits: Limits = Limits()) { self.limits = limits }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { expect(within: limits.head, context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    expect(within: limits.head, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    request?.cancel()
    reader?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      isComing = true
      open += 1
      expect(within: limits.body, context)
    case .body: break
    case .end:
      isComing = false
      // The answer may have been given before.
      if open > 0 { request?.cancel() } else { expect(within: limits.idle, context) }
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) {
      open -= 1
      // What is still to come of a request that was answered already gets no more time.
      if !isComing, open == 0 { expect(within: limits.idle, context) }
    }
    context.write(data, promise: promise)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    reader?.cancel()
    if !context.channel.isWritable {
      let channel = context.channel
      reader = context.eventLoop.scheduleTask(in: limits.reader) { channel.close(promise: nil) }
    }
    context.fireChannelWritabilityChanged()
  }

  private func expect(within time: TimeAmount, _ context: ChannelHandlerContext) {
    request?.cancel()
    let channel = context.channel
    request = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }
}
