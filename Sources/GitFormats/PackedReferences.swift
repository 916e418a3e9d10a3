/// The file in which git packs references, one a line: the id, a space, the name.
package enum PackedReferences {
  /// Returns what the file says of a reference, in hex; `nil` where it does not name it.
  package static func value(_ name: String, in file: [UInt8]) -> String? {
    let wanted = Array(" \(name)".utf8)
    for line in file.split(separator: 0x0a) where line.count == 40 + wanted.count {
      guard line.dropFirst(40).elementsEqual(wanted) else { continue }
      let id = String(decoding: line.prefix(40), as: UTF8.self)
      return Hex.isObjectID(id) ? id : nil
    }
    return nil
  }
}
