import Model
import Store

extension EventRecord {
  /// The event as `events --json` gives it.
  package var json: JSON {
    var members: [(String, JSON)] = [
      ("seq", .integer(seq)), ("time", .time(time)), ("type", .string(type)),
      ("feature", .text(feature)), ("agent", .text(agent)),
    ]
    members += (facts.members ?? []).map { ($0.name, $0.value) }.filter { extra in
      !members.contains { $0.0 == extra.0 }
    }
    return .object(members)
  }
}
