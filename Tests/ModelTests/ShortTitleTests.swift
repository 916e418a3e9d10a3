import TestSupport
import Testing

@testable import Model

@Suite(.bounded) struct ShortTitleTests {
  @Test(arguments: [
    ("User Authentication", "User Authentication"), ("", ""), ("  a \n\t b  ", "a b"),
    (String(repeating: "x", count: 60), String(repeating: "x", count: 60)),
    (String(repeating: "x", count: 61), String(repeating: "x", count: 59) + "…"),
    (
      "Add the login page: it has a form with a name and a password, and a link for who forgot it",
      "Add the login page"
    ),
    (
      "Reject trailing commas (as the standard says), with a test for each place that is affected",
      "Reject trailing commas"
    ),
    (
      "v1.2: make the reader of the settings file tell the line of each mistake that it finds there",
      "v1.2: make the reader of the settings file tell the line…"
    ),
    (
      "Sort by e.g. the name of whoever wrote the entry that stands at the top of the whole list",
      "Sort by e.g. the name of whoever wrote the entry that…"
    ),
    (
      "Make the well-known parser accept half-open ranges wherever it takes closed ones today too",
      "Make the well-known parser accept half-open ranges…"
    ),
    (String(repeating: "界", count: 70), String(repeating: "界", count: 59) + "…"),
    ("ユーザーがログインできるようにする画面を作る。" + String(repeating: "説", count: 60), "ユーザーがログインできるようにする画面を作る"),
  ])
  func titles(title: String, expected: String) {
    #expect(ShortTitle.of(title) == expected)
  }

  /// Whatever stands in it: one line, short, and nothing but a part of it.
  @Test(arguments: [
    String(repeating: "word ", count: 100_000), String(repeating: "x", count: 1_000_000),
    "e" + String(repeating: "\u{301}", count: 10_000), String(repeating: "\n", count: 10_000) + "a",
    String(repeating: "👨‍👩‍👧‍👦", count: 500), String(repeating: ", ", count: 500), "\u{202e}\u{1b}[31m",
    String(repeating: "- ", count: 200), "a" + String(repeating: ".", count: 200),
  ])
  func oddOnes(title: String) {
    let short = ShortTitle.of(title)
    #expect(short.count <= ShortTitle.length + 1 && short.utf8.count <= 4 * ShortTitle.length + 3)
    #expect(!short.contains { $0.isNewline })
    #expect(ShortTitle.of(short).utf8.count <= short.utf8.count)
  }
}
