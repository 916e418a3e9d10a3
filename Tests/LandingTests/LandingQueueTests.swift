import Engine
import TestSupport
import Testing

@Suite(.bounded) struct LandingQueueTests {
  private func queue(
    _ entries: [(String, Int, Int64)], _ dependencies: [String: [String]] = [:],
    landed: Set<String> = []
  ) -> LandingQueue {
    LandingQueue(
      entries.map { LandingQueue.Entry(id: $0.0, priority: $0.1, since: $0.2) },
      dependencies: dependencies, isOpen: { !landed.contains($0) })
  }

  @Test func priorityThenWhatWaitsBehindThenAge() {
    #expect(queue([("a", 0, 5), ("b", 1, 9), ("c", 0, 1)]).order == ["b", "c", "a"])
    #expect(
      queue([("a", 0, 1), ("b", 0, 9)], ["x": ["b"], "y": ["x"]]).order == ["b", "a"])
    #expect(queue([("10", 0, 1), ("9", 0, 1)]).order == ["9", "10"])
  }

  @Test func dependenciesComeFirstWhateverThePriority() {
    let queue = queue([("a", 0, 9), ("b", 9, 1), ("c", 5, 1)], ["b": ["a"]])
    #expect(queue.order == ["c", "a", "b"])
  }

  @Test func dependentsOfWhatIsNotThereWait() {
    let queue = queue(
      [("a", 9, 1), ("b", 9, 1), ("c", 0, 1)], ["a": ["gone"], "b": ["a"]], landed: [])
    #expect(queue.order == ["c"])
    #expect(queue.waiting.map(\.id).sorted() == ["a", "b"])
    #expect(queue.waiting.first { $0.id == "b" }?.for == "a")
    #expect(
      self.queue([("a", 9, 1)], ["a": ["gone"]], landed: ["gone"]).order == ["a"])
  }

  @Test func aCycleHoldsNobodyElseUp() {
    let queue = queue([("a", 1, 1), ("b", 1, 1), ("c", 0, 1)], ["a": ["b"], "b": ["a"]])
    #expect(queue.order == ["c"])
    #expect(queue.waiting.map(\.id).sorted() == ["a", "b"])
  }

  @Test func longLinesAreNoProblem() {
    let count = 5000
    let dependencies = Dictionary(
      uniqueKeysWithValues: (1..<count).map { ("\($0)", ["\($0 - 1)"]) })
    let queue = queue([("other", 0, 0), ("0", 0, 1)], dependencies)
    #expect(queue.order == ["0", "other"])
  }
}
