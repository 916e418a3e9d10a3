import Engine
import Foundation
import Store

/// Reads a reviewer's comments as they are typed or stand in a file.
enum ReviewComments {
  /// Between the two values of `--at`, once they are one argument.
  private static let joint = "\u{1f}"

  /// Joins the two values of each `--at PLACE TEXT` of the review command, so that a text may look
  /// like an option.
  static func joined(_ arguments: [String]) -> [String] {
    guard let command = arguments.firstIndex(of: "review") else { return arguments }
    var result = Array(arguments[...command])
    var rest = arguments[(command + 1)...]
    while let word = rest.popFirst() {
      if word == "--" {
        result.append(word)
        break
      }
      let isJoined = word.hasPrefix("--at=")
      guard word == "--at" || isJoined else {
        result.append(word)
        continue
      }
      let place = isJoined ? String(word.dropFirst(5)) : rest.popFirst() ?? ""
      result += ["--at", rest.popFirst().map { place + joint + $0 } ?? place]
    }
    return result + rest
  }

  /// Reads the value of an `--at`: `path:line`, and the text.
  static func comment(_ value: String) throws -> ReviewComment {
    let parts = value.components(separatedBy: joint)
    let text = parts.dropFirst().joined(separator: joint)
    guard parts.count > 1, !text.allSatisfy(\.isWhitespace) else {
      throw Failure(
        "--at takes a place and a text: --at src/main.c:12 \"check for NULL\"", status: 64)
    }
    guard let place = place(parts[0][...]) else {
      throw Failure(
        "'\(Terminal.visibleLine(parts[0]))' is no place; write path:line, such as src/main.c:12",
        status: 64)
    }
    return ReviewComment(path: place.path, line: place.line, text: text)
  }

  /// Reads `path:line`; a path alone is the file as a whole.
  private static func place(_ text: Substring) -> (path: String, line: Int)? {
    guard let colon = text.lastIndex(of: ":") else { return text.isEmpty ? nil : (String(text), 0) }
    guard let line = Int(text[text.index(after: colon)...]), line > 0, colon > text.startIndex
    else {
      return nil
    }
    var path = String(text[..<colon])
    if path.hasPrefix("./") { path.removeFirst(2) }
    return (path, line)
  }

  /// Reads a file of comments: `path:line: text`, where further lines belong to the comment before;
  /// what stands ahead of the first is for the branch as a whole.
  static func file(_ text: String) -> (general: String, comments: [ReviewComment]) {
    var general: [Substring] = []
    var comments: [(path: String, line: Int, lines: [Substring])] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let match = line.firstMatch(of: /^([^\s:][^:]*):([0-9]+):\s?/),
        let number = Int(match.2), number > 0
      {
        comments.append((String(match.1), number, [line[match.range.upperBound...]]))
      } else if comments.isEmpty {
        general.append(line)
      } else {
        comments[comments.count - 1].lines.append(line)
      }
    }
    func trimmed(_ lines: [Substring]) -> String {
      lines.joined(separator: "\n").trimmingCharacters(in: .newlines)
    }
    return (
      trimmed(general),
      comments.map { ReviewComment(path: $0.path, line: $0.line, text: trimmed($0.lines)) }
        .filter { !$0.text.allSatisfy(\.isWhitespace) }
    )
  }
}
