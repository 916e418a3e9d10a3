import Backlog

/// The paths that a feature is expected to touch.
package struct Footprint: Sendable, Encodable, Equatable {
  package struct Path: Sendable, Encodable, Equatable {
    package var path: String
    /// From 0 to 1; 1 for a declared one.
    package var likelihood: Double
    package var reason: String
  }

  package var feature: String
  package var paths: [Path]

  /// Foretells the paths of each feature: the declared ones, and those that the history tells.
  package static func of(_ backlog: Backlog, _ model: FootprintModel) -> [Footprint] {
    backlog.features.map { feature in
      var paths = feature.touches.map {
        Path(path: $0, likelihood: 1, reason: "declared in touches")
      }
      let text = ([feature.title, feature.description] + feature.steps).joined(separator: "\n")
      for candidate in model.candidates(String(text.prefix(20_000)))
      where candidate.likelihood >= 0.08 {
        let isKnown = paths.contains {
          $0.path == candidate.path || ($0.path.hasSuffix("/") && candidate.path.hasPrefix($0.path))
        }
        guard !isKnown else { continue }
        paths.append(
          Path(
            path: candidate.path, likelihood: (candidate.likelihood * 100).rounded() / 100,
            reason: candidate.reason))
      }
      return Footprint(feature: feature.id, paths: paths)
    }
  }

  /// The declared paths alone.
  package static func declared(_ backlog: Backlog) -> [Footprint] {
    backlog.features.map { feature in
      Footprint(
        feature: feature.id,
        paths: feature.touches.map {
          Path(path: $0, likelihood: 1, reason: "declared in touches")
        })
    }
  }
}

extension Collisions {
  /// - Parameter footprints: of the features of a backlog, each once.
  package init(_ footprints: [Footprint]) {
    self.init(ids: footprints.map(\.feature), footprints: Self.likelihoods(footprints))
  }

  /// Returns the pairs that may collide, the likeliest first.
  package static func pairs(_ footprints: [Footprint], least: Double = 0.25) -> [Pair] {
    pairs(ids: footprints.map(\.feature), footprints: likelihoods(footprints), least: least)
  }

  private static func likelihoods(_ footprints: [Footprint]) -> [String: [PathLikelihood]] {
    Dictionary(
      footprints.map { footprint in
        (
          footprint.feature,
          footprint.paths.map { PathLikelihood(path: $0.path, likelihood: $0.likelihood) }
        )
      }, uniquingKeysWith: { first, _ in first })
  }
}
