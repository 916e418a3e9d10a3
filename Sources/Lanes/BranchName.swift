import Git

/// The name of a feature's branch, fixed at its first attempt.
package enum BranchName {
  /// Returns `refs/heads/lane/<id>-<slug>`; the slug is at most 40 ASCII characters long.
  ///
  /// - Parameter others: ids of the backlog that begin with this one. Where the name would be taken for a
  ///   branch of one of them (`1`, "2 fish", and `1-2`), a word comes before the slug.
  package static func of(
    feature id: String, title: String, besides others: [String] = []
  ) -> String {
    let slug = slug(title)
    for word in ["", "feature", "lane", "feature-lane"] {
      let name =
        "refs/heads/lane/" + [id, word, slug].filter { !$0.isEmpty }.joined(separator: "-")
      if owner(of: name, among: others + [id]) == id { return name }
    }
    return "refs/heads/lane/" + id
  }

  /// Returns the feature whose branch it is by its name: of ids that begin alike the longest.
  package static func owner(of branch: String, among ids: [String]) -> String? {
    let name = branch.dropFirst("refs/heads/lane/".count)
    return ids.filter { name == $0 || name.hasPrefix($0 + "-") }.max { $0.count < $1.count }
  }

  private static func slug(_ title: String) -> String {
    var slug = ""
    for scalar in title.lowercased().unicodeScalars {
      switch scalar {
      case "a"..."z", "0"..."9": slug.unicodeScalars.append(scalar)
      default: if !slug.isEmpty, !slug.hasSuffix("-") { slug += "-" }
      }
      if slug.count >= 40 { break }
    }
    while slug.hasSuffix("-") { slug.removeLast() }
    return slug
  }

  /// Returns the name without `refs/heads/`.
  package static func short(_ name: String) -> String { Repository.short(name) }
}
