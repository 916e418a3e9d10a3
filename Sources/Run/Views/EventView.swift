import Store

extension EventRecord {
  /// The event as `events --json` gives it.
  package var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("seq", .integer(seq)), ("time", .time(time)), ("type", .string(type)),
      ("feature", .text(feature)), ("agent", .text(agent)),
    ]
    if case .object(let more) = JSONValue(parsing: data) {
      members += more.filter { extra in !members.contains { $0.0 == extra.0 } }
    }
    return .object(members)
  }
}
