import Foundation
import Model
import Processes

/// Asks a forge's interface through its own program.
struct ForgeAPI {
  /// `gh`, `glab` or `tea`.
  let program: String
  /// The words between `api` and the endpoint.
  let words: [String]
  /// Further ones for a request whose body stands on standard input.
  let bodyWords: [String]
  let run: (_ argv: [String], _ input: [UInt8]) throws -> ProcessOutput

  func get<Answer: Decodable>(_ endpoint: String) throws -> Answer {
    try answer([program, "api"] + words + [endpoint], [], endpoint)
  }

  func post<Answer: Decodable>(_ endpoint: String, _ body: [String: String]) throws -> Answer {
    try answer(
      [program, "api"] + words + bodyWords + [endpoint],
      JSON.sorted(body.mapValues { .string($0) }).bytes, endpoint)
  }

  /// Opens a pull request as GitHub and Gitea take it, and returns its address.
  func openPull(_ request: ForgeRequest, at endpoint: String) throws -> String {
    struct Made: Decodable { var htmlUrl: String }
    let made: Made = try post(
      endpoint,
      [
        "title": request.title, "head": request.branch, "base": request.target,
        "body": request.body,
      ])
    return made.htmlUrl
  }

  /// Reads a list to its end: servers cut pages as short as they like, so only an empty one ends it.
  ///
  /// - Parameters:
  ///   - endpoint: with its query, to which the page is added.
  ///   - isEnough: ends it earlier.
  func list<Item: Decodable>(
    _ endpoint: String, isEnough: ([Item]) -> Bool = { _ in false }
  ) throws -> [Item] {
    var items: [Item] = []
    for page in 1...Self.mostPages {
      let more: [Item] = try get(
        endpoint + (endpoint.contains("?") ? "&" : "?") + "page=\(page)")
      items += more
      if more.isEmpty || isEnough(items) { break }
    }
    return items
  }

  private static let mostPages = 100

  /// A part of a path or the value of a query.
  static func escaped(_ text: String) -> String {
    text.addingPercentEncoding(
      withAllowedCharacters: CharacterSet(charactersIn: "-._~").union(
        CharacterSet(charactersIn: "a"..."z").union(CharacterSet(charactersIn: "A"..."Z")).union(
          CharacterSet(charactersIn: "0"..."9")))) ?? ""
  }

  private struct Message: Decodable { var message: String }

  private func answer<Answer: Decodable>(
    _ argv: [String], _ input: [UInt8], _ endpoint: String
  ) throws -> Answer {
    let result = try run(argv, input)
    let data = Data(result.output)
    // `tea api` ends with 0 whatever the server says, so what came decides there.
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    if result.status == 0, let answer = try? decoder.decode(Answer.self, from: data) {
      return answer
    }
    let words =
      (try? decoder.decode(Message.self, from: data))?.message
      ?? String(decoding: result.error, as: UTF8.self).split(separator: "\n").last.map(String.init)
      ?? "an answer of another kind than expected"
    let place = endpoint.split(separator: "?").first ?? ""
    throw Failure("`\(program) api` was refused \(place): \(words.prefix(300))")
  }
}
