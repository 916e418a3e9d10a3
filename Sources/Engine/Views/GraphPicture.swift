import Backlog
import Model
import Planning
import Store

/// Where features and edges stand in a layered drawing of the graph, in columns and rows.
package enum GraphPicture {
  package static func json(_ project: Project, _ store: Store) throws -> JSON {
    let backlog = try project.addingDiscoveries(to: project.backlog())
    let times = try PastTimes.model(store)
    let seconds = times.seconds(backlog)
    let critical = DependencyGraph(backlog).criticalPath {
      seconds[$0] ?? DurationModel.standard
    }
    let layout = GraphLayout(backlog)
    let edges = Dictionary(
      backlog.features.flatMap { feature in
        feature.dependencies.map { ("\(feature.id) \($0.id)", $0) }
      }, uniquingKeysWith: { first, _ in first })
    return [
      "columns": .whole(layout.columnCount), "rows": .number(layout.rowCount),
      "critical_path": .texts(critical),
      "nodes": .array(
        backlog.features.map { feature in
          [
            "id": .string(feature.id), "title": .string(feature.title),
            "category": .string(feature.category),
            "column": .whole(layout.columns[feature.id]),
            "row": layout.rows[feature.id].map { .number($0) } ?? .null,
            "seconds": times.count == 0 ? .null : seconds[feature.id].map { .number($0) } ?? .null,
          ]
        }),
      "edges": .array(
        layout.edges.map { edge in
          let dependency = edges["\(edge.feature) \(edge.dependsOn)"]
          return [
            "feature": .string(edge.feature), "depends_on": .string(edge.dependsOn),
            "source": .string(edge.source.rawValue),
            "confidence": dependency?.confidence.map { .number($0) } ?? .null,
            "reason": .text(dependency?.reason), "column": .whole(edge.firstColumn),
            "rows": .array(edge.rows.map { .number($0) }),
          ]
        }),
    ]
  }
}
