import Foundation

/// Remembers answers by the question's text and who was asked.
struct AnswerCache: Sendable {
  let directory: String
  /// So many are kept, the newest.
  private static let most = 200

  private struct Entry: Codable {
    var question: String
    var of: String
    var answer: String
  }

  /// Returns what was answered before to exactly this question.
  func answer(to question: String, of name: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path(question, name)),
      let entry = try? JSONDecoder().decode(Entry.self, from: data),
      entry.question == question, entry.of == name
    else { return nil }
    return entry.answer
  }

  /// Remembers an answer; where that can't be done, it is asked for again.
  func keep(_ answer: String, to question: String, of name: String) {
    let files = FileManager.default
    try? files.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let entry = Entry(question: question, of: name, answer: answer)
    guard let data = try? JSONEncoder().encode(entry) else { return }
    try? data.write(to: URL(fileURLWithPath: path(question, name)), options: .atomic)
    let names = ((try? files.contentsOfDirectory(atPath: directory)) ?? []).filter {
      $0.hasSuffix(".json")
    }
    guard names.count > Self.most else { return }
    func age(_ name: String) -> Date {
      let facts = try? files.attributesOfItem(atPath: directory + "/" + name)
      return facts?[.modificationDate] as? Date ?? .distantPast
    }
    let ages = Dictionary(names.map { ($0, age($0)) }, uniquingKeysWith: { first, _ in first })
    let oldest = names.sorted { (ages[$0]!, $0) < (ages[$1]!, $1) }.prefix(names.count - Self.most)
    for name in oldest { try? files.removeItem(atPath: directory + "/" + name) }
  }

  /// The hash (FNV-1a, 64 bits) only names the file: the question stands in it and is compared.
  private func path(_ question: String, _ name: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in (name + "\0" + question).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return directory + "/" + String(hash, radix: 16) + ".json"
  }
}
