import Dispatch
import Foundation

/// Turns signals into values, so that a program can end in order.
package final class SignalWatcher: @unchecked Sendable {
  private var sources: [any DispatchSourceSignal] = []
  /// The signals as they come.
  package let signals: AsyncStream<Int32>

  /// Takes the signals over from their default action.
  package init(_ numbers: [Int32] = [SIGINT, SIGTERM]) {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    signals = stream
    for number in numbers {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.resume()
      sources.append(source)
    }
  }

  deinit { for source in sources { source.cancel() } }
}
