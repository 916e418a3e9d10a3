import Git
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

  /// Remembers what a feature's branch adds of what the gate leaves.
  package static func note(_ changes: [TreeChange], of feature: String, _ store: Store) throws {
    let products = try paths(store)
    let added = changes.filter { $0.old == nil && products.contains($0.path) }.map {
      String(decoding: $0.path, as: UTF8.self)
    }
    let key = committedKey(feature)
    if try added.isEmpty && store.value(key) == nil { return }
    try store.setValue(key, added.isEmpty ? nil : added.sorted().joined(separator: "\n"))
  }

  /// Returns what a feature's branch adds of what the gate leaves, as its last attempt left it.
  package static func committed(by feature: String, _ store: Store) throws -> [String] {
    (try store.value(committedKey(feature)) ?? "").split(separator: "\n").map(String.init)
  }

  private static func committedKey(_ feature: String) -> String { "gate.litter:\(feature)" }

  /// Says what a branch adds of what the gate leaves, as the end of a sentence; `nil` where that is nothing.
  package static func words(committed names: [String]) -> String? {
    guard let first = names.first else { return nil }
    let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    return names.count == 1
      ? "adds \(first), which the gate makes by itself; if nobody wants it: `git rm --cached \(first)`, and a line "
        + "in .gitignore"
      : "adds \(names.count) files that the gate makes by itself: \(shown); if nobody wants them: `git rm --cached` "
        + "them, and lines in .gitignore"
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
