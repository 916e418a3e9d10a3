import Backlog

extension Detector.Result {
  /// Weighs what an agent found against what a backlog declares.
  ///
  /// Declared edges always hold. An edge that would run against a path of them is dropped,
  /// and where found edges form a cycle, the least sure one is. Below `holds` a finding is a hint, below
  /// `hints` nothing.
  package init(
    _ findings: [Detector.Finding], in backlog: Backlog, holds: Double = 0.5,
    hints least: Double = 0.2
  ) {
    self.init()
    let numbers = Dictionary(
      backlog.features.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var graph = IncrementalTopologicalOrder(Array(backlog.features.indices))
    var present: Set<[Int]> = []
    for (number, feature) in backlog.features.enumerated() {
      for other in feature.dependencies.compactMap({ numbers[$0.id] }) {
        _ = graph.add(number, needs: other)
        present.insert([number, other])
      }
    }
    let sorted = findings.sorted {
      ($1.confidence, $0.feature, $0.dependsOn) < ($0.confidence, $1.feature, $1.dependsOn)
    }
    for finding in sorted where finding.confidence >= least {
      guard let child = numbers[finding.feature], let parent = numbers[finding.dependsOn],
        present.insert([child, parent]).inserted
      else { continue }
      if finding.confidence < holds {
        self.hints.append(finding)
      } else if graph.add(child, needs: parent) {
        edges.append(finding)
      }
    }
  }
}
