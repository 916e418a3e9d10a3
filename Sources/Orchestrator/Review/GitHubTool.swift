import Foundation
import Processes
import Store

/// GitHub's own program, `gh`, as far as reviews need it.
struct GitHubTool {
  let target: String
  let run: (_ argv: [String], _ input: [UInt8]) throws -> ProcessOutput

  /// A verdict that was given there.
  struct Review {
    var person: String
    var approves: Bool
    var commit: String
    var text: String
  }

  private struct Answer: Decodable {
    struct Author: Decodable { var login: String }
    struct Commit: Decodable { var oid: String }
    struct Item: Decodable {
      var author: Author?
      var state: String
      var body: String?
      var commit: Commit?
    }
    var url: String
    var state: String?
    var reviews: [Item]?
  }

  /// Opens a pull request where there is none yet, and returns its address.
  func open(_ feature: FeatureRecord, branch: String) throws -> String {
    if let found = try look(branch), found.state ?? "OPEN" == "OPEN" { return found.url }
    var body = feature.description
    if !feature.steps.isEmpty {
      body += "\n\nIt is done when\n" + feature.steps.map { "- \($0)\n" }.joined()
    }
    let title = feature.title.split(whereSeparator: \.isNewline).joined(separator: " ")
    let result = try run(
      [
        "gh", "pr", "create", "--base=\(target)", "--head=\(branch)",
        "--title=#\(feature.id) \(title)", "--body-file=-",
      ], Array(body.utf8))
    let address = result.text.split(separator: "\n").last.map(String.init) ?? ""
    guard result.status == 0, address.hasPrefix("http") else { throw failure("create", result) }
    return address
  }

  /// Returns the verdicts on a branch's pull request, oldest first.
  func reviews(_ branch: String) throws -> [Review] {
    guard let answer = try look(branch) else { return [] }
    return (answer.reviews ?? []).compactMap { item in
      guard ["APPROVED", "CHANGES_REQUESTED"].contains(item.state), let commit = item.commit?.oid,
        let author = item.author?.login, !author.isEmpty
      else { return nil }
      let body = item.body ?? ""
      return Review(
        person: "\(author) <\(author)@users.noreply.github.com>",
        approves: item.state == "APPROVED", commit: commit,
        text: body.allSatisfy(\.isWhitespace) ? "See the comments at \(answer.url)" : body)
    }
  }

  private func look(_ branch: String) throws -> Answer? {
    let result = try run(["gh", "pr", "view", branch, "--json", "url,state,reviews"], [])
    guard result.status == 0 else { return nil }
    do {
      return try JSONDecoder().decode(Answer.self, from: Data(result.output))
    } catch {
      throw Failure("`gh pr view` answered with something else than was asked for")
    }
  }

  private func failure(_ what: String, _ result: ProcessOutput) -> Failure {
    let words = String(decoding: result.error, as: UTF8.self).split(separator: "\n").last ?? ""
    return Failure("`gh pr \(what)` ended with \(result.status): \(words)")
  }
}
