import Engine
import Foundation
import Model

/// Writing for people: colour on a terminal, plain lines in a pipe.
enum Terminal {
  static let isTerminal = isatty(1) == 1
  static let hasColour: Bool =
    isTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
  }

  static func styled(_ text: String, _ style: Style) -> String {
    hasColour ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
  }

  /// Writes a line to standard output at once; whatever titles, paths and logs put into it, it steers no
  /// terminal.
  static func line(_ text: String = "") { write(guarded(text) + "\n") }

  /// Writes a text as it is.
  static func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(1, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Writes what went wrong to standard error.
  static func error(_ text: String) {
    FileHandle.standardError.write(Data("lanekeeper: \(visible(text))\n".utf8))
  }

  /// The terminal's size; 80 by 24 where it is not known.
  static var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Lines up columns; the last one is as long as it is.
  static func table(_ header: [String], _ rows: [[String]]) -> [String] {
    let rows = rows.map { row in
      row.map { $0.contains(where: \.isNewline) ? visibleLine($0) : $0 }
    }
    var widths = header.map(width)
    for row in rows {
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], width(cell)) }
    }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (index, cell) in cells.enumerated() {
        text += cell
        if index < cells.count - 1 {
          text += String(repeating: " ", count: widths[index] - width(cell) + 2)
        }
      }
      return text
    }
    return [styled(line(header), .bold)] + rows.map(line)
  }

  /// The columns that a text takes; wide characters take two.
  static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { sum, scalar in
      switch scalar.value {
      case 0x0300...0x036f, 0x200b...0x200d, 0xfe00...0xfe0f: sum
      case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
        0xff00...0xff60, 0x1f300...0x1faff:
        sum + 2
      default: sum + 1
      }
    }
  }

  /// Cuts a text to a number of columns and drops what would move the cursor.
  static func cut(_ text: String, _ columns: Int) -> String {
    var result = ""
    var used = 0
    for character in strip(text) where !character.isNewline {
      let next = width(String(character))
      guard used + next <= columns else { return String(result.dropLast()) + "…" }
      result.append(character)
      used += next
    }
    return result
  }

  /// Drops the sequences by which programs move the cursor or set colours.
  static func strip(_ text: String) -> String { TerminalSafeText.strip(text) }
}

/// Times for people.
enum Duration {
  static func text(_ seconds: Double) -> String {
    if seconds < 60 { return String(format: "%.1fs", seconds) }
    guard seconds < 1e12 else { return "for ever" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60)m \(whole % 60)s" }
    return "\(whole / 3600)h \(whole % 3600 / 60)m"
  }
}
