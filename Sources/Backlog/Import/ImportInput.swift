import Model

/// The text of a file that is being imported, and what is wrong in it.
final class ImportInput {
  let file: String
  let bytes: [UInt8]
  private(set) var problems: [InputProblem] = []
  /// Notes on words that were replaced by a value of ours, one line each.
  private(set) var notes: [String] = []
  private lazy var lines = LineStarts(bytes)

  init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }

  /// Reports what is wrong at a byte of the text.
  func report(at offset: Int, _ message: String, _ suggestion: String? = nil) {
    let place = lines.place(of: offset)
    problems.append(
      InputProblem(
        file: file, line: place.line, column: place.column, message: message,
        suggestion: suggestion))
  }

  /// Throws what was reported, if anything was.
  func check() throws(InputProblems) {
    guard problems.isEmpty else { throw InputProblems(problems) }
  }

  /// Returns the line of a byte, from 1.
  func line(_ offset: Int) -> Int { lines.place(of: offset).line }

  /// Reads the whole text as JSON.
  func json() throws(InputProblems) -> PlacedJSON { try json(bytes, at: 0) }

  /// Reads a part of the text as JSON.
  func json(_ part: [UInt8], at start: Int) throws(InputProblems) -> PlacedJSON {
    do {
      return try PlacedJSON(reading: part)
    } catch {
      report(
        at: start + error.offset, "this is not valid JSON",
        start + error.offset >= bytes.count ? "the file ends too early; is it whole?" : nil)
      throw InputProblems(problems)
    }
  }

  /// Returns the text of a member; `nil` where it is absent or null.
  func text(_ tree: PlacedJSON, _ key: String) -> String? {
    guard let member = tree[key] else { return nil }
    guard let text = member.word else {
      report(at: member.offset, "\(key) must be a text")
      return nil
    }
    return text
  }

  /// Returns the list of a member; empty where it is absent or null.
  func list(_ tree: PlacedJSON, _ key: String) -> [PlacedJSON] {
    guard let member = tree[key] else { return [] }
    guard let items = member.array else {
      report(at: member.offset, "\(key) must be a list")
      return []
    }
    return items
  }

  /// Returns whether a member is there and not null.
  func says(_ tree: PlacedJSON, _ key: String) -> Bool { tree[key] != nil }

  /// Returns the fields whose members are there.
  func fields(
    _ tree: PlacedJSON, _ keys: [(ImportedFeature.Field, [String])]
  ) -> Set<ImportedFeature.Field> {
    Set(keys.filter { $0.1.contains { says(tree, $0) } }.map(\.0))
  }

  /// Returns the status of a member; an unknown word counts as open and is noted.
  ///
  /// - Parameter start: the byte at which the part of the text begins that holds the member.
  func status(_ tree: PlacedJSON, _ key: String, at start: Int = 0) -> WorkStatus {
    status(word: text(tree, key), at: start + (tree[key]?.offset ?? tree.offset))
  }

  /// Returns the status that a word at a byte stands for; an unknown word counts as open and is noted.
  func status(word: String?, at offset: Int) -> WorkStatus {
    guard let word else { return .open }
    if let status = WorkStatus(word: word) { return status }
    notes.append(
      "\(file):\(line(offset)): the status '\(word)' is not known; it counts as open")
    return .open
  }
}
