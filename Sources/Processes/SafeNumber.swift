/// Turns numbers with a fraction into whole ones; what is too large, or no number, becomes the nearest that can be
/// calculated with.
package enum SafeNumber {
  /// Returns milliseconds, at most as many as a hundred years have, at least 0.
  package static func milliseconds(_ seconds: Double) -> Int64 {
    guard seconds > 0 else { return 0 }
    return Int64(min(seconds * 1000, 3_155_760_000_000))
  }
}
