import Foundation
import TestSupport
import Testing

@testable import Engine

@Suite(.bounded) struct AgentLineOrderTests {
  private final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var list: [String] = []
    var all: [String] { lock.withLock { list } }

    func add(_ event: RunEvent) {
      let line =
        switch event {
        case .started(let agent, let feature, _, _, _): "\(agent) started \(feature)"
        case .completed(let agent, let feature): "\(agent) completed \(feature)"
        case .failed(let agent, let feature, _, _): "\(agent ?? "landing") failed \(feature)"
        case .removed(let agent, let feature, _): "\(agent) removed \(feature)"
        case .note(let text): text
        default: "other"
        }
      lock.withLock { list.append(line) }
    }
  }

  private func started(_ agent: String, _ feature: String) -> RunEvent {
    .started(agent: agent, feature: feature, title: "", category: "", tier: .opus)
  }

  @Test func aSlotsNextAttemptIsToldAfterTheOneBefore() {
    let lines = Lines()
    let order = AgentLineOrder { lines.add($0) }
    order.take(started("agent-1", "a"))
    order.take(started("agent-1", "b"))
    order.take(started("agent-2", "c"))
    order.take(.note("in between"))
    order.take(.completed(agent: "agent-1", feature: "b"))
    order.take(.removed(agent: "agent-1", feature: "b", seconds: 1))
    order.take(started("agent-1", "d"))
    #expect(lines.all == ["agent-1 started a", "agent-2 started c", "in between"])
    order.take(.failed(agent: "agent-1", feature: "a", detail: "", retryWith: nil))
    order.take(.removed(agent: "agent-1", feature: "a", seconds: 1))
    #expect(
      lines.all.dropFirst(3) == [
        "agent-1 failed a", "agent-1 removed a", "agent-1 started b", "agent-1 completed b",
        "agent-1 removed b", "agent-1 started d",
      ])
  }

  @Test func aFeatureThatIsTriedAgainInItsOwnSlot() {
    let lines = Lines()
    let order = AgentLineOrder { lines.add($0) }
    order.take(started("agent-1", "a"))
    order.take(.failed(agent: "agent-1", feature: "a", detail: "", retryWith: nil))
    order.take(.removed(agent: "agent-1", feature: "a", seconds: 1))
    order.take(started("agent-1", "a"))
    order.take(.failed(agent: nil, feature: "a", detail: "", retryWith: nil))
    order.take(.completed(agent: "agent-1", feature: "a"))
    order.take(.removed(agent: "agent-1", feature: "a", seconds: 1))
    #expect(lines.all.count == 7 && lines.all.last == "agent-1 removed a")
  }
}
