import Foundation
import Model

extension JSON {
  /// Returns a time in milliseconds since 1970 as a string.
  package static func time(_ milliseconds: Int64?) -> JSON {
    milliseconds.map { .string(iso($0)) } ?? .null
  }

  /// Returns a time in milliseconds since 1970 as ISO 8601 in UTC.
  package static func iso(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(
      Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt))
  }
}
