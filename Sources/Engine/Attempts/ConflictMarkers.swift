import Git

/// Finds the marks of an unresolved merge in what a branch changes.
enum ConflictMarkers {
  /// Returns the files that have got conflict markers, as text for people.
  static func find(_ changes: [TreeChange], in repository: Repository) throws -> [String] {
    try changes.filter { change in
      guard let new = change.new, new.mode & 0o170000 == 0o100000,
        hasMarkers(try repository.blob(new.id))
      else { return false }
      // A file that is about merges may hold markers for good.
      guard let old = change.old, old.mode & 0o170000 == 0o100000 else { return true }
      return !hasMarkers(try repository.blob(old.id))
    }.map { String(decoding: $0.path, as: UTF8.self) }
  }

  /// Returns whether lines that begin with the three markers follow one another.
  static func hasMarkers(_ content: [UInt8]) -> Bool {
    guard !content.prefix(8000).contains(0) else { return false }
    let wanted: [[UInt8]] = ["<<<<<<< ", "=======", ">>>>>>> "].map { Array($0.utf8) }
    var next = 0
    var index = 0
    while index < content.count {
      if content[index...].starts(with: wanted[next]) {
        next += 1
        if next == wanted.count { return true }
      }
      guard let end = content[index...].firstIndex(of: 0x0a) else { break }
      index = end + 1
    }
    return false
  }
}
