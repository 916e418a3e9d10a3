import Model
import TestSupport
import Testing

@testable import Planning

/// What texts say of other features, in the forms that people write.
@Suite(.bounded) struct ExplicitReferencesTests {
  private static let titles = [
    "Login page", "Reject trailing commas", "Session store", "Export to CSV", "Two-factor codes",
  ]

  /// Reads a text as the body of a further feature, 9; the needs as `child>parent`.
  private static func needs(
    _ text: String, title: String = "Something else", ids: [String] = ["1", "2", "3", "4", "5"],
    steps: [String] = []
  ) -> [String] {
    var features = zip(ids, titles).map { Feature(id: $0, title: $1) }
    features.append(Feature(id: "9", title: title, description: text, steps: steps))
    return ExplicitReferences(features, stop: ["the", "a", "an", "of", "build", "to", "is"])
      .needs(features).map { "\(features[$0.child].id)>\(features[$0.parent].id)" }
  }

  @Test(arguments: [
    ("Depends on #3.", ["9>3"]), ("depends on: #3, #4 and #5", ["9>3", "9>4", "9>5"]),
    ("Blocked by #2", ["9>2"]), ("This is blocked on issue 4.", ["9>4"]),
    ("Uses the table of task 3.", ["9>3"]), ("Built on tasks 3, 4 and 5.", ["9>3", "9>4", "9>5"]),
    ("After the login page, show a notice.", ["9>1"]),
    ("Show a notice (after \"Reject trailing commas\")", ["9>2"]),
    ("Once the session store is there, keep it.", ["9>3"]),
    ("Requires the two-factor codes.", ["9>5"]),
    ("needs the login page and the session store", ["9>1", "9>3"]),
    ("Can't be built before #3.", ["9>3"]), ("It must not start until #4 has landed.", ["9>4"]),
    ("The parser (#2) is extended.", ["9>2"]), ("Depends on GH-4", ["9>4"]),
    ("Blocks #4.", ["4>9"]), ("Needed by #2 and #3", ["2>9", "3>9"]),
    ("To land before #5.", ["5>9"]),
    ("Depends on https://github.com/o/r/issues/3.", ["9>3"]),
    ("See #1. Depends on #2.", ["9>2"]), ("Like #1, but after #2", ["9>2"]),
    ("## Depends on\n- #3\n- [ ] #4\n\n## Notes\n- nothing", ["9>3", "9>4"]),
    ("**Blocked by:**\n\n* Login page\n* the session store", ["9>1", "9>3"]),
  ])
  func isNeeded(_ text: String, _ wanted: [String]) {
    #expect(Self.needs(text) == wanted)
  }

  @Test(arguments: [
    "see #3", "See also #3 and #4", "like #3", "similar to #3", "A duplicate of #3.",
    "Duplicates task 3",
    "related to #3", "Part of #3", "same as in #3", "fixes #3", "closes #3", "introduced in #3",
    "It does not depend on #3.", "no longer blocked by #3", "independent of #3",
    "<!-- depends on #3 -->", "<!-- depends on #3", "```\ndepends on #3\n```",
    "~~~yaml\nafter: #3\n~~~",
    "run `git log #3`", "`depends on #3`", "o/r#3", "PR #3", "step 3", "phase 3", "3 of them",
    "version 3",
    "&#3;", "https://github.com/o/r/issues/3", "after the user has signed in", "needs a page",
    "after login", "requires care", "it follows the login page in the list", "on the login page",
    "after midnight", "a step after using trailing commas", "#7", "depends on #9",
    "_ __ ___ a_ _b . ./ -- #", "|---|:-:|", "color #333",
  ])
  func isNotNeeded(_ text: String) {
    #expect(Self.needs(text) == [])
  }

  @Test func ofSeveralTrackersOnlyTheOneMostNamedCounts() {
    let here = "https://github.com/o/r/issues/"
    #expect(
      Self.needs(
        "Depends on \(here)3.\nBlocked by \(here)4.\nNeeds https://github.com/x/y/issues/5.")
        == ["9>3", "9>4"])
  }

  @Test func idsThatAreWordsCountWhereANeedIsSaid() {
    let ids = ["login", "commas", "app-3", "csv", "codes"]
    #expect(Self.needs("The login has csv codes.", ids: ids) == [])
    #expect(Self.needs("Depends on login.", ids: ids) == ["9>login"])
    #expect(Self.needs("Works with app-3, once app-3 is there.", ids: ids) == ["9>app-3"])
    #expect(Self.needs("Works with app-3", ids: ids) == [])
  }

  @Test func aTitlesOwnNumberIsNoReferenceAndStepsAreRead() {
    #expect(Self.needs("", title: "#3: Allow urls") == [])
    #expect(Self.needs("", title: "Allow urls (after #3)") == ["9>3"])
    #expect(Self.needs("", steps: ["Look", "Wait for #2"]) == ["9>2"])
  }

  @Test func namesThatFitTwoFeaturesNameNone() {
    let features = [
      Feature(id: "1", title: "Design the login page"),
      Feature(id: "2", title: "Test the login page"),
      Feature(id: "3", title: "Notice", description: "After the login page."),
    ]
    #expect(ExplicitReferences(features, stop: ["the"]).needs(features).isEmpty)
  }
}
