/// The release that the programs belong to.
package enum Release {
  /// The version that `--version` prints; the newest one in CHANGELOG.md.
  package static let version = "0.2.0"
}
