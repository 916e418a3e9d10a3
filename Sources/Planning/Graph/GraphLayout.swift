import Backlog
import Model

/// Places for the features of a graph: one column for each wave, few crossings.
///
/// The layered drawing of Sugiyama, Tagawa and Toda (1981): an edge over several columns passes through
/// a point in each; the order within a column follows the mean place of the neighbours, forth and back.
package struct GraphLayout {
  package struct Edge {
    package var feature: String
    package var dependsOn: String
    package var source: Dependency.Source
    /// The rows of the columns that it passes, first to last.
    package var rows: [Double]
    package var firstColumn: Int
  }

  package private(set) var columns: [String: Int] = [:]
  package private(set) var rows: [String: Double] = [:]
  package private(set) var edges: [Edge] = []
  package private(set) var columnCount = 0
  package private(set) var rowCount = 1.0

  /// Beyond this many points a drawing is no help; the order is then left as it is.
  private static let mostPoints = 60_000

  package init(_ backlog: Backlog) {
    let waves = DependencyGraph(backlog).waves
    columnCount = waves.count
    // Points: features, and the places where long edges pass a column.
    var layers: [[Int]] = waves.map { _ in [] }
    var column: [Int] = []
    var numbers: [String: Int] = [:]
    for (place, wave) in waves.enumerated() {
      for id in wave {
        numbers[id] = column.count
        columns[id] = place
        layers[place].append(column.count)
        column.append(place)
      }
    }
    var before: [[Int]] = Array(repeating: [], count: column.count)
    var after = before
    var chains: [(feature: String, dependsOn: String, source: Dependency.Source, points: [Int])] =
      []
    for edge in backlog.drawnEdges() {
      guard let start = numbers[edge.dependsOn], let end = numbers[edge.feature] else { continue }
      var points = [start]
      if column.count < Self.mostPoints {
        for place in (column[start] + 1)..<max(column[start] + 1, column[end]) {
          points.append(column.count)
          layers[place].append(column.count)
          column.append(place)
          before.append([])
          after.append([])
        }
      }
      points.append(end)
      for (a, b) in zip(points, points.dropFirst()) {
        after[a].append(b)
        before[b].append(a)
      }
      chains.append((edge.feature, edge.dependsOn, edge.source, points))
    }
    var place = Array(repeating: 0.0, count: column.count)
    func settle(_ layer: Int, _ neighbours: [[Int]]) {
      let wanted = layers[layer].map { point -> (point: Int, value: Double) in
        let list = neighbours[point]
        return (
          point,
          list.isEmpty ? place[point] : list.reduce(0) { $0 + place[$1] } / Double(list.count)
        )
      }
      layers[layer] = wanted.enumerated().sorted {
        ($0.element.value, $0.offset) < ($1.element.value, $1.offset)
      }.map(\.element.point)
      for (row, point) in layers[layer].enumerated() { place[point] = Double(row) }
    }
    for layer in layers { for (row, point) in layer.enumerated() { place[point] = Double(row) } }
    if column.count < Self.mostPoints, layers.count > 1 {
      for _ in 0..<6 {
        for layer in layers.indices.dropFirst() { settle(layer, before) }
        for layer in layers.indices.dropLast().reversed() { settle(layer, after) }
      }
    }
    // Each column is centred on the longest.
    let most = layers.map(\.count).max() ?? 1
    rowCount = Double(max(1, most))
    for layer in layers {
      let shift = Double(most - layer.count) / 2
      for point in layer { place[point] += shift }
    }
    for (id, number) in numbers { rows[id] = place[number] }
    edges = chains.map {
      Edge(
        feature: $0.feature, dependsOn: $0.dependsOn, source: $0.source,
        rows: $0.points.map { place[$0] }, firstColumn: column[$0.points[0]])
    }
  }
}
