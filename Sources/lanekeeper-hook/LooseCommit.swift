import CZlib

/// A commit as it lies in a loose object file, which is where `git commit` has just put it.
struct LooseCommit {
  /// In hex.
  let tree: String
  /// In hex.
  let parents: [String]

  /// Reads a commit; `nil` where it is not a loose object, or can't be read.
  init?(_ id: String, place: GitPlace) {
    var directories = [place.commonDirectory + "/objects"]
    if let set = Environment.value("GIT_OBJECT_DIRECTORY") { directories.insert(set, at: 0) }
    let name = "/\(id.prefix(2))/\(id.dropFirst(2))"
    let raw = directories.lazy.compactMap { Files.read($0 + name) }.first
    guard let raw, let content = Self.inflate(raw, limit: 65_536) else { return nil }
    guard content.starts(with: "commit ".utf8), let start = content.firstIndex(of: 0) else {
      return nil
    }
    var tree: String?
    var parents: [String] = []
    for line in content[(start + 1)...].split(separator: 0x0a, omittingEmptySubsequences: false) {
      let text = String(decoding: line, as: UTF8.self)
      if text.hasPrefix("tree ") {
        tree = String(text.dropFirst(5))
      } else if text.hasPrefix("parent ") {
        parents.append(String(text.dropFirst(7)))
      } else {
        break
      }
    }
    guard let tree, References.isObjectID(tree), parents.allSatisfy(References.isObjectID) else {
      return nil
    }
    self.tree = tree
    self.parents = parents
  }

  /// Unpacks at most the first `limit` bytes, which hold the header.
  private static func inflate(_ raw: [UInt8], limit: Int) -> [UInt8]? {
    var input = raw
    var output = [UInt8](repeating: 0, count: limit)
    return input.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        var stream = z_stream()
        guard lk_inflate_init(&stream) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        let code = CZlib.inflate(&stream, Z_SYNC_FLUSH)
        guard code == Z_OK || code == Z_STREAM_END else { return nil }
        return Array(target[0..<(limit - Int(stream.avail_out))])
      }
    }
  }
}
