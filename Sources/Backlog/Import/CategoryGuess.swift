/// Guesses a category where a source has none.
enum CategoryGuess {
  private static let words: [(category: String, words: Set<String>)] = [
    ("testing", ["test", "tests", "testing", "coverage", "e2e", "qa"]),
    ("documentation", ["doc", "docs", "documentation", "document", "readme", "guide", "tutorial"]),
    (
      "database",
      [
        "database", "databases", "schema", "schemas", "migration", "migrations", "sql", "postgres",
        "sqlite",
      ]
    ),
    (
      "frontend",
      [
        "ui", "page", "pages", "frontend", "component", "components", "css", "layout", "dashboard",
        "screen", "form", "forms",
      ]
    ),
    (
      "infrastructure",
      [
        "docker", "ci", "cd", "deploy", "deployment", "setup", "pipeline", "infrastructure",
        "scaffolding", "configuration", "environment", "monitoring",
      ]
    ),
  ]

  /// Goes by whole words of the title; `backend` where none fits.
  static func category(title: String) -> String {
    let found = Set(
      title.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init))
    return words.first { !$0.words.isDisjoint(with: found) }?.category ?? "backend"
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
    if found != "backend" { return found }
    let words = heading.lowercased().split { !$0.isLetter }
    return words.contains { ["backend", "api", "server"].contains($0) } ? found : nil
  }
}
