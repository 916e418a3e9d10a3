/// Reads and writes trailers, the `Key: value` lines at a commit message's end, by the rules of
/// git-interpret-trailers(1) with `--no-divider`.
package enum Trailers {
  /// Returns the trailers of a message in their order, with folded lines joined.
  package static func parse(_ message: String) -> [(key: String, value: String)] {
    let lines = lines(of: message)
    guard let start = blockStart(lines) else { return [] }
    var result: [(key: String, value: String)] = []
    for line in lines[start...] {
      if let first = line.first, first == " " || first == "\t" {
        if let last = result.indices.last, !trimmed(line).isEmpty {
          let value = result[last].value
          result[last].value = value.isEmpty ? trimmed(line) : value + " " + trimmed(line)
        }
      } else if let key = key(of: line) {
        let value = line.drop { $0 != ":" }.dropFirst()
        result.append((key: key, value: trimmed(String(value))))
      }
    }
    return result
  }

  /// Adds trailers at the end of a message, in a paragraph of their own where it has none yet. One
  /// that stands there already, with the same key and value, is not added again.
  package static func append(_ trailers: [(String, String)], to message: String) -> String {
    var lines = lines(of: message)
    while let last = lines.last, trimmed(last).isEmpty { lines.removeLast() }
    var present = parse(message)
    var added: [String] = []
    for (key, value) in trailers {
      let flat = value.split(whereSeparator: \.isNewline).joined(separator: " ")
      let same = present.contains {
        $0.key.lowercased() == key.lowercased() && $0.value == trimmed(flat)
      }
      if same { continue }
      present.append((key: key, value: trimmed(flat)))
      added.append("\(key): \(trimmed(flat))")
    }
    if added.isEmpty { return message }
    if blockStart(lines) == nil { lines.append("") }
    return (lines + added).joined(separator: "\n") + "\n"
  }

  /// Gives trailers another name and leaves everything else as it is.
  ///
  /// - Parameter name: the new key for a key; `nil` keeps it.
  package static func rename(in message: String, _ name: (String) -> String?) -> String {
    var lines = lines(of: message)
    guard let start = blockStart(lines) else { return message }
    var isChanged = false
    for index in start..<lines.count {
      guard let key = key(of: lines[index]), let new = name(key) else { continue }
      lines[index] = new + lines[index].drop { $0 != ":" }
      isChanged = true
    }
    return isChanged ? lines.joined(separator: "\n") + "\n" : message
  }

  private static func lines(of message: String) -> [String] {
    var lines = message.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
      .map(String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  /// Finds the first line of the last paragraph if that consists of trailers, or at least a quarter
  /// of it does and one was written by git itself. The subject's paragraph never counts.
  private static func blockStart(_ lines: [String]) -> Int? {
    let titleEnd = lines.firstIndex { trimmed($0).isEmpty && !$0.hasPrefix("#") } ?? lines.count
    var (trailers, others, folded) = (0, 0, 0)
    var (written, blankOnly) = (false, true)
    var index = lines.count - 1
    while index >= titleEnd {
      let line = lines[index]
      if line.hasPrefix("#") {
        others += folded
        folded = 0
      } else if trimmed(line).isEmpty {
        if !blankOnly {
          others += folded
          let mixed = written && trailers * 3 >= others
          return mixed || (trailers > 0 && others == 0) ? index + 1 : nil
        }
      } else {
        blankOnly = false
        if line.hasPrefix("Signed-off-by: ") || line.hasPrefix("(cherry picked from commit ") {
          trailers += 1
          folded = 0
          written = true
        } else if key(of: line) != nil {
          trailers += 1
          folded = 0
        } else if line.hasPrefix(" ") || line.hasPrefix("\t") {
          folded += 1
        } else {
          others += 1 + folded
          folded = 0
        }
      }
      index -= 1
    }
    return nil
  }

  private static func key(of line: String) -> String? {
    guard let colon = line.utf8.firstIndex(of: 0x3a) else { return nil }
    let name = trimmed(String(line[..<colon]))
    guard !name.isEmpty, line.utf8.first.map({ $0 != 0x20 && $0 != 0x09 }) == true,
      name.utf8.allSatisfy({ byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d: true
        default: false
        }
      })
    else { return nil }
    return name
  }

  private static func trimmed(_ text: String) -> String {
    var view = text[...]
    while let first = view.first, first.isWhitespace { view.removeFirst() }
    while let last = view.last, last.isWhitespace { view.removeLast() }
    return String(view)
  }
}
