import Store

/// Files that the gate leaves in a worktree of the target and that git does not ignore: build products, mostly.
/// They are nobody's work.
package enum GateLitter {
  private static let key = "gate.litter"
  /// A gate that leaves more makes a project's own mess, of which the first paths tell enough.
  private static let most = 2000

  /// Remembers what a gate left on the target; what an earlier one left is forgotten.
  ///
  /// - Parameter paths: relative to the repository's top. Names that are no UTF-8 text or hold a line's end are left
  ///   out.
  package static func remember(_ paths: [[UInt8]], _ store: Store) throws {
    let names = paths.prefix(most).compactMap { String(validating: $0, as: UTF8.self) }
      .filter { !$0.contains("\n") }
    try store.setValue(key, names.isEmpty ? nil : names.joined(separator: "\n"))
  }

  /// Returns the paths that were remembered last, in order.
  package static func names(_ store: Store) throws -> [String] {
    (try store.value(key) ?? "").split(separator: "\n").map(String.init)
  }

  /// The same as a set of paths.
  package static func paths(_ store: Store) throws -> Set<[UInt8]> {
    try Set(names(store).map { Array($0.utf8) })
  }

  /// Says what a gate leaves; `nil` where that is nothing.
  package static func words(_ names: [String], gate: String) -> String? {
    guard let first = names.first else { return nil }
    let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    return names.count == 1
      ? "`\(gate)` leaves \(first), which git does not ignore; add it to .gitignore"
      : "`\(gate)` leaves \(names.count) files that git does not ignore: \(shown); add them to .gitignore"
  }
}
