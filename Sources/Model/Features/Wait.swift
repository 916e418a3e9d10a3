/// The reason why a feature waits that neither an agent nor a landing can move on.
package enum Wait: Hashable, Sendable {
  /// A path that somebody else holds.
  case claim(ClaimOwner)
  /// The end of a limit, in milliseconds since 1970; `nil`: until a person has acted.
  case limit(until: Int64?)
  /// Something that a person has to do first, as the end of the sentence "it waits …".
  case person(String)
  /// Another budget for the run.
  case budget
  /// Named slots that others hold.
  case slots([String])

  /// The kind as the state file has it in a column of its own.
  package enum Kind: String, Sendable { case claim, limit, person, budget, slots }

  package var kind: Kind {
    switch self {
    case .claim: .claim
    case .limit: .limit
    case .person: .person
    case .budget: .budget
    case .slots: .slots
    }
  }
}
