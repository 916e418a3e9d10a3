/// A reason why an agent's service refused to work.
package enum UsageLimit: String, Sendable, CaseIterable {
  /// The account's usage is used up for now.
  case usage
  /// The model's provider has too much to do.
  case overload
  /// The provider can't be reached.
  case network
  /// The login is missing or has run out; a person has to log in again.
  case login

  /// For people: what it is.
  package var words: String {
    switch self {
    case .usage: "the usage limit"
    case .overload: "the model's provider, which is overloaded"
    case .network: "the network"
    case .login: "a login"
    }
  }
}

/// A limit that an agent told of.
package struct LimitNotice: Sendable, Equatable {
  package var kind: UsageLimit
  /// Its own words.
  package var message: String
  /// When it ends, in milliseconds since 1970, where that was said.
  package var resetsAt: Int64?
}
