import Yams

/// The rule for the names of slots, which become part of variables' names.
package enum SlotName {
  /// Returns what is wrong with a name, as the end of a sentence; `nil` where nothing is.
  static func problem(_ name: String) -> String? {
    func isAllowed(_ byte: UInt8) -> Bool {
      isLetter(byte) || (0x30...0x39).contains(byte) || byte == 0x2d || byte == 0x5f
    }
    guard let first = name.utf8.first, isLetter(first), name.utf8.count <= 40,
      name.utf8.allSatisfy(isAllowed)
    else { return "is none: up to 40 letters, digits, '-' and '_', a letter first" }
    return nil
  }

  /// Returns the variable that tells which instance of a slot is held: `LANEKEEPER_SLOT_DEV_DB` of `dev-db`.
  static func variable(_ name: String) -> String {
    "LANEKEEPER_SLOT_" + name.uppercased().replacing("-", with: "_")
  }

  /// Returns the variables that tell which instance of each slot is held: `LANEKEEPER_SLOT_BROWSER=1`.
  package static func variables(_ held: [String: Int]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: held.map { (variable($0), String($1)) })
  }

  /// Reads the slots that something takes, each once.
  ///
  /// - Parameter known: those that there are; `nil` takes any name.
  static func list(
    _ node: Node?, _ key: String, _ input: YAMLInput, known: Set<String>?
  ) -> [String] {
    var result: [String] = []
    for item in input.texts(node, key) ?? [] {
      if let reason = problem(item.text) {
        input.report(item.node, "'\(item.text)' in \(key) \(reason)")
      } else if let known, !known.contains(item.text) {
        input.report(
          item.node,
          "`slots` in lanekeeper.yml have no '\(item.text)'"
            + (known.isEmpty ? "" : ", only \(known.sorted().joined(separator: ", "))"),
          Nearest.suggestion(item.text, among: known)
            ?? "set how many there are: `slots: {\(item.text): 1}`")
      } else if result.contains(item.text) {
        input.report(
          item.node, "'\(item.text)' stands twice in \(key); one instance is taken of each")
      } else {
        result.append(item.text)
      }
    }
    return result
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }
}
