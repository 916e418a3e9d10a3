/// How capable, and how costly, a model is.
package enum Tier: String, CaseIterable, Sendable, Comparable, Codable {
  case opus
  case sonnet
  case haiku

  /// 0 for the best.
  private var rank: Int {
    switch self {
    case .opus: 0
    case .sonnet: 1
    case .haiku: 2
    }
  }

  /// The better tier comes first.
  package static func < (a: Tier, b: Tier) -> Bool { a.rank < b.rank }

  /// The names, best first.
  package static var names: [String] { allCases.map(\.rawValue) }
}
