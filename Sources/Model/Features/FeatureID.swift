/// The rule for ids: fit for a git reference and for a file name.
package enum FeatureID {
  /// Returns what is wrong with an id, as the end of a sentence; `nil` where nothing is.
  package static func problem(_ id: String) -> String? {
    let allowed = id.utf8.allSatisfy {
      switch $0 {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
      default: false
      }
    }
    if !allowed { return "may have only letters, digits, '.', '_' and '-'" }
    if id.count > 80 { return "is longer than 80 characters" }
    if id.hasPrefix(".") || id.hasPrefix("-") { return "can't start with '.' or '-'" }
    if id.hasSuffix(".") || id.hasSuffix(".lock") || id.contains("..") {
      return "can't end in '.' or '.lock' or contain '..', since git does not take it in a branch"
    }
    return nil
  }
}
