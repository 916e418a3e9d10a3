/// Splits text with separated values by RFC 4180; also with semicolons or tabs.
struct CSVText {
  struct Row {
    var cells: [String]
    /// The offset of its first byte.
    var offset: Int
  }

  /// A syntax error, with its byte offset.
  struct Failure: Error {
    var offset: Int
    var message: String
  }

  let separator: UInt8
  private(set) var rows: [Row] = []

  init(_ bytes: [UInt8]) throws(Failure) {
    var position = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    let header = bytes[position...].prefix { $0 != 0x0a }
    separator =
      [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09].max { a, b in
        header.count { $0 == a } < header.count { $0 == b }
      } ?? UInt8(ascii: ",")
    while position < bytes.count {
      let start = position
      var cells: [String] = []
      var isEnd = false
      while !isEnd {
        cells.append(try Self.cell(bytes, &position, separator))
        if position < bytes.count, bytes[position] == separator {
          position += 1
          continue
        }
        if position < bytes.count, bytes[position] == 0x0d { position += 1 }
        if position < bytes.count, bytes[position] == 0x0a { position += 1 }
        isEnd = true
      }
      if cells != [""] { rows.append(Row(cells: cells, offset: start)) }
    }
  }

  private static func cell(
    _ bytes: [UInt8], _ position: inout Int, _ separator: UInt8
  ) throws(Failure) -> String {
    let quote = UInt8(ascii: "\"")
    let start = position
    guard position < bytes.count, bytes[position] == quote else {
      while position < bytes.count, bytes[position] != separator, bytes[position] != 0x0a,
        bytes[position] != 0x0d
      {
        position += 1
      }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      guard byte == quote else {
        content.append(byte)
        continue
      }
      if position < bytes.count, bytes[position] == quote {
        content.append(quote)
        position += 1
        continue
      }
      if position < bytes.count, bytes[position] != separator, bytes[position] != 0x0a,
        bytes[position] != 0x0d
      {
        throw Failure(
          offset: position, message: "text follows the closing quote; write a quote inside as \"\"")
      }
      return String(decoding: content, as: UTF8.self)
    }
    throw Failure(offset: start, message: "the quote that opens here is never closed")
  }
}
