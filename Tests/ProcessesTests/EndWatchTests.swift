import Processes
import TestSupport
import Testing

/// A process ends also where a call into the system never returns.
@Suite(.bounded) struct EndWatchTests {
  @Test(arguments: [false, true]) func whatDoesNotEndIsEnded(forced: Bool) async {
    let stop = StopSignal()
    let (told, tell) = AsyncStream.makeStream(of: String.self)
    let watch = EndWatch(stop, gentle: forced ? 3000 : 0.1, forced: forced ? 0.1 : 3000) {
      tell.yield($0)
    }
    defer { watch.finish() }
    stop.set(forced: forced)
    let words = await told.first { _ in true }
    #expect(words?.contains("the next run goes on") == true)
  }

  @Test func whatHasEndedIsLeftAlone() async {
    let stop = StopSignal()
    let (told, tell) = AsyncStream.makeStream(of: String.self)
    for _ in 0..<2 {
      EndWatch(stop, gentle: 0.1, forced: 0.1) { _ in tell.yield("early") }.finish()
    }
    stop.set(forced: true)
    // By the time at which this one tells it, the others would have, too.
    let last = EndWatch(stop, gentle: 2, forced: 2) { _ in tell.yield("last") }
    defer { last.finish() }
    #expect(await told.first { _ in true } == "last")
  }
}
