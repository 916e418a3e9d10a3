import CZlib

/// Compresses for `Content-Encoding: gzip`.
enum Gzip {
  /// - Parameter level: from 1, the fastest, to 9, the smallest.
  /// - Returns: `nil` if zlib fails.
  static func pack(_ content: [UInt8], level: Int32) -> [UInt8]? {
    var stream = z_stream()
    guard lk_gzip_init(&stream, level) == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    let size = Int(deflateBound(&stream, UInt(content.count)))
    var code = Z_DATA_ERROR
    let packed = content.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: size) { target, count in
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.avail_in = UInt32(clamping: source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(clamping: size)
        code = deflate(&stream, Z_FINISH)
        count = size - Int(stream.avail_out)
      }
    }
    return code == Z_STREAM_END ? packed : nil
  }
}
