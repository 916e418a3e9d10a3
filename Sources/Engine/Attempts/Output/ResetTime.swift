import Foundation

/// Reads the moment at which a limit ends, as programs write it.
package enum ResetTime {
  /// Understands seconds and milliseconds since 1970, ISO 8601, and a time of day such as `8:49 PM`,
  /// with or without a date such as `Nov 25th, 2026` before it; those are in the given time zone.
  ///
  /// - Returns: milliseconds since 1970; `nil` where it is none of these or over 32 days ahead.
  package static func read(_ text: String, now: Int64, zone: TimeZone = .current) -> Int64? {
    guard let time = parse(text.trimmingCharacters(in: .whitespaces), now: now, zone: zone) else {
      return nil
    }
    return time <= now + 32 * 86_400_000 ? time : nil
  }

  private static func parse(_ text: String, now: Int64, zone: TimeZone) -> Int64? {
    if let number = Double(text), number.isFinite, number > 0 {
      if number > 1e14 { return nil }
      return number > 1e11 ? Int64(number) : Int64(number * 1000)
    }
    for options: ISO8601DateFormatter.Options in [
      .withInternetDateTime, [.withInternetDateTime, .withFractionalSeconds],
    ] {
      let format = ISO8601DateFormatter()
      format.formatOptions = options
      if let date = format.date(from: text) { return Int64(date.timeIntervalSince1970 * 1000) }
    }
    let plain = text.replacing(/(\d)(st|nd|rd|th)\b/) { String($0.1) }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = zone
    format.dateFormat = "MMM d, yyyy h:mm a"
    if let date = format.date(from: plain) { return Int64(date.timeIntervalSince1970 * 1000) }
    for pattern in ["h:mm a", "h a", "HH:mm"] {
      format.dateFormat = pattern
      guard let date = format.date(from: plain) else { continue }
      let parts = calendar.dateComponents([.hour, .minute], from: date)
      let start = Date(timeIntervalSince1970: Double(now) / 1000)
      // The minute that runs may be the one that is meant.
      let next = calendar.nextDate(
        after: start.addingTimeInterval(-60), matching: parts, matchingPolicy: .nextTime)
      return next.map { Int64($0.timeIntervalSince1970 * 1000) }
    }
    return nil
  }
}
