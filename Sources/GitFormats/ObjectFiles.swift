import Glibc

/// git's objects, read from the files that they lie in.
///
/// What is not found there (alternates, partial clones) gives nothing, so that git has to be asked.
package final class ObjectFiles {
  private let directories: [String]
  private var packs: [(Pack, [MappedFile])]?

  /// - Parameter directories: directories like `.git/objects`, in the order in which they are looked at.
  package init(_ directories: [String]) { self.directories = directories }

  /// Returns an object; `nil` where it was not found or could not be read.
  ///
  /// - Parameter id: 20 bytes.
  package func object(_ id: [UInt8]) -> GitObject? {
    guard id.count == 20 else { return nil }
    let name = Hex.text(id)
    let file = "/\(name.prefix(2))/\(name.dropFirst(2))"
    for directory in directories {
      if let raw = FileBytes.read(directory + file, limit: GitObject.limit) {
        return GitObject(loose: raw)
      }
    }
    return allPacks().lazy.compactMap { $0.0.object(id) }.first
  }

  /// Returns what a commit says; `nil` where it was not found.
  ///
  /// - Parameter id: in hex.
  package func commit(_ id: String) -> CommitHeader? {
    Hex.bytes(id).flatMap(object).flatMap(CommitHeader.init)
  }

  /// Returns the paths in which two trees differ; `nil` where git has to be asked.
  ///
  /// - Parameters:
  ///   - old: a tree in hex; `nil` stands for the one without entries.
  ///   - new: likewise.
  package func changedPaths(_ old: String?, _ new: String?) -> [[UInt8]]? {
    var ids: [[UInt8]?] = []
    for tree in [old, new] {
      guard let tree, tree != Self.emptyTree else {
        ids.append(nil)
        continue
      }
      guard let id = Hex.bytes(tree) else { return nil }
      ids.append(id)
    }
    return TreeDiff.paths(ids[0], ids[1]) { id in
      let object = self.object(id)
      return object?.kind == .tree ? object?.content : nil
    }
  }

  /// The id of the tree without entries, which git knows without a file.
  package static let emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

  private func allPacks() -> [(Pack, [MappedFile])] {
    if let packs { return packs }
    let found = directories.flatMap { directory in
      Self.names(directory + "/pack").compactMap { Self.pack(directory + "/pack/" + $0) }
    }
    packs = found
    return found
  }

  /// The names of the packs in a directory, without `.idx`.
  private static func names(_ directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix("pack-"), name.hasSuffix(".idx") { names.append(String(name.dropLast(4))) }
    }
    return names
  }

  private static func pack(_ path: String) -> (Pack, [MappedFile])? {
    guard let index = MappedFile(path + ".idx"), let content = MappedFile(path + ".pack"),
      let pack = Pack(index: index.bytes, pack: content.bytes)
    else { return nil }
    return (pack, [index, content])
  }
}
