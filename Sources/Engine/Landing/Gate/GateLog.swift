import Foundation
import Processes

/// The log files of gate runs.
enum GateLog {
  /// Returns the last lines of a log, however long it is.
  static func tail(_ path: String, lines: Int, bytes: UInt64 = 16_384) -> [String] {
    guard let file = RegularFile.handle(path) else { return [] }
    defer { try? file.close() }
    guard let size = try? file.seekToEnd() else { return [] }
    try? file.seek(toOffset: size > bytes ? size - bytes : 0)
    guard let data = try? file.readToEnd() else { return [] }
    var text = String(decoding: data, as: UTF8.self)[...]
    if size > bytes, let end = text.firstIndex(where: \.isNewline) {
      text = text[text.index(after: end)...]
    }
    while let last = text.last, last.isNewline { text.removeLast() }
    return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).suffix(lines)
      .map { line in
        line.filter { !$0.isASCII || $0 == "\t" || ($0.asciiValue ?? 0) >= 0x20 }
      }
  }

  /// Removes the oldest logs of a directory that holds more than 400, until 200 are left.
  static func prune(_ directory: String) {
    let files = FileManager.default
    guard let names = try? files.contentsOfDirectory(atPath: directory), names.count > 400 else {
      return
    }
    // Names begin with the time, so that their order is that of the runs.
    for name in names.sorted().dropLast(200) {
      try? files.removeItem(atPath: directory + "/" + name)
    }
  }
}
