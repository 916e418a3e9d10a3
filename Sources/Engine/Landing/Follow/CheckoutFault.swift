import Git
import Model

/// The reason why a tree can't be checked out, as far as its entries show.
struct CheckoutFault: Equatable {
  /// The path, and what is wrong with it.
  var text: String
  /// Whether it is two paths that do not go together.
  var isOfTwo = false

  /// The longest name that Linux file systems take, in bytes.
  static let longestName = 255
  /// The longest path, and the longest text of a link, that the kernel takes, in bytes.
  static let longestPath = 4095

  /// Looks at what differs between two trees.
  ///
  /// - Parameters:
  ///   - naming: how the file system tells names apart.
  ///   - room: the longest directory in which the tree is laid out, in bytes.
  static func find(
    from old: ObjectID, to new: ObjectID, _ repository: Repository, naming: PathNaming, room: Int
  ) throws -> CheckoutFault? {
    let changes = try repository.changes(from: old, to: new)
    for change in changes {
      guard let entry = change.new else { continue }
      if let words = try fault(of: change.path, entry, repository, room: room) {
        return CheckoutFault(text: "\(shown(change.path)) \(words)")
      }
    }
    guard naming != .exact else { return nil }
    for change in changes where change.old == nil && change.new != nil {
      if let other = try twin(of: change.path, in: new, repository, naming) {
        return CheckoutFault(
          text: "\(shown(change.path)) and \(shown(other)) are one file on this file system",
          isOfTwo: true)
      }
    }
    return nil
  }

  private static func fault(
    of path: [UInt8], _ entry: TreeEntry, _ repository: Repository, room: Int
  ) throws -> String? {
    if let name = path.split(separator: 0x2f).first(where: { $0.count > longestName }) {
      return "has a name of \(name.count) bytes, and file systems take \(longestName)"
    }
    if room + path.count > longestPath {
      return "has a path of \(path.count) bytes, and the kernel takes \(longestPath) with the "
        + "directories above it"
    }
    guard !entry.isSubmodule else { return nil }
    let object = try repository.objectFacts(entry.id)
    guard object.isBlob else { return "is no file, but an object of another kind" }
    guard entry.isLink else { return nil }
    if object.size > longestPath {
      return "is a link with a text of \(object.size) bytes, and the kernel takes \(longestPath)"
    }
    let text = try repository.blob(entry.id)
    if text.isEmpty { return "is a link without a text" }
    return text.contains(0) ? "is a link whose text holds a NUL" : nil
  }

  /// Finds a path of a tree that has another spelling and names the same file.
  private static func twin(
    of path: [UInt8], in tree: ObjectID, _ repository: Repository, _ naming: PathNaming
  ) throws -> [UInt8]? {
    var (directory, above) = (tree, [UInt8]())
    for part in path.split(separator: 0x2f) {
      let key = naming.key(Array(part))
      for name in try repository.names(in: directory)
      where !name.elementsEqual(part) && naming.key(name) == key {
        return above + name
      }
      above += part + [0x2f]
      guard let next = try repository.entry(at: Array(part), inTree: directory), next.isTree else {
        return nil
      }
      directory = next.id
    }
    return nil
  }

  /// A path for people, however long it is.
  private static func shown(_ path: [UInt8]) -> String {
    path.count <= 200 ? PathText.quoted(path) : PathText.quoted(Array(path.prefix(80))) + "…"
  }
}
