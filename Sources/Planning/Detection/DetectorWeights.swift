import Foundation

/// What `Tools/train-dependencies` learned, with the training's date, data and scores.
package struct DetectorWeights: Sendable, Decodable {
  package let version: Int
  package let trained: String
  package let backlogs: Int
  let intercept: Double
  /// By the names in ``PairValues/names``.
  let weights: [String: Double]
  /// The share of the training's backlogs in which a stem occurs.
  let common: [String: Double]
  /// An edge holds while its probability is above this times the expected hit rate.
  let greed: Double
  /// The best parent of a feature holds from this probability on.
  let floor: Double

  /// Reads the JSON that the training wrote.
  package init(json: Data) throws {
    self = try JSONDecoder().decode(Self.self, from: json)
    guard version == 1 else { throw DetectorProblem("weights of version \(version) are not known") }
    let unknown = Set(weights.keys).symmetricDifference(PairValues.names).sorted()
    guard unknown.isEmpty else {
      throw DetectorProblem(
        "the weights don't fit this program: \(unknown.prefix(5).joined(separator: ", "))")
    }
  }
}

/// Why weights can't be used.
package struct DetectorProblem: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
