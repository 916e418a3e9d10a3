import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

@Suite(.bounded) struct ForgeTests {
  private func shop(remote: String, at place: TestRepository) throws -> Workshop {
    let shop = try Workshop(
      features: "features:\n  - {id: 1, title: \"--One $(touch pwned)\", steps: [a, b]}\n",
      agent: "echo $LANEKEEPER_ATTEMPT >> f$id.txt; cp \"$LANEKEEPER_PROMPT_FILE\" ../../prompt",
      configuration: "review: {required: true, push: origin}")
    try shop.repository.git("remote", "add", "origin", remote)
    try shop.repository.git("push", "-q", "origin", "main")
    return shop
  }

  private func branches(_ bare: TestRepository) throws -> String {
    try bare.git("for-each-ref", "--format=%(refname:short)", "refs/heads/lane")
  }

  /// Without `gh`, which a machine of the tests may have.
  private func withoutTools(_ shop: Workshop) -> Workshop {
    var shop = shop
    shop.environment["PATH"] = "/usr/bin:/bin"
    return shop
  }

  @Test func aBranchIsPushedToARepositoryByPath() async throws {
    let bare = try TestRepository(bare: true)
    let shop = withoutTools(try shop(remote: bare.path, at: bare))
    let run = try await shop.run()
    #expect(run.status == 75)
    #expect(run.text.contains("feature #1 waits for a review: lane/1-"), "\(run.text)")
    let name = try branches(bare)
    #expect(name.hasPrefix("lane/1-"))
    #expect(
      try bare.git("rev-parse", name) == shop.repository.git("rev-parse", name))
    // The next attempt replaces what stands there.
    try shop.requestChanges("1", "again")
    #expect(try await shop.run().status == 75)
    #expect(
      try bare.git("rev-parse", name) == shop.repository.git("rev-parse", name))
    #expect(try shop.look("1").address?.hasPrefix("lane/1-") == true)
    try shop.approve("1")
    #expect(try await shop.land().status == 0)
  }

  @Test func aRemoteThatCantBeReachedKeepsNobodyFromReviewing() async throws {
    let bare = try TestRepository(bare: true)
    let shop = withoutTools(try shop(remote: bare.path, at: bare))
    try shop.repository.git("remote", "set-url", "origin", bare.path + "-gone")
    let run = try await shop.run()
    #expect(run.status == 75)
    #expect(run.text.contains("could not be pushed to origin"), "\(run.text)")
    #expect(try shop.exchange() == "", "it is told once")
    try shop.approve("1")
    #expect(try await shop.land().status == 0)
    #expect(try shop.landed() == ["1"])
  }

  @Test func aBranchIsPushedThroughGitDaemon() async throws {
    let bare = try TestRepository(bare: true)
    let port = 20_000 + Int.random(in: 0..<20_000)
    let daemon = try RunningProgram(
      [
        // The program itself: `git daemon` would only wait for it.
        try bare.git("--exec-path") + "/git-daemon", "--reuseaddr", "--listen=127.0.0.1",
        "--port=\(port)", "--export-all",
        "--enable=receive-pack", "--base-path=\(bare.root.path)", bare.root.path,
      ], directory: bare.root.path, environment: bare.environment,
      output: bare.root.path("daemon.log"))
    defer {
      daemon.signal(SIGKILL)
      daemon.wait()
    }
    let remote = "git://127.0.0.1:\(port)/repo"
    #expect(
      try await eventually {
        try bare.runGit(["ls-remote", remote]).status == 0
      })
    let shop = withoutTools(try shop(remote: remote, at: bare))
    #expect(try await shop.run().status == 75)
    #expect(try branches(bare).hasPrefix("lane/1-"))
  }

  /// Plays the program of a forge: takes the command lines that the real one takes and no others, keeps what it
  /// was given, and answers with what the test has put down for the endpoint.
  private static let program = #"""
    #!/bin/sh
    here=$(dirname "$0") name=$(basename "$0")
    { printf '%s' "$name"; printf ' <%s>' "$@"; echo; } >> "$here/log"
    fail() { echo "$name: $*" >&2; exit 2; }
    case "$name $1 $2 $3" in
    "tea logins list --output")
      [ "$4" = json ] || fail "unknown format $4"
      cat "$here/logins" 2>/dev/null || echo '[]'; exit ;;
    "gh auth status --hostname"|"glab auth status --hostname")
      grep -qx "$4" "$here/hosts" 2>/dev/null || fail "not logged in to $4"; exit ;;
    esac
    [ "$1" = api ] || fail "unknown command $1"
    shift
    method=GET
    while [ $# -gt 1 ]; do
      case "$name $1" in
      "gh --hostname"|"glab --hostname") host=$2 ;;
      "tea --remote") [ "$2" = origin ] || fail "no remote $2" ;;
      "gh --method"|"glab --method"|"tea --method") method=$2 ;;
      "gh --input"|"glab --input") [ "$2" = - ] || fail "no file $2" ;;
      "glab --header") [ "$2" = "Content-Type: application/json" ] || fail "no header $2" ;;
      "tea --data") [ "$2" = @- ] || fail "no file $2" ;;
      *) fail "unknown flag: $1" ;;
      esac
      shift 2
    done
    case "$1" in -*) fail "unknown flag: $1" ;; esac
    file=$here/answers/$(printf %s "$method ${1%%\?*}" | tr ' /%' '___')
    [ "$method" = GET ] || cat > "$here/body"
    case "$1" in *page=[2-9]*) echo '[]'; exit ;; esac
    cat "$file" 2>/dev/null && exit
    echo '{"message":"404 Not found"}'
    [ "$name" = tea ] || fail "HTTP 404"

    """#

  /// By another process: one that a test beside this one starts may inherit a file that is open for writing
  /// here, and then nobody can start it.
  private func install(_ name: String, in shop: Workshop) throws {
    let root = shop.repository.root
    try root.write("bin/program", Self.program)
    let result = try TestProgram.run(
      ["install", "-m", "755", root.path("bin/program"), root.path("bin/" + name)], directory: "/",
      environment: shop.environment)
    #expect(result.status == 0)
  }

  struct Place: Sendable, CustomTestStringConvertible {
    var program: String
    var remote: String
    var testDescription: String { "\(program) for \(remote)" }
  }

  @Test(arguments: [
    Place(program: "gh", remote: "git@git.example.org:o/app.git"),
    Place(program: "glab", remote: "https://git.example.org/o/app"),
    Place(program: "tea", remote: "ssh://git@git.example.org:2222/o/app.git"),
  ])
  func aPullRequestIsOpenedAndItsVerdictsCount(_ place: Place) async throws {
    let bare = try TestRepository(bare: true)
    var shop = try shop(remote: bare.path, at: bare)
    // Looked at there, pushed here.
    try shop.repository.git("remote", "set-url", "origin", place.remote)
    try shop.repository.git("remote", "set-url", "--push", "origin", bare.path)
    let root = shop.repository.root
    try install(place.program, in: shop)
    try root.write("bin/hosts", "git.example.org\n")
    try root.write(
      "bin/logins", #"[{"name":"me","url":"https://git.example.org","default":"true"}]"#)
    shop.environment["PATH"] = root.path("bin") + ":/usr/bin:/bin"
    let forge = ForgeScript(program: place.program, place: root.path("bin/answers"))
    try forge.begin()

    let run = try await shop.run()
    #expect(
      run.text.contains("feature #1 waits for a review: \(forge.page)"), "\(run.text)")
    let body = try #require(
      try JSONSerialization.jsonObject(with: Data(root.read("bin/body").utf8)) as? [String: String])
    #expect(body["title"] == "#1 --One $(touch pwned)")
    #expect(body[place.program == "glab" ? "description" : "body"]?.contains("- a\n- b\n") == true)
    #expect(body[place.program == "glab" ? "source_branch" : "head"] == "lane/1-one-touch-pwned")
    #expect(body[place.program == "glab" ? "target_branch" : "base"] == "main")
    #expect(!root.exists("repo/pwned"))
    #expect(try shop.look("1").address == forge.page)
    let name = try branches(bare)
    func tip() throws -> String { try bare.git("rev-parse", name) }

    // Neither a verdict on another commit, nor one of somebody who has no say there.
    let other = try shop.repository.git("rev-parse", "main")
    try forge.say(tip: try tip(), verdicts: [.init(person: "ruth", approves: true, commit: other)])
    try shop.exchange()
    #expect(try shop.states()["1"] == "in_review")
    try forge.say(
      tip: try tip(),
      verdicts: [.init(person: "eve", approves: true, commit: try tip(), may: false)])
    try shop.exchange()
    #expect(try shop.states()["1"] == "in_review")

    try forge.say(
      tip: try tip(),
      verdicts: [
        .init(person: "ruth", approves: true, commit: try tip()),
        .init(
          person: "ruth", approves: false, commit: try tip(), text: "write it `twice`",
          comments: [
            ("f1.txt", 1, "--why $(touch pwned)?"), ("gone.txt", 7, "not there"),
            ("f1.txt", -3, "it was better before"),
          ]),
      ])
    let told = try shop.exchange()
    #expect(told.contains("ruth <"), "\(told)")
    #expect(try shop.states()["1"] == "ready")
    #expect(try await shop.run().status == 75)
    let prompt = try root.read("prompt")
    #expect(prompt.contains("write it `twice`"), "\(prompt)")
    #expect(prompt.contains("\nf1.txt:1:\n--why $(touch pwned)?\n"), "\(prompt)")
    #expect(prompt.contains("gone.txt:7:\nnot there"), "\(prompt)")
    #expect(prompt.contains("f1.txt:3 as it was before:\nit was better before"), "\(prompt)")
    #expect(try shop.states()["1"] == "in_review")

    try forge.say(
      tip: try tip(), verdicts: [.init(person: "ruth", approves: true, commit: try tip())])
    try shop.exchange()
    let log = try root.read("bin/log")
    #expect(try shop.states()["1"] == "queued", "\(log)")
    #expect(try await shop.land().status == 0)
    let reviewer = try shop.repository.git(
      "log", "-1", "--format=%(trailers:key=Reviewed-by,valueonly)", "main")
    #expect(reviewer.hasPrefix("ruth <ruth@"), "\(reviewer)")
    #expect(!root.exists("repo/pwned"))
    #expect(try root.read("bin/log").split(separator: "\n").allSatisfy { !$0.contains("unknown") })
  }

  @Test func whatTheForgeRefusesIsToldOnceAndTriedAgain() async throws {
    let bare = try TestRepository(bare: true)
    var shop = try shop(remote: bare.path, at: bare)
    try shop.repository.git("remote", "set-url", "origin", "https://codeberg.org/o/app.git")
    try shop.repository.git("remote", "set-url", "--push", "origin", bare.path)
    try install("tea", in: shop)
    shop.environment["PATH"] = shop.repository.root.path("bin") + ":/usr/bin:/bin"
    let run = try await shop.run()
    #expect(run.status == 75)
    #expect(
      run.text.contains("https://codeberg.org/o/app/compare/main...lane/1-one"), "\(run.text)")
    #expect(run.text.contains("no pull request: `tea api` was refused"), "\(run.text)")
    #expect(run.text.contains("404 Not found"))
    #expect(try shop.exchange() == "", "it is told once")
    let forge = ForgeScript(program: "tea", place: shop.repository.root.path("bin/answers"))
    try forge.begin()
    try shop.exchange()
    #expect(try shop.look("1").address == forge.page)
    try shop.approve("1")
    #expect(try await shop.land().status == 0)
  }
}

/// What a forge answers, in the shape of its own interface.
private struct ForgeScript {
  struct Verdict {
    var person: String
    var approves: Bool
    var commit: String
    var may = true
    var text = ""
    /// A line below 0 is one of the old file.
    var comments: [(path: String, line: Int, text: String)] = []
  }

  let program: String
  /// Where the answers stand.
  let place: String

  /// The address of the pull request.
  var page: String {
    switch program {
    case "gh": "https://github.com/o/app/pull/7"
    case "glab": "https://gitlab.example.com/o/app/-/merge_requests/7"
    default: "https://codeberg.org/o/app/pulls/7"
    }
  }

  private var requests: String {
    program == "glab" ? "projects/o%2Fapp/merge_requests" : "repos/o/app/pulls"
  }
  private func pull(_ tip: String) -> [String: Any] {
    switch program {
    case "gh": ["number": 7, "html_url": page]
    case "glab": ["iid": 7, "web_url": page, "sha": tip]
    default:
      ["number": 7, "html_url": page, "head": ["ref": "lane/1-one-touch-pwned", "sha": tip]]
    }
  }

  private func put(_ method: String, _ endpoint: String, _ value: Any) throws {
    let name = "\(method) \(endpoint)".map { " /%".contains($0) ? "_" : $0 }
    try JSONSerialization.data(withJSONObject: value).write(
      to: URL(fileURLWithPath: place + "/" + String(name)))
  }

  /// There is none yet, and one can be made.
  func begin() throws {
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    try put("GET", requests, [Any]())
    try put("POST", requests, pull(""))
  }

  /// The pull request is there, with verdicts in the order of their times.
  func say(tip: String, verdicts: [Verdict]) throws {
    try put("GET", requests, [pull(tip)])
    let numbered = verdicts.enumerated().map { ($0 + 1, $1) }
    func user(_ verdict: Verdict) -> [String: Any] {
      ["login": verdict.person, "username": verdict.person, "id": verdict.may ? 11 : 12]
    }
    func word(_ verdict: Verdict, _ changes: String) -> String {
      verdict.approves ? "APPROVED" : changes
    }
    switch program {
    case "gh":
      try put(
        "GET", "\(requests)/7/reviews",
        numbered.map { number, verdict in
          [
            "id": number, "user": user(verdict), "state": word(verdict, "CHANGES_REQUESTED"),
            "body": verdict.text, "commit_id": verdict.commit,
            "author_association": verdict.may ? "MEMBER" : "NONE",
          ] as [String: Any]
        })
      try put(
        "GET", "\(requests)/7/comments",
        verdicts.flatMap { verdict in
          verdict.comments.map { comment in
            [
              "user": user(verdict), "path": comment.path, "line": NSNull(),
              "original_line": abs(comment.line), "side": comment.line > 0 ? "RIGHT" : "LEFT",
              "body": comment.text,
              "original_commit_id": verdict.commit,
            ] as [String: Any]
          }
        })
    case "tea":
      try put(
        "GET", "\(requests)/7/reviews",
        numbered.map { number, verdict in
          [
            "id": number, "user": user(verdict), "state": word(verdict, "REQUEST_CHANGES"),
            "body": verdict.text, "commit_id": verdict.commit, "official": verdict.may,
            "comments_count": verdict.comments.count,
          ] as [String: Any]
        })
      for (number, verdict) in numbered {
        try put(
          "GET", "\(requests)/7/reviews/\(number)/comments",
          verdict.comments.map {
            [
              "path": $0.path, "position": max(0, $0.line), "original_position": max(0, -$0.line),
              "body": $0.text,
            ] as [String: Any]
          })
      }
    default:
      try put(
        "GET", "\(requests)/7/versions",
        [["head_commit_sha": tip, "created_at": "2026-11-25T10:00:00.000Z"]])
      try put("GET", "projects/o%2Fapp/members/all/11", ["access_level": 40])
      try put("GET", "projects/o%2Fapp/members/all/12", ["access_level": 20])
      var notes: [[String: Any]] = []
      for (number, verdict) in numbered {
        // One on an older commit was given before this one came.
        let time = "2026-11-25T\(verdict.commit == tip ? 11 : 9):0\(number):00.000+00:00"
        func note(_ body: String, _ more: [String: Any] = [:]) {
          notes.append(
            [
              "body": body, "author": user(verdict), "created_at": time, "system": false,
            ].merging(more) { $1 })
        }
        note(
          verdict.approves ? "approved this merge request" : "requested changes", ["system": true])
        if !verdict.text.isEmpty { note(verdict.text) }
        for comment in verdict.comments {
          note(
            comment.text,
            [
              "type": "DiffNote", "resolved": false,
              "position": [
                "head_sha": verdict.commit, "new_path": comment.path, "old_path": comment.path,
                "new_line": comment.line > 0 ? comment.line as Any : NSNull(),
                "old_line": comment.line < 0 ? -comment.line as Any : NSNull(),
              ] as [String: Any],
            ])
        }
      }
      try put("GET", "\(requests)/7/notes", notes)
    }
  }
}
