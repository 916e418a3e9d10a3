import Store

/// Gitea and Forgejo, through Gitea's program, `tea` (0.12 or later, the first with `tea api`).
///
/// `tea api [--remote NAME] [--method M] [--data @-] ENDPOINT`, where `--remote` finds the login by a remote of
/// the repository (`tea api --help`, tea's cmd/api.go); it ends with 0 whatever the server answers. The fields
/// are those of Gitea's modules/structs, pull.go and pull_review.go.
struct GiteaTool: ForgeTool {
  private let place: String
  private let host: String
  private let api: ForgeAPI

  init(_ link: ForgeLink, api: ForgeAPI) {
    place = "repos/" + link.escapedPath
    host = link.hostName
    self.api = api
  }

  static func api(remote: String, run: @escaping ForgeRunner) -> ForgeAPI {
    ForgeAPI(
      program: "tea", words: ["--remote", remote], bodyWords: ["--method", "POST", "--data", "@-"],
      run: run)
  }

  private struct Branch: Decodable {
    var ref: String
    var sha: String
  }
  private struct Pull: Decodable {
    var number: Int
    var htmlUrl: String
    var head: Branch
  }
  private struct User: Decodable { var login: String }
  private struct Review: Decodable {
    var id: Int
    var user: User?
    var state: String
    var body: String?
    var commitId: String?
    var official: Bool?
    var dismissed: Bool?
    var commentsCount: Int?
  }
  private struct Comment: Decodable {
    var path: String
    var body: String
    /// The line in the new file; 0 for a comment on the old one.
    var position: Int?
    var originalPosition: Int?
  }

  func open(_ request: ForgeRequest) throws -> String {
    try look(request.branch)?.htmlUrl ?? api.openPull(request, at: "\(place)/pulls")
  }

  private func look(_ branch: String) throws -> Pull? {
    // A server gives at most so many a page as it is set to, 50 by default.
    let pulls: [Pull] = try api.list("\(place)/pulls?state=open&limit=50") { found in
      found.contains { $0.head.ref == branch }
    }
    return pulls.first { $0.head.ref == branch }
  }

  func verdicts(_ branch: String, on commit: String) throws -> [ForgeVerdict] {
    guard let pull = try look(branch) else { return [] }
    let reviews: [Review] = try api.list("\(place)/pulls/\(pull.number)/reviews?limit=50")
    var last = LastOfEach<Review>()
    // Official is what comes from those whose approval counts there: with a rule for the branch those whom it
    // names, else, since Gitea 1.20, everybody who may write.
    for review in reviews where review.commitId == commit && review.official == true {
      guard ["APPROVED", "REQUEST_CHANGES"].contains(review.state) else { continue }
      last.take(review.user?.login, review)
    }
    return try last.names.compactMap { login in
      guard let review = last[login], review.dismissed != true else { return nil }
      var verdict = ForgeVerdict(
        person: "\(login) <\(login)@noreply.\(host)>", approves: review.state == "APPROVED",
        text: review.body ?? "")
      if review.commentsCount ?? 1 > 0 {
        let comments: [Comment] = try api.get(
          "\(place)/pulls/\(pull.number)/reviews/\(review.id)/comments")
        for comment in comments {
          let line = comment.position ?? 0
          verdict.add(
            comment.path, line > 0 ? line : comment.originalPosition ?? 0, isOld: line == 0,
            comment.body)
        }
      }
      return verdict.pointing(to: pull.htmlUrl)
    }
  }
}
