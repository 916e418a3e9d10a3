import Foundation
import Model

// The one form in which a wait is written: in `waiting_for` of the state file and of `--json`.
extension Wait {
  /// `feature:<id>` (or `person:`, `session:`), `limit:<time>`, `limit`, `limit, <what a person has to do>`, `budget`,
  /// `slot:<name>,<name>`.
  package var text: String {
    switch self {
    case .claim(let owner): owner.text
    case .limit(let until?):
      "limit:" + Date(timeIntervalSince1970: Double(until) / 1000).ISO8601Format()
    case .limit(nil): "limit"
    case .person(let words): "limit, \(words)"
    case .budget: "budget"
    case .slots(let names): "slot:" + names.joined(separator: ",")
    }
  }

  /// When it ends by itself, in milliseconds since 1970.
  package var until: Int64? { if case .limit(let until) = self { until } else { nil } }

  /// Reads ``text``.
  package init?(text: String) {
    func rest(_ prefix: String) -> String? {
      text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
    }
    if text == "budget" {
      self = .budget
    } else if text == "limit" {
      self = .limit(until: nil)
    } else if let words = rest("limit, ") {
      self = .person(words)
    } else if let time = rest("limit:") {
      guard let date = try? Date(time, strategy: .iso8601) else { return nil }
      self = .limit(until: Int64(date.timeIntervalSince1970 * 1000))
    } else if let names = rest("slot:") {
      self = .slots(names.split(separator: ",").map(String.init))
    } else if let owner = ClaimOwner(text: text) {
      self = .claim(owner)
    } else {
      guard !text.isEmpty else { return nil }
      self = .person(text)
    }
  }

  /// Says it to people, as the rest of the sentence "it waits …".
  ///
  /// - Parameter holds: who holds which slots, to name them.
  package func words(holds: [SlotHold] = [], zone: TimeZone = .current) -> String {
    switch self {
    case .claim, .budget: return "for \(text)"
    case .limit(nil): return "for a limit, until a person has acted"
    case .person(let words): return words
    case .limit(let until?):
      let format = DateFormatter()
      format.locale = Locale(identifier: "en_US_POSIX")
      format.timeZone = zone
      let date = Date(timeIntervalSince1970: Double(until) / 1000)
      format.dateFormat = date.timeIntervalSinceNow > 72_000 ? "d MMM HH:mm" : "HH:mm"
      return "for the limit until \(format.string(from: date))"
    case .slots(let names):
      let holders = holds.filter { names.contains($0.name) }.map { hold in
        switch hold.holder {
        case .attempt(let feature, _): "#\(feature)"
        case .gate: "the gate"
        }
      }
      let who = Array(Set(holders)).sorted()
      return "for the slot\(names.count == 1 ? "" : "s") \(names.joined(separator: " and "))"
        + (who.isEmpty
          ? "" : ", which \(who.joined(separator: " and ")) hold\(who.count == 1 ? "s" : "")")
    }
  }
}
