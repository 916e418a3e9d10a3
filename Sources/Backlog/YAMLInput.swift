import Yams

/// Reads values out of a YAML document and collects every problem with its place.
package final class YAMLInput {
  package let file: String
  package private(set) var problems: [InputProblem] = []

  package init(file: String) { self.file = file }

  /// Returns the document's root; `nil` where it is empty or broken.
  package func root(_ text: String) -> Node? {
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      let (line, column, message) = Self.place(error)
      problems.append(InputProblem(file: file, line: line, column: column, message: message))
    } catch {
      problems.append(InputProblem(file: file, line: 1, column: 1, message: "\(error)"))
    }
    return nil
  }

  package func report(_ node: Node?, _ message: String, _ suggestion: String? = nil) {
    report(at: node?.mark, message, suggestion)
  }

  package func report(at mark: Mark?, _ message: String, _ suggestion: String? = nil) {
    problems.append(
      InputProblem(
        file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, message: message,
        suggestion: suggestion))
  }

  /// Returns the members of a mapping after telling which keys are unknown or stand twice.
  package func members(_ node: Node, of what: String, known: [String]) -> [String: Node]? {
    guard let mapping = node.mapping else {
      report(node, "\(what) must be a mapping of keys and values")
      return nil
    }
    var result: [String: Node] = [:]
    for (key, value) in mapping {
      guard let name = key.string else {
        report(key, "a key of \(what) must be a word")
        continue
      }
      guard known.contains(name) else {
        report(key, "unknown key `\(name)`", Nearest.suggestion(name, among: known))
        continue
      }
      if result[name] != nil { report(key, "the key '\(name)' stands twice") }
      result[name] = value
    }
    return result
  }

  package func isNull(_ node: Node?) -> Bool {
    guard let node else { return true }
    return node.null != nil
  }

  /// Returns a scalar's text, numbers as they are written.
  package func text(_ node: Node?, _ key: String) -> String? {
    guard let node, !isNull(node) else { return nil }
    guard let scalar = node.scalar else {
      report(node, "\(key) must be a text")
      return nil
    }
    return scalar.string
  }

  package func integer(_ node: Node?, _ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let node, !isNull(node) else { return nil }
    guard let value = node.int else {
      report(node, "\(key) must be a whole number")
      return nil
    }
    guard range.contains(value) else {
      let bounds =
        range.upperBound == .max
        ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      report(node, "\(key) must be \(bounds), not \(value)")
      return nil
    }
    return value
  }

  /// Returns a number within bounds, with or without a fraction.
  package func number(_ node: Node?, _ key: String, in range: ClosedRange<Double>) -> Double? {
    guard let node, !isNull(node) else { return nil }
    guard let value = node.float ?? node.int.map(Double.init), range.contains(value) else {
      report(
        node,
        "\(key) must be a number from \(NumberRange.text(range.lowerBound)) to "
          + NumberRange.text(range.upperBound) + (node.scalar.map { ", not \($0.string)" } ?? ""))
      return nil
    }
    return value
  }

  package func flag(_ node: Node?, _ key: String) -> Bool? {
    guard let node, !isNull(node) else { return nil }
    guard let value = node.bool else {
      report(node, "\(key) must be true or false")
      return nil
    }
    return value
  }

  /// Returns a list of texts; one text counts as a list of one.
  package func texts(_ node: Node?, _ key: String) -> [(text: String, node: Node)]? {
    guard let node, !isNull(node) else { return nil }
    if let scalar = node.scalar { return [(scalar.string, node)] }
    guard let sequence = node.sequence else {
      report(node, "\(key) must be a list")
      return nil
    }
    var result: [(text: String, node: Node)] = []
    for item in sequence {
      if let scalar = item.scalar, !isNull(item) {
        result.append((scalar.string, item))
      } else {
        report(item, "each item of \(key) must be a text")
      }
    }
    return result
  }

  /// Returns one of a few words.
  package func choice(_ node: Node?, _ key: String, _ words: [String]) -> String? {
    guard let node, let word = text(node, key) else { return nil }
    guard words.contains(word) else {
      report(
        node, "\(key) can't be '\(word)'; it is one of \(words.joined(separator: ", "))",
        Nearest.suggestion(word, among: words))
      return nil
    }
    return word
  }

  private static func place(_ error: YamlError) -> (Int, Int, String) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (mark.line, mark.column, "this is not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      (
        context.mark.line, context.mark.column,
        "keys stand twice: \(keys.map { "\($0)" }.joined(separator: ", "))"
      )
    default: (1, 1, "this is not valid YAML: \(error)")
    }
  }
}
