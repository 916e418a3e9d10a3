/// A pattern of the names that the branches of lanes get, such as `feature/{id}-{slug}`.
package struct BranchPattern: Sendable, Equatable {
  /// As written, with `{id}` and perhaps `{slug}`.
  package let text: String

  /// The pattern where none is set.
  package static let standard = BranchPattern(valid: "lane/{id}-{slug}")

  private init(valid text: String) { self.text = text }

  /// - Returns: `nil` where ``problem(_:)`` finds one.
  package init?(_ text: String) {
    guard Self.problem(text) == nil else { return nil }
    self.text = text
  }

  /// Returns what is wrong with a pattern, as the end of a sentence; `nil` where nothing is.
  package static func problem(_ text: String) -> String? {
    if text.hasPrefix("refs/") { return "is written without refs/heads/" }
    for match in text.matches(of: /\{([^{}]*)\}/) where !["id", "slug"].contains(match.1) {
      return "has {\(match.1)}, which stands for nothing; valid are {id} and {slug}"
    }
    let (ids, slugs) = (text.ranges(of: "{id}").count, text.ranges(of: "{slug}").count)
    if ids == 0 { return "needs {id}, so that each feature has a branch of its own" }
    if ids > 1 || slugs > 1 { return "may have {id} and {slug} once each" }
    if text.contains("{id}{slug}") || text.contains("{slug}{id}") {
      return "needs a character such as - between {id} and {slug}"
    }
    if text.utf8.count > 100 { return "is longer than 100 bytes" }
    let pattern = BranchPattern(valid: text)
    return ["x", ""].lazy.compactMap { slug in
      let name = pattern.name(id: "1", slug: slug)
      return refusal(of: name).map { "gives branches such as '\(name)', which \($0)" }
    }.first
  }

  /// Returns the name of a branch, without `refs/heads/`; where there is no slug, a character between it and what
  /// is beside it is left out, too.
  package func name(id: String, slug: String) -> String {
    guard var (before, after) = parts(id) else { return text.replacing("{id}", with: id) }
    guard slug.isEmpty else { return before + slug + after }
    let separators: Set<Character> = ["-", "_", ".", "/"]
    if before.isEmpty || before.hasSuffix("/"), let first = after.first, separators.contains(first)
    {
      after.removeFirst()
    } else if let last = before.last, separators.contains(last) {
      before.removeLast()
    }
    return before + after
  }

  /// Returns whether a feature with this id can have a branch of this name, without `refs/heads/`.
  package func gives(_ name: String, to id: String) -> Bool {
    if name == self.name(id: id, slug: "") { return true }
    guard let (before, after) = parts(id) else { return false }
    return name.hasPrefix(before) && name.hasSuffix(after)
      && name.utf8.count > before.utf8.count + after.utf8.count
  }

  /// The common prefix of all names.
  package var prefix: String { String(text.prefix { $0 != "{" }) }

  /// The directories of references that all names lie in, outermost first: `a` and `a/b` of `a/b/{id}`.
  package var directories: [String] {
    var path = ""
    return prefix.split(separator: "/", omittingEmptySubsequences: false).dropLast().map {
      path += (path.isEmpty ? "" : "/") + $0
      return path
    }
  }

  /// The text before and after the slug; `nil` where there is none.
  private func parts(_ id: String) -> (before: String, after: String)? {
    let found: [Range<String.Index>] = text.ranges(of: "{slug}")
    guard let slug = found.first else { return nil }
    let before = String(text[..<slug.lowerBound])
    let after = String(text[slug.upperBound...])
    return (before.replacing("{id}", with: id), after.replacing("{id}", with: id))
  }

  /// Returns why git does not take a name for a branch, by the rules of `git check-ref-format --branch`.
  private static func refusal(of name: String) -> String? {
    let isOdd = name.unicodeScalars.contains {
      $0.value <= 0x20 || $0.value == 0x7f || "~^:?*[\\".unicodeScalars.contains($0)
    }
    if isOdd { return "has a character that git does not take in a branch" }
    if name.contains("..") || name.contains("@{") { return "git does not take, with '..' or '@{'" }
    if name == "@" || name == "HEAD" || name.hasPrefix("-") {
      return "git does not take for a branch"
    }
    for part in name.split(separator: "/", omittingEmptySubsequences: false) {
      if part.isEmpty { return "begins or ends with '/' or has two in a row" }
      if part.hasPrefix(".") || part.hasSuffix(".") || part.hasSuffix(".lock") {
        return "has a part that begins with '.' or ends in '.' or '.lock'"
      }
    }
    return nil
  }
}
