import Crypto

extension SHA256Digest {
  /// The hash in hex, 64 characters.
  var hex: String {
    map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }
}
