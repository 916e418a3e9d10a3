/// The rule for paths in input files.
enum RepositoryPath {
  /// Returns what is wrong with a path, as the end of a sentence; `nil` where nothing is.
  static func problem(_ path: String) -> String? {
    if path.isEmpty { return "is empty" }
    if path.hasPrefix("/") { return "is absolute; write it relative to the repository's top" }
    var depth = 0
    for part in path.split(separator: "/") where part != "." {
      depth += part == ".." ? -1 : 1
      if depth < 0 { return "leads out of the repository" }
    }
    return depth == 0 ? "names no file or directory" : nil
  }
}
