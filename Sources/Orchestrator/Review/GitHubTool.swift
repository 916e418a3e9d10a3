import Store

/// GitHub, through its own program, `gh`.
///
/// `gh api [--hostname H] [--method M] [--input -] ENDPOINT` (cli.github.com/manual/gh_api); the endpoints and
/// fields are those of docs.github.com/rest: pulls, pulls/reviews, pulls/comments.
struct GitHubTool: ForgeTool {
  /// `repos/OWNER/NAME`
  private let place: String
  private let owner: String
  private let api: ForgeAPI

  init(_ link: ForgeLink, api: ForgeAPI) {
    place = "repos/" + link.escapedPath
    owner = String(link.path.prefix { $0 != "/" })
    self.api = api
  }

  static func api(_ link: ForgeLink, run: @escaping ForgeRunner) -> ForgeAPI {
    ForgeAPI(
      program: "gh", words: ["--hostname", link.host],
      bodyWords: ["--method", "POST", "--input", "-"], run: run)
  }

  private struct Pull: Decodable {
    var number: Int
    var htmlUrl: String
  }
  private struct User: Decodable { var login: String }
  private struct Review: Decodable {
    var user: User?
    var state: String
    var body: String?
    var commitId: String?
    var authorAssociation: String?
  }
  private struct Comment: Decodable {
    var user: User?
    var path: String
    var body: String
    var side: String?
    var line: Int?
    var originalLine: Int?
    var originalCommitId: String?
  }

  func open(_ request: ForgeRequest) throws -> String {
    if let found = try look(request.branch) { return found.htmlUrl }
    let made: Pull = try api.post(
      "\(place)/pulls",
      [
        "title": request.title, "head": request.branch, "base": request.target,
        "body": request.body,
      ])
    return made.htmlUrl
  }

  private func look(_ branch: String) throws -> Pull? {
    let head = ForgeAPI.escaped("\(owner):\(branch)")
    let found: [Pull] = try api.get("\(place)/pulls?state=open&head=\(head)&per_page=1")
    return found.first
  }

  func verdicts(_ branch: String, on commit: String) throws -> [ForgeVerdict] {
    guard let pull = try look(branch) else { return [] }
    let reviews: [Review] = try api.list("\(place)/pulls/\(pull.number)/reviews?per_page=100")
    // A later one takes the earlier one's place; mere comments don't. On a public repository anybody may
    // write a review: only what comes from those who work on it counts.
    var last: [String: Review] = [:]
    var order: [String] = []
    for review in reviews where review.commitId == commit {
      guard ["APPROVED", "CHANGES_REQUESTED", "DISMISSED"].contains(review.state),
        ["OWNER", "MEMBER", "COLLABORATOR"].contains(review.authorAssociation ?? ""),
        let login = review.user?.login, ForgeVerdict.isName(login)
      else { continue }
      if last[login] == nil { order.append(login) }
      last[login] = review
    }
    guard last.values.contains(where: { $0.state != "DISMISSED" }) else { return [] }
    let comments: [Comment] = try api.list("\(place)/pulls/\(pull.number)/comments?per_page=100")
    return order.compactMap { login in
      guard let review = last[login], review.state != "DISMISSED" else { return nil }
      var verdict = ForgeVerdict(
        person: "\(login) <\(login)@users.noreply.github.com>",
        approves: review.state == "APPROVED", text: review.body ?? "")
      for comment in comments
      where comment.user?.login == login && comment.originalCommitId == commit {
        let line = comment.originalLine ?? comment.line ?? 0
        if comment.side == "LEFT" {
          verdict.addOld(comment.path, line, comment.body)
        } else {
          verdict.comments.append(
            ReviewComment(path: comment.path, line: line, text: comment.body))
        }
      }
      if verdict.text.allSatisfy(\.isWhitespace), verdict.comments.isEmpty {
        verdict.text = "See the comments at \(pull.htmlUrl)"
      }
      return verdict
    }
  }
}
