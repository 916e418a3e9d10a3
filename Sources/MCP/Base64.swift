import Foundation

/// Text that headers carry as base64.
enum Base64 {
  /// Returns the text; `nil` where it is no base64 or no UTF-8.
  static func text(_ value: String) -> String? {
    Data(base64Encoded: value).flatMap { String(validating: $0, as: UTF8.self) }
  }
}
