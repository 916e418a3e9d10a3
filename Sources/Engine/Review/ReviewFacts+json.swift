import Model
import Store

extension ReviewFacts {
  /// The branch's name without `refs/heads/`.
  package var branchName: String? { feature.branch.map(BranchName.short) }

  /// The gate's verdict on the tree that would land as one word, for tables and JSON; `nil` where none is known.
  package var gateWord: String? {
    switch forecast {
    case nil, .noGate, .notAsked, .impossible: nil
    case .conflicts: "conflicts"
    case .gate(let passed, _, _): passed ? "passed" : "failed"
    }
  }

  /// As `review --json` gives it; the long form with a diff.
  package func json(diff: String? = nil, logTail: [String]? = nil) -> JSON {
    var members: [(String, JSON)] = [
      ("feature", .string(feature.id)), ("title", .string(feature.title)),
      ("branch", .text(branchName)), ("state", .string(feature.state.rawValue)),
      ("files", .whole(files.count)), ("additions", .whole(additions)),
      ("deletions", .whole(deletions)), ("gate", .text(gateWord)),
      ("address", .text(address)), ("tip", .text(state?.tip)), ("base", .text(state?.base)),
      ("required", .bool(isRequired)),
      ("approvals", .texts(approvals.map(\.person))), ("approvals_needed", .whole(neededApprovals)),
      ("gate_files", .texts(files.filter(\.isGate).map(\.path))),
      ("gate_products", .texts(files.filter(\.isProduct).map(\.path))),
    ]
    guard let diff else { return .object(members) }
    members += [
      ("category", .string(feature.category)), ("description", .string(feature.description)),
      ("steps", .texts(feature.steps)), ("claims", .texts(claims)),
      (
        "changes",
        .array(
          files.map {
            .object([
              ("path", .string($0.path)), ("additions", $0.additions.map { .whole($0) } ?? .null),
              ("deletions", $0.deletions.map { .whole($0) } ?? .null),
              ("is_gate", .bool($0.isGate)),
            ])
          })
      ),
      (
        "commits",
        .array(
          commits.map {
            .object([
              ("id", .string($0.id.hex)), ("subject", .string($0.subject)),
              ("author", .string("\($0.author.name) <\($0.author.email)>")),
              ("by", .string($0.origin.word)),
              ("attempt", $0.origin.attempt.map { .whole($0) } ?? .null),
            ])
          })
      ),
      ("agent", .text(agent)), ("model", .text(model)), ("tier", .text(attempt?.tierName)),
      ("attempts", .whole(feature.attempts)), ("cost_usd", .number(costUSD)),
      ("seconds", .number(seconds)), ("depends_on", .texts(dependsOn.map(\.id))),
      ("waiting", .texts(waiting.map(\.id))), ("log_tail", .texts(logTail ?? [])),
      (
        "verdicts",
        .array(
          verdicts.map { verdict in
            .object([
              ("verdict", .string(verdict.verdict.rawValue)), ("person", .string(verdict.person)),
              ("tip", .string(verdict.tip)), ("time", .time(verdict.at)),
              ("text", .string(verdict.text)),
              (
                "comments",
                .array(
                  verdict.comments.map {
                    .object([
                      ("path", .string($0.path)), ("line", .whole($0.line)),
                      ("text", .string($0.text)),
                    ])
                  })
              ),
            ])
          })
      ), ("diff", .string(diff)),
    ]
    return .object(members)
  }
}

extension ReviewCommit.Origin {
  package var word: String {
    switch self {
    case .attempt: "agent"
    case .person: "person"
    case .sync: "sync"
    }
  }

  package var attempt: Int? {
    if case .attempt(let number) = self { return number }
    return nil
  }
}
