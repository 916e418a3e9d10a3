import CZlib

// HookInputs: what the hook program reads that others wrote: git's index, loose commits, packed
// references and the lines of `reference-transaction`. Bytes in, values out, and nothing that they
// hold can do harm; the fuzz tests stand on that.

/// A commit as it lies in a loose object file, which is where `git commit` has just put it.
package struct LooseCommit: Sendable, Equatable {
  /// In hex.
  package let tree: String
  /// In hex.
  package let parents: [String]

  /// Reads the content of an object file; `nil` where it is no commit.
  package init?(packed raw: [UInt8]) {
    guard let content = Self.inflate(raw, limit: 65_536) else { return nil }
    self.init(content)
  }

  /// Reads an unpacked object; `nil` where it is no commit.
  package init?(_ content: [UInt8]) {
    guard content.starts(with: "commit ".utf8), let start = content.firstIndex(of: 0) else {
      return nil
    }
    var tree: String?
    var parents: [String] = []
    for line in content[(start + 1)...].split(separator: 0x0a, omittingEmptySubsequences: false) {
      if tree == nil, line.starts(with: "tree ".utf8) {
        tree = String(decoding: line.dropFirst(5), as: UTF8.self)
      } else if line.starts(with: "parent ".utf8) {
        parents.append(String(decoding: line.dropFirst(7), as: UTF8.self))
      } else {
        break
      }
    }
    guard let tree, Hex.isObjectID(tree), parents.allSatisfy(Hex.isObjectID) else { return nil }
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
        stream.avail_in = UInt32(clamping: source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        let code = CZlib.inflate(&stream, Z_SYNC_FLUSH)
        guard code == Z_OK || code == Z_STREAM_END else { return nil }
        return Array(target[0..<(limit - Int(stream.avail_out))])
      }
    }
  }
}
