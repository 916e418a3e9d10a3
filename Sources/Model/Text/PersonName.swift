/// The name under which a person's own claims stand.
package enum PersonName {
  /// Takes the account's name from the environment.
  package static func of(user: String?, logName: String?) -> String {
    for name in [user, logName] {
      if let name, !name.isEmpty { return name }
    }
    return "local"
  }
}
