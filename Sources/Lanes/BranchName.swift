/// The name of a feature's branch, fixed at its first attempt.
package enum BranchName {
  /// Returns `refs/heads/lane/<id>-<slug>`; the slug is at most 40 ASCII characters long.
  package static func of(feature id: String, title: String) -> String {
    var slug = ""
    for scalar in title.lowercased().unicodeScalars {
      switch scalar {
      case "a"..."z", "0"..."9": slug.unicodeScalars.append(scalar)
      default: if !slug.isEmpty, !slug.hasSuffix("-") { slug += "-" }
      }
      if slug.count >= 40 { break }
    }
    while slug.hasSuffix("-") { slug.removeLast() }
    return "refs/heads/lane/\(id)" + (slug.isEmpty ? "" : "-\(slug)")
  }

  /// Returns the name without `refs/heads/`.
  package static func short(_ name: String) -> String {
    name.hasPrefix("refs/heads/") ? String(name.dropFirst(11)) : name
  }
}
