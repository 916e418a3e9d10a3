import Foundation
import TestSupport
import Testing

/// Nothing is decided by text that a person reads: facts have types and columns.
@Suite(.bounded) struct OwnWordsTests {
  /// Where text is compared all the same, by the file and a piece of the line, with the reason.
  private static let allowed: [(file: String, piece: String, reason: String)] = [
    // Words and formats of others.
    ("Git/Repository+Soundness.swift", "", "git's output and objects"),
    ("Git/Filling/CheckoutSettings.swift", "command line:", "git's output"),
    ("Git/Trailers.swift", "", "git's trailers"),
    ("GitFormats/CommitHeader.swift", "", "git's commits"),
    ("Engine/Landing/Review/ReviewDigest.swift", "", "git's patches"),
    ("lanekeeper/ReviewText.swift", "diff ", "git's patches"),
    ("Engine/Landing/Follow/Follow+Prepare.swift", "fatal: ", "git's output"),
    ("Engine/Landing/Target/RemoteTarget.swift", "remote: ", "git's output"),
    ("Engine/Project/Project+Target.swift", "for-each-ref", "git's arguments"),
    ("Engine/Replay/ReplayHistory.swift", "Merge pull request", "a forge's commit message"),
    ("Engine/Forges/GitLabTool.swift", "", "a forge's answer"),
    ("Backlog/Import/", "", "formats of other programs"),
    ("Engine/Attempts/OOMKills.swift", "oom_kill ", "the kernel's report"),
    ("lanekeeper/MakeTargets.swift", "lanekeeper-make-", "a Makefile"),
    ("Web/RequestChecks.swift", "http://", "a header of HTTP"),
    // Formats of its own that are no sentences.
    ("Processes/Guard/GuardedProcess.swift", "memory ", "the guard's report, a line each"),
    ("Engine/Lanes/Filling/Provision.swift", "copy ", "a stored list, a line each"),
    ("Engine/Landing/Follow/", "lanekeeper landing ", "the mark in a lock file of git's"),
    // State files of earlier programs.
    ("Store/Schema.swift", "", "migrations read what earlier programs had as text alone"),
    // Text is compared with text to leave a repetition out of a prompt.
    ("Engine/Attempts/AttemptRunner.swift", "rework?.hasSuffix(words)", "the review is told once"),
    (
      "Engine/Attempts/Prompt/PastAttempt.swift", "known.contains(last)",
      "an agent's words are told once"
    ),
    ("Engine/Replay/ReplayOutcome.swift", "; see ", "a log's place is left out of a report"),
  ]

  /// Whether a line has one of some texts: a quick look before a slow one.
  private static func has(_ line: String, _ texts: [String]) -> Bool {
    texts.contains { line.utf8.firstRange(of: $0.utf8) != nil }
  }

  /// A comparison with a literal of several words, also in SQL.
  private static func comparesWords(_ line: String) -> Bool {
    let isSuspect =
      has(line, ["\"", "'"])
      && has(
        line, ["Prefix", "Suffix", "contains", "(with", "(of", "(separat", "= ", "case ", "LIKE"])
    guard isSuspect else { return false }
    // Two words, or a word at a space: `met `, `cut off%`, `conflicts with `.
    let literals =
      /(?:hasPrefix|hasSuffix|contains|starts\(with: |range\(of: |firstRange\(of: |ranges\(of: |components\(separatedBy: |split\(separator: |(?:==|!=) |\bcase |LIKE )\(?(?:"|')(?<text>[^"']*)(?:"|')/
      .wordBoundaryKind(.simple)
    return line.matches(of: literals).contains {
      $0.text.contains(/[a-z]{2,}[:,;]? |[;,:] [a-z]{2,}/) && !$0.text.hasPrefix("ref")
        && !$0.text.hasPrefix("gitdir")
    }
  }

  /// A comparison of a text that has the name of words for people.
  private static func comparesText(_ line: String) -> Bool {
    let names = [
      "detail", "rework", "advice", "hint", "sentence", "lastWords", "waitingFor", ".words",
    ]
    guard has(line, names), has(line, ["Prefix", "Suffix", "contains", "== ", "!= "]) else {
      return false
    }
    let named =
      /\b(?:detail|rework|advice|hint|sentence|lastWords|waitingFor)[?!]?\.(?:hasPrefix|hasSuffix|contains\(["a-z])|\b(?:detail|rework|advice|hint|sentence|lastWords|waitingFor) (?:==|!=) (?!nil|"")|(?:==|!=) [A-Za-z.]*(?:\([a-z0-9]*\))?\.(?:words|detail|rework|lastWords|waitingFor)\b/
      .wordBoundaryKind(.simple)
    return line.contains(named)
  }

  @Test func nothingIsDecidedByWords() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources").standardizedFileURL
    var found: [String] = []
    let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
    for case let file as URL in files! where file.pathExtension == "swift" {
      let path = String(file.path.dropFirst(sources.path.count + 1))
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let text = String(line)
        guard !text.drop(while: { $0 == " " }).hasPrefix("//"),
          Self.comparesWords(text) || Self.comparesText(text)
        else { continue }
        let isAllowed = Self.allowed.contains {
          path.hasPrefix($0.file) && ($0.piece.isEmpty || text.contains($0.piece))
        }
        if !isAllowed { found.append("\(path): \(text.trimmingCharacters(in: .whitespaces))") }
      }
    }
    #expect(found == [], "give it a type or a column")
  }

  @Test(arguments: [
    #"if text.hasPrefix("conflicts with ") {"#, #"case "cut off before it began": true"#,
    #"guard attempt.detail == "handed back" else {"#, #"if ending == Ending.exited(0).words {"#,
    "WHERE detail LIKE 'met %'", #"if feature.rework?.hasSuffix(other) == true {"#,
    #"return a.detail == b.detail"#,
  ]) func aComparisonIsFound(line: String) {
    #expect(Self.comparesWords(line) || Self.comparesText(line))
  }

  @Test(arguments: [
    #"if line.hasPrefix("ref: ") {"#, #"if path.hasSuffix(".txt") {"#, #"guard detail != nil"#,
    #"case "run": true"#, #"if detail == "" {"#,
  ]) func othersAreNot(line: String) {
    #expect(!Self.comparesWords(line) && !Self.comparesText(line))
  }
}
