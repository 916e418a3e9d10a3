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
    try look(request.branch)?.htmlUrl ?? api.openPull(request, at: "\(place)/pulls")
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
    var last = LastOfEach<Review>()
    for review in reviews where review.commitId == commit {
      guard ["APPROVED", "CHANGES_REQUESTED", "DISMISSED"].contains(review.state),
        ["OWNER", "MEMBER", "COLLABORATOR"].contains(review.authorAssociation ?? "")
      else { continue }
      last.take(review.user?.login, review)
    }
    guard last.names.contains(where: { last[$0]?.state != "DISMISSED" }) else { return [] }
    let comments: [Comment] = try api.list("\(place)/pulls/\(pull.number)/comments?per_page=100")
    return last.names.compactMap { login in
      guard let review = last[login], review.state != "DISMISSED" else { return nil }
      var verdict = ForgeVerdict(
        person: "\(login) <\(login)@users.noreply.github.com>",
        approves: review.state == "APPROVED", text: review.body ?? "")
      for comment in comments
      where comment.user?.login == login && comment.originalCommitId == commit {
        verdict.add(
          comment.path, comment.originalLine ?? comment.line ?? 0, isOld: comment.side == "LEFT",
          comment.body)
      }
      return verdict.pointing(to: pull.htmlUrl)
    }
  }
}
