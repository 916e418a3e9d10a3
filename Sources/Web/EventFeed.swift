import Engine
import Foundation
import NIOCore
import Store
import Synchronization

/// Follows the event log for all listeners.
///
/// One thread reads each event once. A listener keeps only the number of the last event that it was sent, so a slow
/// one costs no memory: it gets the next events from here or from the log.
final class EventFeed: Sendable {
  /// Encoded events.
  struct Page: Sendable {
    var buffer: ByteBuffer
    var last: Int64
  }

  private struct Frame {
    var seq: Int64
    var buffer: ByteBuffer
  }

  private struct State {
    var frames: [Frame] = []
    var last: Int64
    /// The newest page, and the event before it; all listeners that are up to date share its bytes.
    var newest: (after: Int64, page: Page)?
    var bells: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextBell = 0
  }

  private let store: Store
  private let state: Mutex<State>
  /// Frames that are kept; a listener further behind reads the log.
  private static let most = 8192
  /// The approximate size of a page in bytes.
  private static let pageSize = 64 * 1024
  /// Seconds between keep-alive lines.
  static let beat = 10.0

  init(_ store: Store) throws {
    self.store = store
    state = Mutex(State(last: try store.lastEvent()))
    let watch = CommitWatch(path: store.path)
    let thread = Thread { [weak self] in
      var rung = Date()
      var isNoted = false
      while let feed = self {
        var isNew = feed.step()
        // What is noted is written; it can be read as soon as its commit has come to its end.
        var tries = 0
        while isNoted, !isNew, tries < 20 {
          usleep(50)
          isNew = feed.step()
          tries += 1
        }
        if Date().timeIntervalSince(rung) >= Self.beat {
          feed.ring()
          rung = Date()
        }
        let isAlone = feed.state.withLock { $0.bells.isEmpty }
        isNoted = watch.wait(milliseconds: isAlone ? 200 : 25)
      }
    }
    thread.qualityOfService = .userInteractive
    thread.start()
  }

  /// The number of the newest event read.
  var last: Int64 { state.withLock { $0.last } }

  /// Ticks when there may be new events, and every ``beat`` seconds.
  func bell() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state in
      state.nextBell += 1
      state.bells[state.nextBell] = continuation
      return state.nextBell
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.bells.removeValue(forKey: number) }
    }
    continuation.yield()
    return stream
  }

  /// Returns the next events after a number; `nil` if there are none.
  func page(after seq: Int64) throws -> Page? {
    enum Found {
      case nothing
      case page(Page)
      case log
    }
    let found: Found = state.withLock { state in
      guard seq < state.last else { return .nothing }
      if let newest = state.newest, newest.after == seq { return .page(newest.page) }
      guard let first = state.frames.first, first.seq <= seq + 1 else { return .log }
      // Numbers have no gaps but where a transaction failed.
      var index = min(state.frames.count, Int(seq + 1 - first.seq))
      while index > 0, state.frames[index - 1].seq > seq { index -= 1 }
      while index < state.frames.count, state.frames[index].seq <= seq { index += 1 }
      return Self.page(state.frames[index...]).map { .page($0) } ?? .nothing
    }
    switch found {
    case .nothing: return nil
    case .page(let page): return page
    case .log:
      return Self.page(try store.events(after: seq, limit: 200).map(Self.frame)[...])
    }
  }

  /// Reads new events.
  ///
  /// - Returns: true if there were any.
  private func step() -> Bool {
    let last = self.last
    guard let events = try? store.events(after: last, limit: 2000), let newest = events.last else {
      return false
    }
    let frames = events.map(Self.frame)
    let page = Self.page(frames[...])
    state.withLock { state in
      state.newest = page.map { (last, $0) }
      state.frames += frames
      if state.frames.count > Self.most { state.frames.removeFirst(Self.most / 2) }
      state.last = newest.seq
    }
    ring()
    return true
  }

  private func ring() {
    for bell in state.withLock({ Array($0.bells.values) }) { bell.yield() }
  }

  /// Returns the first frames, as many as fit a page; `nil` if there are none.
  private static func page(_ frames: ArraySlice<Frame>) -> Page? {
    guard let first = frames.first else { return nil }
    var page = Page(buffer: first.buffer, last: first.seq)
    for frame in frames.dropFirst() {
      guard page.buffer.readableBytes < pageSize else { break }
      page.buffer.writeImmutableBuffer(frame.buffer)
      page.last = frame.seq
    }
    return page
  }

  private static func frame(_ event: EventRecord) -> Frame {
    Frame(
      seq: event.seq, buffer: ByteBuffer(string: "id: \(event.seq)\ndata: \(event.json.text)\n\n"))
  }
}
