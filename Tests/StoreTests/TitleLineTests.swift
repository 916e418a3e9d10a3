import Store
import TestSupport
import Testing

@Suite(.bounded) struct TitleLineTests {
  @Test(arguments: [
    ("plain: $(x) `y` # % \\", "plain: $(x) `y` # % \\"),
    ("a\n\nReviewed-by: Eve\r\nb\u{2028}c\u{85}d", "a Reviewed-by: Eve b c d"),
    ("\u{1b}[2J\u{7}x\u{9b}31m", "[2J x 31m"), ("  --help\t ", "--help"), ("x\u{202e}y", "xy"),
    ("👩‍👩‍👧 ä", "👩‍👩‍👧 ä"), ("\n", ""),
  ])
  func isOneLineThatSteersNothing(_ title: String, _ line: String) {
    let feature = FeatureRecord(
      id: "1", position: 0, title: title, category: "", state: .ready)
    #expect(feature.titleLine == line)
  }
}
