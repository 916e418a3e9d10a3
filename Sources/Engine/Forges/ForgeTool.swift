import Store

/// The program of a forge (`gh`, `glab`, `tea`), as far as reviews need it.
///
/// All three hand requests to their forge's own interface (`gh api`, `glab api`, `tea api`): that is the one
/// output of theirs that is made for programs, and they know who the person is.
protocol ForgeTool {
  /// Opens a pull request where there is none yet, and returns its address.
  func open(_ request: ForgeRequest) throws -> String
  /// Returns the verdicts that were given on a commit of a branch's pull request: of each person who may
  /// give one there, the last.
  func verdicts(_ branch: String, on commit: String) throws -> [ForgeVerdict]
}

/// The contents of a new pull request.
struct ForgeRequest {
  /// Short names, without `refs/heads/`.
  var branch: String
  var target: String
  /// One line.
  var title: String
  /// Markdown.
  var body: String
}

/// A verdict that was given on a forge.
struct ForgeVerdict: Equatable {
  /// `name <address>`
  var person: String
  var approves: Bool
  var text: String
  var comments: [ReviewComment] = []

  /// Adds a comment at a line; those on the old side of the diff can only be told in the text.
  mutating func add(_ path: String, _ line: Int, isOld: Bool = false, _ words: String) {
    guard isOld else {
      return comments.append(ReviewComment(path: path, line: line, text: words))
    }
    text += (text.isEmpty ? "" : "\n\n") + "\(path):\(line) as it was before:\n\(words)"
  }

  /// Says where to look where the verdict itself says nothing.
  func pointing(to page: String) -> ForgeVerdict {
    guard text.allSatisfy(\.isWhitespace), comments.isEmpty else { return self }
    var verdict = self
    verdict.text = "See the comments at \(page)"
    return verdict
  }

  /// Names that accounts can have; others would not be fit for a trailer.
  static func isName(_ login: String) -> Bool {
    !login.isEmpty
      && login.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
      }
  }
}

/// The last of what each person has given, in the order in which they first gave something.
struct LastOfEach<Value> {
  private(set) var names: [String] = []
  private var values: [String: Value] = [:]

  /// Names that no account can have are left out.
  mutating func take(_ name: String?, _ value: Value) {
    guard let name, ForgeVerdict.isName(name) else { return }
    if values[name] == nil { names.append(name) }
    values[name] = value
  }

  subscript(name: String) -> Value? { values[name] }
}

extension ForgeRequest {
  init(_ feature: FeatureRecord, branch: String, target: String) {
    var body = feature.description
    if !feature.steps.isEmpty {
      body += "\n\nIt is done when\n" + feature.steps.map { "- \($0)\n" }.joined()
    }
    self.init(
      branch: branch, target: target, title: "#\(feature.id) \(feature.shortTitle)", body: body)
  }
}
