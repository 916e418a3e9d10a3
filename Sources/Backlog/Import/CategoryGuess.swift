/// Guesses a category where a source has none: by what the title's verb acts on, never by what is delivered besides.
///
/// `Add pages with tests and docs` is no test and no documentation; `Write tests for the pages` is a test.
enum CategoryGuess {
  /// The category where nothing is known.
  private static let unsure = "backend"

  /// Nouns that name what is made. The order counts where a phrase has several.
  private static let nouns: [(category: String, words: Set<String>)] = [
    (
      "testing",
      ["test", "tests", "testing", "unittest", "unittests", "e2e", "qa", "fuzzing", "testsuite"]
    ),
    (
      "documentation",
      [
        "doc", "docs", "documentation", "readme", "guide", "guides", "tutorial", "tutorials",
        "docstring", "docstrings", "changelog", "typo", "typos", "manual", "faq", "walkthrough",
      ]
    ),
    (
      "frontend",
      [
        "ui", "ux", "page", "pages", "frontend", "component", "components", "css", "layout",
        "layouts", "dashboard", "dashboards", "screen", "screens", "form", "forms", "button",
        "buttons", "modal", "modals", "dialog", "dialogs", "menu", "menus", "navigation", "sidebar",
        "toast", "toasts", "dropdown", "tooltip", "widget", "widgets", "navbar", "stylesheet",
        "picker", "tab", "tabs",
      ]
    ),
    (
      "database",
      [
        "database", "databases", "db", "schema", "schemas", "migration", "migrations", "sql",
        "postgres", "postgresql", "mysql", "sqlite",
      ]
    ),
    (
      "infrastructure",
      [
        "docker", "dockerfile", "kubernetes", "k8s", "helm", "terraform", "ci", "cd", "deploy",
        "deployment", "deployments", "devops", "infrastructure", "scaffolding", "scaffold",
        "monitoring", "nix", "cron", "container", "containers", "containerization", "boilerplate",
      ]
    ),
  ]

  /// Words of one category only beside another word.
  private static let pairs: [(category: String, word: String, besides: Set<String>)] = [
    ("testing", "coverage", ["test", "code", "line", "branch", "raise", "increase", "improve"]),
    ("documentation", "notes", ["release"]),
    ("documentation", "comments", ["code", "doc"]),
    ("infrastructure", "pipeline", ["build", "release", "deploy", "ci", "cd", "deployment"]),
    ("infrastructure", "workflow", ["github", "ci", "release"]),
    ("infrastructure", "automation", ["release", "build", "deployment"]),
    ("infrastructure", "image", ["docker"]),
    ("infrastructure", "repository", ["setup", "initialize", "project"]),
    ("infrastructure", "environment", ["setup", "development", "dev", "staging", "production"]),
    ("infrastructure", "project", ["setup", "initialize", "bootstrap", "scaffold"]),
    ("infrastructure", "setup", ["project", "environment", "repository", "development", "dev"]),
  ]

  /// Verbs that say the category by themselves.
  private static let verbs: [String: String] = [
    "test": "testing", "document": "documentation", "deploy": "infrastructure",
    "dockerize": "infrastructure", "containerize": "infrastructure",
    "provision": "infrastructure", "bump": "infrastructure",
  ]
  /// Prefixes of conventional commits.
  private static let kinds: [String: String] = [
    "test": "testing", "tests": "testing", "docs": "documentation", "doc": "documentation",
    "ci": "infrastructure", "build": "infrastructure", "ui": "frontend", "frontend": "frontend",
    "page": "frontend", "db": "database",
  ]
  /// Nouns of action behind what is acted on: `Testing Suite Implementation`.
  private static let actions: Set<String> = [
    "implementation", "integration", "development", "creation", "design", "management", "overhaul",
    "improvements", "improvement", "update", "updates", "refresh", "cleanup", "support", "handling",
  ]
  /// Words at which the phrase that a verb acts on ends.
  private static let ends: Set<String> = [
    "with", "for", "in", "to", "of", "on", "by", "from", "via", "using", "into", "when", "that",
    "which", "so", "after", "before", "as", "without", "including", "at", "per", "over", "through",
    "across", "is", "are", "does", "not", "if", "where", "while", "under", "between", "during",
    "and",
    "or", "plus", "based", "until", "despite", "around", "about", "against",
  ]
  /// Nouns that make of `test` and `docs` in front of them something of their own kind.
  private static let holders: Set<String> = [
    "suite", "suites", "case", "cases", "plan", "plans", "harness", "matrix", "fixtures",
    "framework", "infrastructure", "failures", "data", "scripts", "runs", "page", "pages", "site",
    "section", "sections", "count", "counts", "string", "strings", "website", "index",
  ]

  /// Guesses by the title; `backend` where it does not say.
  static func category(title: String) -> String {
    var text = title[...]
    // "[W1-T2] ", "Task #23: ", "feat(api): "
    while text.hasPrefix("["), let close = text.firstIndex(of: "]") {
      text = text[text.index(after: close)...].drop { $0 == " " || $0 == ":" }
    }
    if let colon = text.firstIndex(of: ":"), text[colon...].dropFirst().first == " " {
      let label = text[..<colon].lowercased().prefix { $0.isLetter }
      let isOne = !text[..<colon].contains(" ")
      if isOne, let kind = kinds[String(label)] { return kind }
      if isOne || text[..<colon].contains(where: \.isNumber) {
        text = text[colon...].dropFirst(2)
      }
    }
    guard let phrase = phrase(text) else { return unsure }
    if let first = phrase.first, let category = verbs[first], phrase.count > 1 { return category }
    return category(phrase) ?? unsure
  }

  /// The words of what is acted on, the verb with it; `nil` for none.
  private static func phrase(_ text: Substring) -> [String]? {
    var words: [String] = []
    var word = ""
    func take() -> Bool {
      defer { word = "" }
      guard !word.isEmpty else { return true }
      guard words.isEmpty || !ends.contains(word) else { return false }
      words.append(word)
      return true
    }
    scan: for character in text.lowercased() {
      switch character {
      case let part where part.isLetter || part.isNumber: word.append(part)
      // "CI/CD", "multi-stage", "don't"
      case "&":
        _ = take()
        if !words.isEmpty { break scan }
      case "/", "-", "_", " ", ".", "'", "’", "`", "\"", "+":
        if !take() { break scan }
      default:
        let isMore = take()
        if !isMore || words.count > 1 { break scan }
      }
    }
    _ = take()
    if words.first == "set", words.dropFirst().first == "up" {
      words.replaceSubrange(0...1, with: ["setup"])
    }
    if words.count > 1, words.last == "md" { words.removeLast() }
    while words.count > 1, let last = words.last, actions.contains(last) { words.removeLast() }
    return words.isEmpty ? nil : words
  }

  /// Looks from the head noun, the last word, to the front.
  private static func category(_ phrase: [String]) -> String? {
    for pair in pairs where phrase.contains(pair.word) {
      if phrase.contains(where: { pair.besides.contains($0) && $0 != pair.word }) {
        return pair.category
      }
    }
    for (place, word) in phrase.enumerated().reversed() {
      guard let found = nouns.first(where: { $0.words.contains(word) })?.category else { continue }
      let isHead = place == phrase.count - 1
      // "test runner", "document editor" are something else; "test suite" is not.
      if word == "form" && !isHead { continue }
      if found == "testing" || found == "documentation", !isHead,
        !holders.contains(phrase[place + 1])
      {
        continue
      }
      return found
    }
    return nil
  }

  /// Goes by labels that name a category, then by the title.
  static func category(labels: [String], title: String) -> String {
    let names = [
      "frontend": "frontend", "ui": "frontend", "ux": "frontend", "backend": "backend",
      "api": "backend", "database": "database", "db": "database", "testing": "testing",
      "tests": "testing", "test": "testing", "documentation": "documentation",
      "docs": "documentation", "infrastructure": "infrastructure", "infra": "infrastructure",
      "ci": "infrastructure", "devops": "infrastructure",
    ]
    for label in labels {
      if label.lowercased().hasPrefix("category:") {
        return label.dropFirst("category:".count).description.trimmed
      }
      for word in label.lowercased().split(whereSeparator: { !$0.isLetter }) {
        if let name = names[String(word)] { return name }
      }
    }
    return category(title: title)
  }

  /// The category that a heading names; `nil` where it names none.
  static func category(heading: String) -> String? {
    let found = category(labels: [heading], title: heading)
    if heading.lowercased().hasPrefix("category:") { return found }
    if found != unsure { return found }
    let words = heading.lowercased().split { !$0.isLetter }
    return words.contains { ["backend", "api", "server"].contains($0) } ? found : nil
  }
}
