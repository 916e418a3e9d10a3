import Foundation
import Store

/// GitLab, through its own program, `glab`.
///
/// `glab api --hostname H [--method M] [--header K:V] [--input -] ENDPOINT` (glab-api(1)); the endpoints and
/// fields are those of docs.gitlab.com/api: merge_requests, its versions and notes, and members. (`glab mr
/// create` may add remotes to the repository's config, so it is not used.)
package struct GitLabTool: ForgeTool {
  /// `projects/GROUP%2FNAME`
  private let place: String
  private let host: String
  private let api: ForgeAPI

  init(_ link: ForgeLink, api: ForgeAPI) {
    place = "projects/" + ForgeAPI.escaped(link.path)
    host = link.hostName
    self.api = api
  }

  static func api(_ link: ForgeLink, run: @escaping ForgeRunner) -> ForgeAPI {
    ForgeAPI(
      program: "glab", words: ["--hostname", link.host],
      bodyWords: [
        "--method", "POST", "--header", "Content-Type: application/json", "--input", "-",
      ], run: run)
  }

  private struct Request: Decodable {
    var iid: Int
    var webUrl: String
    var sha: String?
  }
  private struct Version: Decodable {
    var headCommitSha: String
    var createdAt: String
  }
  private struct User: Decodable {
    var id: Int
    var username: String
  }
  private struct Position: Decodable {
    var headSha: String?
    var newPath: String?
    var newLine: Int?
    var oldPath: String?
    var oldLine: Int?
  }
  private struct Note: Decodable {
    var body: String
    var author: User
    var createdAt: String
    var system: Bool
    var resolved: Bool?
    var position: Position?
  }
  private struct Member: Decodable { var accessLevel: Int }

  /// GitLab's number for developers, the least who can approve.
  private static let developer = 30

  func open(_ request: ForgeRequest) throws -> String {
    if let found = try look(request.branch) { return found.webUrl }
    let made: Request = try api.post(
      "\(place)/merge_requests",
      [
        "title": request.title, "source_branch": request.branch, "target_branch": request.target,
        "description": Self.withoutActions(request.body),
      ])
    return made.webUrl
  }

  /// GitLab carries out lines such as `/merge` in a description.
  package static func withoutActions(_ text: String) -> String {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
      line.drop(while: \.isWhitespace).hasPrefix("/") ? "\\" + line : String(line)
    }.joined(separator: "\n")
  }

  private func look(_ branch: String) throws -> Request? {
    let found: [Request] = try api.get(
      "\(place)/merge_requests?state=opened&source_branch=\(ForgeAPI.escaped(branch))&per_page=1")
    return found.first
  }

  func verdicts(_ branch: String, on commit: String) throws -> [ForgeVerdict] {
    guard let request = try look(branch), request.sha == commit else { return [] }
    // GitLab's approvals name no commit: those count that came after the commit did.
    let versions: [Version] = try api.list(
      "\(place)/merge_requests/\(request.iid)/versions?per_page=100"
    ) { found in found.contains { $0.headCommitSha == commit } }
    guard let pushed = versions.first(where: { $0.headCommitSha == commit }),
      let since = Self.time(pushed.createdAt)
    else { return [] }
    let notes: [Note] = try api.list(
      "\(place)/merge_requests/\(request.iid)/notes?sort=asc&order_by=created_at&per_page=100")
    let fresh = notes.filter { Self.time($0.createdAt).map { $0 >= since } ?? false }
    var last = LastOfEach<(note: Note, approves: Bool?)>()
    for note in fresh where note.system {
      let approves: Bool?
      switch note.body {
      case "approved this merge request": approves = true
      case "requested changes": approves = false
      case "unapproved this merge request": approves = nil
      default: continue
      }
      last.take(note.author.username, (note, approves))
    }
    return last.names.compactMap { name in
      guard let (note, verdict) = last[name], let approves = verdict, mayApprove(note.author)
      else { return nil }
      var result = ForgeVerdict(
        person: "\(name) <\(name)@users.noreply.\(host)>", approves: approves, text: "")
      for note in fresh where !note.system && note.author.username == name {
        add(note, to: &result, commit)
      }
      return result.pointing(to: request.webUrl)
    }
  }

  private func add(_ note: Note, to verdict: inout ForgeVerdict, _ commit: String) {
    guard note.resolved != true else { return }
    guard let position = note.position else {
      verdict.text += (verdict.text.isEmpty ? "" : "\n\n") + note.body
      return
    }
    guard position.headSha == commit else { return }
    if let line = position.newLine, let path = position.newPath {
      verdict.add(path, line, note.body)
    } else {
      verdict.add(position.oldPath ?? "", position.oldLine ?? 0, isOld: true, note.body)
    }
  }

  /// Anybody can write on a public project; those who work on it can approve.
  private func mayApprove(_ user: User) -> Bool {
    let member: Member? = try? api.get("\(place)/members/all/\(user.id)")
    return member.map { $0.accessLevel >= Self.developer } ?? false
  }

  private static func time(_ text: String) -> Date? {
    let reader = ISO8601DateFormatter()
    reader.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    if let date = reader.date(from: text) { return date }
    reader.formatOptions = [.withInternetDateTime]
    return reader.date(from: text)
  }
}
