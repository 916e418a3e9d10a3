import Foundation

/// The weights learned by `Tools/train-dependencies`, with the training's date, data and scores.
package struct DetectorWeights: Sendable, Decodable {
  package let version: Int
  package let trained: String
  package let backlogs: Int
  /// For backlogs whose order can be trusted.
  let ordered: Model
  /// For the others, where nothing but the texts tells what comes first.
  let unordered: Model
  /// The share of the training's backlogs in which a stem occurs.
  let common: [String: Double]

  /// A logistic regression, and from when on its findings hold.
  struct Model: Sendable, Decodable {
    let intercept: Double
    /// By the names in ``PairSignals/names``.
    let weights: [String: Double]
    /// An edge holds while its probability is above this times the expected hit rate.
    let greed: Double
    /// The best parent of a feature holds from this probability on.
    let floor: Double
  }

  private struct Version: Decodable { let version: Int }

  /// Reads the JSON that the training wrote.
  package init(json: Data) throws {
    let version = try JSONDecoder().decode(Version.self, from: json).version
    guard version == 2 else {
      throw DetectorProblem(
        "weights of version \(version) are not known; Tools/train-dependencies trains them again")
    }
    self = try JSONDecoder().decode(Self.self, from: json)
    for model in [ordered, unordered] {
      let unknown = Set(model.weights.keys).symmetricDifference(PairSignals.names).sorted()
      guard unknown.isEmpty else {
        throw DetectorProblem(
          "the weights don't fit this program: \(unknown.prefix(5).joined(separator: ", "))")
      }
    }
  }

  /// Returns the model for a backlog, by how far its order can be trusted.
  func model(trust: Double) -> Model { trust >= 0.5 ? ordered : unordered }
}

/// The reason why weights can't be used.
package struct DetectorProblem: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
