/// The paths in which two trees differ, as `git diff-tree -r --no-renames --name-only` lists them.
///
/// Only directories that differ are read.
package struct TreeDiff {
  /// A tree that is not there, damaged, or deeper or larger than anybody makes one.
  struct Unreadable: Error {}

  private let content: (_ id: [UInt8]) -> [UInt8]?
  private var paths: [[UInt8]] = []
  private var trees = 0

  private static let deepest = 1024
  private static let most = 5_000_000

  /// - Parameters:
  ///   - old: the id of a tree, 20 bytes; `nil` stands for the tree without entries.
  ///   - new: likewise.
  ///   - content: reads a tree by its id.
  /// - Returns: `nil` where a tree could not be read; then git has to be asked.
  package static func paths(
    _ old: [UInt8]?, _ new: [UInt8]?, content: @escaping (_ id: [UInt8]) -> [UInt8]?
  ) -> [[UInt8]]? {
    guard old != new else { return [] }
    var difference = TreeDiff(content: content)
    do {
      try difference.compare(old, new, below: [], depth: 0)
    } catch {
      return nil
    }
    return difference.paths
  }

  private init(content: @escaping ([UInt8]) -> [UInt8]?) { self.content = content }

  private mutating func compare(
    _ old: [UInt8]?, _ new: [UInt8]?, below directory: [UInt8], depth: Int
  ) throws(Unreadable) {
    guard depth < Self.deepest else { throw Unreadable() }
    var olds = try entries(old)
    var news = try entries(new)
    var one = try olds.next()
    var other = try news.next()
    while one != nil || other != nil {
      if let a = one, let b = other, !(a < b), !(b < a) {
        if a.mode != b.mode || a.id != b.id {
          // The order puts a directory and a file of the same name apart.
          if a.isTree {
            try compare(
              Array(a.id), Array(b.id), below: directory + a.name + [0x2f], depth: depth + 1)
          } else {
            try add(directory + a.name)
          }
        }
        one = try olds.next()
        other = try news.next()
      } else if let a = one, other.map({ a < $0 }) ?? true {
        try addAll(a, isOld: true, directory, depth)
        one = try olds.next()
      } else if let b = other {
        try addAll(b, isOld: false, directory, depth)
        other = try news.next()
      }
    }
  }

  private mutating func addAll(
    _ entry: TreeEntries.Entry, isOld: Bool, _ directory: [UInt8], _ depth: Int
  ) throws(Unreadable) {
    guard entry.isTree else { return try add(directory + entry.name) }
    let id = Array(entry.id)
    try compare(
      isOld ? id : nil, isOld ? nil : id, below: directory + entry.name + [0x2f],
      depth: depth + 1)
  }

  private mutating func add(_ path: [UInt8]) throws(Unreadable) {
    guard paths.count < Self.most else { throw Unreadable() }
    paths.append(path)
  }

  private mutating func entries(_ id: [UInt8]?) throws(Unreadable) -> TreeEntries {
    guard let id else { return TreeEntries([]) }
    trees += 1
    guard trees < Self.most, let bytes = content(id) else { throw Unreadable() }
    return TreeEntries(bytes)
  }
}
