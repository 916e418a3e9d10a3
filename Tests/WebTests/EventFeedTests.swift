import Foundation
import NIOCore
import Store
import TestSupport
import Testing

@testable import Web

/// The event log for those who listen, quick or slow.
@Suite(.bounded) struct EventFeedTests {
  private func numbers(_ page: EventFeed.Page) -> [Int64] {
    String(buffer: page.buffer).matches(of: /id: (\d+)\n/).compactMap {
      Int64($0.output.1)
    }
  }

  @Test func aSlowListenerTakesEachEventOnceAndHoldsNone() throws {
    let directory = try TemporaryDirectory()
    let store = try Store(path: directory.path("state.sqlite"))
    for number in 0..<100 { try store.record(.progress, ["number": .integer(Int64(number))]) }
    let feed = try EventFeed(store)
    let text = String(repeating: "x", count: 200)
    for start in 0..<20 {
      try store.recordAll(
        (0..<1000).map { (.agentMessage, ["text": .string("\(start) \($0) \(text)")]) },
        feature: "1", agent: "agent-1")
    }
    let last = try store.lastEvent()
    for _ in 0..<3000 where feed.last < last { usleep(20_000) }
    #expect(feed.last == last && last == 20_100)
    // From the log at first, what is held behind it; each piece is small.
    var seen: [Int64] = []
    while let page = try feed.page(after: seen.last ?? 0) {
      let new = numbers(page)
      #expect(page.last == new.last && page.buffer.readableBytes < 200_000)
      seen += new
    }
    #expect(seen == Array(1...20_100))
    #expect(try feed.page(after: last) == nil)
    #expect(try feed.page(after: last - 1).map(numbers) == [last])
    #expect(try feed.page(after: last + 7) == nil)
  }

  @Test func theBellRingsForEachListener() async throws {
    let directory = try TemporaryDirectory()
    let store = try Store(path: directory.path("state.sqlite"))
    let feed = try EventFeed(store)
    let found = await withTaskGroup(of: Int64?.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for await _ in feed.bell() {
            if let page = try? feed.page(after: 0) { return page.last }
          }
          return nil
        }
      }
      try? store.record(.progress, [:])
      return await group.reduce(into: [Int64?]()) { $0.append($1) }
    }
    #expect(found == Array(repeating: 1, count: 8))
  }
}
