import Backlog
import Planning

/// Which paths the features of a backlog touch, and what is foretold of that.
///
/// The model: a project has as many areas as a third of the features, twelve files each. A feature
/// touches two to five files of one area and, once in eight, one of four files that belong to all. Of what
/// it touches 0.85 are foretold, with a likelihood of 0.4 to 0.9, which is about what footprints reach
/// on real histories, and five files of any area are foretold wrongly, with 0.05 to 0.3.
package struct SampleFootprints: Sendable {
  package var touched: [String: Set<String>] = [:]
  package var foretold: [String: [PathLikelihood]] = [:]

  package init(_ backlog: Backlog, seed: Int) {
    var random = SampleRandom(seed: seed)
    let areas = max(2, backlog.features.count / 3)
    for feature in backlog.features {
      let area = random.below(areas)
      var paths: Set<String> = []
      for _ in 0..<(2 + random.below(4)) { paths.insert("area\(area)/file\(random.below(12))") }
      if random.below(8) == 0 { paths.insert("common/file\(random.below(4))") }
      touched[feature.id] = paths
      var list: [PathLikelihood] = []
      for path in paths.sorted() where random.chance(0.85) {
        list.append(PathLikelihood(path: path, likelihood: random.uniform(0.4...0.9)))
      }
      for _ in 0..<5 {
        let path = "area\(random.below(areas))/file\(random.below(12))"
        if !paths.contains(path) {
          list.append(PathLikelihood(path: path, likelihood: random.uniform(0.05...0.3)))
        }
      }
      foretold[feature.id] = list
    }
  }
}
