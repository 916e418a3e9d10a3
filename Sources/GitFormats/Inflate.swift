import CZlib

/// Unpacks what zlib has packed.
enum Inflate {
  /// Returns everything that is packed in `raw`; `nil` where it is damaged, cut off or larger than
  /// `limit`.
  static func all(_ raw: UnsafeRawBufferPointer, limit: Int) -> [UInt8]? {
    // Nearly every tree and commit fits the first time.
    var size = min(limit, max(2048, raw.count * 3))
    while true {
      switch unpack(raw, into: size) {
      case .all(let content): return content
      case .damaged: return nil
      case .tooLarge:
        guard size < limit else { return nil }
        size = min(limit, size * 4)
      }
    }
  }

  /// Returns what is packed at the start of `raw`, which is exactly `count` bytes; else `nil`.
  static func exactly(_ count: Int, of raw: UnsafeRawBufferPointer) -> [UInt8]? {
    guard case .all(let content) = unpack(raw, into: count), content.count == count else {
      return nil
    }
    return content
  }

  private enum Outcome {
    case all([UInt8])
    case tooLarge
    case damaged
  }

  private static func unpack(_ raw: UnsafeRawBufferPointer, into size: Int) -> Outcome {
    var code = Z_DATA_ERROR
    // One byte more than asked for shows that there is more.
    let content = [UInt8](unsafeUninitializedCapacity: size + 1) { target, count in
      var stream = z_stream()
      guard lk_inflate_init(&stream) == Z_OK else { return }
      defer { inflateEnd(&stream) }
      stream.next_in = UnsafeMutablePointer(
        mutating: raw.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.avail_in = UInt32(clamping: raw.count)
      stream.next_out = target.baseAddress
      stream.avail_out = UInt32(clamping: size + 1)
      code = inflate(&stream, Z_FINISH)
      count = size + 1 - Int(stream.avail_out)
    }
    if content.count > size { return .tooLarge }
    return code == Z_STREAM_END ? .all(content) : .damaged
  }
}
