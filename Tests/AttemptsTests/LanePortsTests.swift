import TestSupport
import Testing

@testable import Engine

@Suite(.bounded) struct LanePortsTests {
  @Test func lanesOfARepositoryShareNone() {
    let ranges = (1...1276).map { LanePorts.of(lane: $0, repository: "/home/ruth/app") }
    #expect(Set(ranges.map(\.lowerBound)).count == ranges.count)
    for range in ranges {
      #expect(range.count == 10 && range.lowerBound >= 20_000 && range.upperBound < 32_768)
      #expect(range.lowerBound % 10 == 0)
    }
  }

  @Test func aRepositoryKeepsItsOwnAndOthersBeginElsewhere() {
    // The number itself: the same in every process and release.
    #expect(
      LanePorts.of(lane: 1, repository: "/home/ruth/app")
        == LanePorts.of(lane: 1, repository: "/home/ruth/app"))
    let firsts = (0..<100).map {
      LanePorts.of(lane: 1, repository: "/home/ruth/app-\($0)").lowerBound
    }
    #expect(Set(firsts).count > 80)
  }
}
