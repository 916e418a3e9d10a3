/// The command's arguments as bytes: a name need not be UTF-8 text.
enum RawArguments {
  /// Returns the bytes of an argument that was read as text; a text in git's quotes is unquoted.
  static func bytes(of text: String) -> [UInt8] {
    for pointer in CommandLine.unsafeArgv.bytes(count: Int(CommandLine.argc)) {
      if String(decoding: pointer, as: UTF8.self) == text { return pointer }
    }
    return Array(text.utf8)
  }
}

extension UnsafeMutablePointer where Pointee == UnsafeMutablePointer<CChar>? {
  /// The bytes of each C string.
  fileprivate func bytes(count: Int) -> [[UInt8]] {
    (0..<count).compactMap { self[$0] }.map { pointer in
      var bytes: [UInt8] = []
      var place = pointer
      while place.pointee != 0 {
        bytes.append(UInt8(bitPattern: place.pointee))
        place += 1
      }
      return bytes
    }
  }
}
