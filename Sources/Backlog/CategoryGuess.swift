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
}
