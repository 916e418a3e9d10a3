import Foundation

/// The weights learned by `Tools/train-dependencies`, with the training's date, data and scores.
package struct DetectorWeights: Sendable, Decodable {
  package let version: Int
  package let trained: String
  package let backlogs: Int
  /// Tells the pairs of a plan that are dependencies, by the names in ``PairSignals/names``.
  let pair: Model
  /// Tells plans from lists, by the names in ``PlanSigns/names(_:)``.
  let plan: Model
  /// The share of the training's backlogs in which a stem occurs.
  let common: [String: Double]

  /// A logistic regression.
  struct Model: Sendable, Decodable {
    let intercept: Double
    let weights: [String: Double]

    /// Returns the weights in the order of the values that they belong to.
    func slopes(_ names: [String]) throws -> [Double] {
      let unknown = Set(weights.keys).symmetricDifference(names).sorted()
      guard unknown.isEmpty else {
        throw DetectorProblem(
          "the weights don't fit this program: \(unknown.prefix(5).joined(separator: ", "))")
      }
      return names.map { weights[$0] ?? 0 }
    }

    func probability(_ slopes: [Double], _ values: [Double]) -> Double {
      let sum = zip(slopes, values).reduce(intercept) { $0 + $1.0 * $1.1 }
      return 1 / (1 + exp(-min(30, max(-30, sum))))
    }
  }

  private struct Version: Decodable { let version: Int }

  /// Reads the JSON that the training wrote.
  package init(json: Data) throws {
    let version = try JSONDecoder().decode(Version.self, from: json).version
    guard version == 3 else {
      throw DetectorProblem(
        "weights of version \(version) are not known; Tools/train-dependencies trains them again")
    }
    self = try JSONDecoder().decode(Self.self, from: json)
  }
}

/// The reason why weights can't be used.
package struct DetectorProblem: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
