import Testing

@testable import MCP

@Suite struct JSONReaderTests {
  @Test(
    arguments: [
      ("null", JSON.null), (" true ", true), ("[]", JSON.array([])), ("{}", JSON.object([])),
      ("0", 0), ("-0", 0),
      ("-12", -12), ("1.5", 1.5), ("1e2", 100.0), ("9223372036854775807", JSON.integer(Int64.max)),
      ("9223372036854775808", JSON.number(9_223_372_036_854_775_808)), ("\"\"", ""),
      ("\"\\u0041\\n\\/\"", "A\n/"), ("\"\\ud83d\\ude00\"", "😀"), ("\"ä\"", "ä"),
      ("[1, [2], {\"a\": null}]", [1, [2], ["a": nil]]),
      ("\r\n\t {\"a\" : 1 , \"b\":\"x\"}\n", ["a": 1, "b": "x"]),
    ] as [(String, JSON)])
  func reads(_ text: String, _ value: JSON) throws {
    #expect(try JSONReader.read(text) == value)
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "01", "1.", ".5", "-", "+1",
    "1e",
    "NaN", "Infinity", "1e999", "nul", "tru", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"",
    "\"\\ude00\"", "\"\\ud83dx\"", "\"a\nb\"", "1 2", "[1] x", "'a'", "{\"a\":1,\"a\":2}",
    "\u{feff}1",
    "[1 2]", "{\"a\":}", "{,}", "\"\\ud83d\\u0041\"",
  ])
  func refuses(_ text: String) {
    #expect(throws: JSONError.self) { try JSONReader.read(text) }
  }

  @Test func refusesTextThatIsNoUTF8() {
    #expect(throws: JSONError.self) { try JSONReader.read([0x22, 0xff, 0x22]) }
    #expect(throws: JSONError.self) { try JSONReader.read([0x22, 0xc0, 0xaf, 0x22]) }
    #expect(throws: JSONError.self) { try JSONReader.read([0xff]) }
  }

  @Test func refusesWhatIsTooDeep() throws {
    let fits = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(throws: Never.self) { try JSONReader.read(fits) }
    #expect(throws: JSONError.self) { try JSONReader.read("[" + fits + "]") }
    #expect(throws: JSONError.self) {
      try JSONReader.read(String(repeating: "{\"a\":", count: 1_000_000))
    }
  }

  @Test func writesWhatItReads() throws {
    let value: JSON = [
      "text": "\"\\\u{1}\u{7f}\n\r\t😀", "list": [1, -2.5, true, false, nil], "empty": ["a": [:]],
    ]
    #expect(try JSONReader.read(value.bytes) == value)
    #expect(!value.text.contains("\n"))
  }
}
