/// The tree and the parents named in a commit.
package struct CommitHeader: Sendable, Equatable {
  /// In hex.
  package let tree: String
  /// In hex.
  package let parents: [String]

  /// Reads the content of an object; `nil` where it is no commit.
  package init?(_ object: GitObject) {
    guard object.kind == .commit else { return nil }
    self.init(object.content)
  }

  /// Reads the content of a commit; `nil` where it is none.
  package init?(_ content: [UInt8]) {
    var tree: String?
    var parents: [String] = []
    var rest = content[...]
    while let end = rest.firstIndex(of: 0x0a) {
      let line = rest[..<end]
      if tree == nil, line.starts(with: "tree ".utf8) {
        tree = String(decoding: line.dropFirst(5), as: UTF8.self)
      } else if line.starts(with: "parent ".utf8) {
        parents.append(String(decoding: line.dropFirst(7), as: UTF8.self))
      } else {
        break
      }
      rest = rest[(end + 1)...]
    }
    guard let tree, Hex.isObjectID(tree), parents.allSatisfy(Hex.isObjectID) else { return nil }
    self.tree = tree
    self.parents = parents
  }
}
