import Model
import TestSupport
import Testing

/// JSON text (RFC 8259) in and out.
@Suite(.bounded) struct JSONTests {
  @Test(
    arguments: [
      ("null", JSON.null), (" true ", true), ("[]", []), ("{}", [:]), ("0", 0), ("-12", -12),
      ("1.5", 1.5), ("9223372036854775807", JSON.integer(Int64.max)), ("\"\"", ""),
      ("\"\\u0041\\n\\/\"", "A\n/"), ("\"\\ud83d\\ude00\"", "😀"), ("\"ä\"", "ä"),
      ("\"\\b\\f\\r\\t\\\\\"", "\u{8}\u{c}\r\t\\"), ("\"\\uFFFF\"", "\u{ffff}"),
      ("[1, [2], {\"a\": null}]", [1, [2], ["a": nil]]), ("{\"\":[]}", ["": []]),
      ("\r\n\t {\"a\" : 1 , \"b\":\"x\"}\n", ["a": 1, "b": "x"]),
    ] as [(String, JSON)])
  func reads(_ text: String, _ value: JSON) throws {
    #expect(try JSON(reading: text) == value)
    #expect(try JSON(reading: text, by: .lenient) == value)
    #expect(try PlacedJSON(reading: Array(text.utf8)).value == value)
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\"}", "01", "-01", "1.",
    ".5", "-", "+1", "1e", "1e+", "0x1", "NaN", "Infinity", "-Infinity", "1e999", "nul", "tru",
    "True", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\", "\"a\nb\"", "\"\u{0}\"", "1 2",
    "[1] x", "'a'", "[1 2]", "{\"a\":}", "{,}", "[,]", "{1:2}", "]", "[}", "\"\\u{41}\"",
    "// x\n1", "1 /* x */", "\u{a0}1",
  ])
  func refuses(_ text: String) {
    #expect(throws: JSONError.self) { try JSON(reading: text) }
    #expect(throws: JSONError.self) { try JSON(reading: text, by: .lenient) }
  }

  @Test(
    arguments: [
      ("\"\\ud83d\"", "\u{fffd}"), ("\"\\ude00\"", "\u{fffd}"), ("\"\\ud83dx\"", "\u{fffd}x"),
      ("\"\\ud83d\\u0041\"", "\u{fffd}A"), ("\"\\ud83d\\ud83d\\ude00\"", "\u{fffd}😀"),
      ("\"\\ud83d\\n\"", "\u{fffd}\n"), ("{\"a\":1,\"b\":2,\"a\":3}", ["a": 3, "b": 2]),
      ("\u{feff}1", 1),
    ] as [(String, JSON)])
  func onlyFilesOfOtherProgramsMayHold(_ text: String, _ value: JSON) throws {
    #expect(throws: JSONError.self) { try JSON(reading: text) }
    #expect(try JSON(reading: text, by: .lenient) == value)
  }

  @Test(arguments: [
    [0x22, 0xff, 0x22], [0x22, 0xc0, 0xaf, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22],
  ])
  func bytesThatAreNoUTF8(_ bytes: [UInt8]) throws {
    #expect(throws: JSONError.self) { try JSON(reading: bytes) }
    let text = try #require(try JSON(reading: bytes, by: .lenient).string)
    #expect(!text.isEmpty && text.allSatisfy { $0 == "\u{fffd}" })
    #expect(throws: JSONError.self) { try JSON(reading: Array(bytes.dropFirst()), by: .lenient) }
  }

  @Test func refusesWhatIsTooDeep() throws {
    func lists(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try JSON(reading: lists(64)) }
    #expect(throws: JSONError.self) { try JSON(reading: lists(65)) }
    #expect(throws: Never.self) { try JSON(reading: lists(500), by: .lenient) }
    #expect(throws: JSONError.self) { try JSON(reading: lists(501), by: .lenient) }
    for text in ["[", "{\"a\":", "[{\"a\":["] {
      let deep = Array(String(repeating: text, count: 300_000).utf8)
      #expect(throws: JSONError.self) { try JSON(reading: deep) }
      #expect(throws: JSONError.self) { try JSON(reading: deep, by: .lenient) }
    }
  }

  @Test func manyMembersAreReadInTheirOrder() throws {
    let names = (0..<20_000).map { "n\($0)" }
    let text = "{" + names.map { "\"\($0)\":[]" }.joined(separator: ",") + "}"
    let value = try JSON(reading: text)
    #expect(value.members?.map(\.name) == names && value.text == text)
    #expect(throws: JSONError.self) { try JSON(reading: text.dropLast() + ",\"n7\":1}") }
  }

  @Test(arguments: [
    "-0", "0.0", "1e2", "1E+2", "0.10", "1.0", "123456789012345678901234567890",
    "9223372036854775808", "-9223372036854775808", "0.1000000000000000055511151231257827",
    "1e-400",
  ])
  func numbersKeepTheirDigits(_ text: String) throws {
    let value = try JSON(reading: text)
    #expect(value.text == text && value.word == text && value.number == Double(text))
  }

  @Test func wholeNumbersAreToldApart() throws {
    func whole(_ text: String) throws -> Int64? { try JSON(reading: text).integer }
    #expect(try whole("1.0") == 1 && whole("1e2") == 100 && whole("-0") == 0)
    #expect(try whole("1.5") == nil && whole("9223372036854775808") == nil)
    #expect(try whole("-9223372036854775808") == .min && whole("\"1\"") == nil)
    #expect(JSON.number(.nan) == .null && JSON.number(-.infinity) == .null)
    #expect(JSON.number(1).text == "1.0" && JSON.number(1).canonical.text == "1")
    #expect(JSON.number(0.1).canonical.text == "0.1")
  }

  @Test(
    arguments: [
      ("[1,x]", 3), ("{\"a\":tru}", 8), ("\"ab", 3), ("[1,2", 4), ("{} x", 3),
      ("{\"a\":1 \"b\"}", 7),
      ("\"\\q\"", 3), ("  ", 2),
    ])
  func anErrorTellsItsPlace(_ text: String, _ offset: Int) throws {
    let error = #expect(throws: JSONError.self) { try JSON(reading: text) }
    #expect(error?.offset == offset, "\(String(describing: error))")
  }

  @Test func valuesKnowTheirPlaces() throws {
    let text = "{\n  \"a\": [1,\n   {\"ü\": null, \"b\": \"x\"}]\n}"
    let bytes = Array(text.utf8)
    let root = try PlacedJSON(reading: bytes)
    let lines = LineStarts(bytes)
    func place(_ offset: Int?) -> [Int] {
      offset.map { lines.place(of: $0) }.map { [$0.line, $0.column] } ?? []
    }
    #expect(place(root.offset) == [1, 1] && place(root.members?[0].nameOffset) == [2, 3])
    let items = try #require(root["a"]?.array)
    #expect(place(items[0].offset) == [2, 9] && place(items[1].offset) == [3, 4])
    #expect(place(items[1]["b"]?.offset) == [3, 21] && items[1]["ü"] == nil)
    #expect(place(bytes.count) == [4, 2] && place(bytes.count + 5) == [4, 2])
    #expect(root.value["a"]?.array?[1] == ["ü": nil, "b": "x"])
  }

  @Test func writesOneLineOrSeveral() {
    let value: JSON = ["a": [1, [:], []], "b": ["c": "\u{7f}"]]
    #expect(value.text == #"{"a":[1,{},[]],"b":{"c":"\u007f"}}"#)
    #expect(
      value.lines == """
        {
          "a": [
            1,
            {},
            []
          ],
          "b": {
            "c": "\\u007f"
          }
        }

        """)
    #expect(JSON.sorted(["b": 1, "a": 2]).text == #"{"a":2,"b":1}"#)
  }

  @Test func aTerminalSeesNothingButText() {
    let text = "\u{1b}[1m\u{9b}\u{202e}\u{e0041}é\u{200d}\r"
    let written = JSON.string(text).text
    #expect(written == "\"\\u001b[1m\\u009b\\u202e\\udb40\\udc41é\u{200d}\\r\"")
    #expect(written.unicodeScalars.allSatisfy(TerminalSafeText.isHarmless))
    #expect(try! JSON(reading: written) == .string(text))
  }

  @Test func membersAreSetInPlace() {
    var value: JSON = ["a": 1, "b": 2]
    value.set("a", 3)
    value.set("c", nil)
    #expect(value.text == #"{"a":3,"b":2,"c":null}"# && value["c"] == .null && value["d"] == nil)
    #expect(JSON.strings(in: "[\"a\",\"b\"]") == ["a", "b"])
    for text in ["[\"a\",1]", "{}", "", nil] { #expect(JSON.strings(in: text).isEmpty) }
  }

  // MARK: random values

  @Test func whatIsWrittenReadsAsItself() throws {
    var random = SplitMix64(seed: 20_261_201)
    for _ in 0..<3_000 {
      let value = random.value(depth: 5)
      #expect(try JSON(reading: value.bytes) == value)
      #expect(try JSON(reading: value.lines) == value)
      #expect(try PlacedJSON(reading: value.bytes).value == value)
      #expect(
        !value.text.unicodeScalars.contains { !TerminalSafeText.isHarmless($0) || $0 == "\n" })
      #expect(value.canonical.canonical == value.canonical)
    }
  }

  @Test func noTextBreaksTheReaders() {
    var random = SplitMix64(seed: 7)
    var fine = 0
    for _ in 0..<20_000 {
      var bytes = random.value(depth: 3).bytes
      for _ in 0..<random.below(3) where !bytes.isEmpty {
        let place = random.below(bytes.count)
        switch random.below(3) {
        case 0: bytes[place] = UInt8(random.below(256))
        case 1: bytes.remove(at: place)
        default:
          bytes.insert(
            contentsOf: Array("\\\"{}[],:e-0.u".utf8).shuffled(using: &random).prefix(2), at: place)
        }
      }
      let strict = try? JSON(reading: bytes)
      let lenient = try? JSON(reading: bytes, by: .lenient)
      fine += strict == nil ? 0 : 1
      // Whatever strict readers take, all take alike.
      #expect(strict == nil || strict == lenient)
      #expect((try? PlacedJSON(reading: bytes).value) == lenient)
    }
    #expect(fine > 5_000 && fine < 19_000)
  }
}

extension SplitMix64 {
  fileprivate mutating func value(depth: Int) -> JSON {
    switch below(depth > 0 ? 8 : 6) {
    case 0: return .null
    case 1: return .bool(below(2) == 0)
    case 2: return .integer(Int64(bitPattern: next()) >> below(64))
    case 3: return .number(Double(bitPattern: next()))
    case 4, 5: return .string(text())
    case 6: return .array((0..<below(5)).map { _ in value(depth: depth - 1) })
    default:
      var names: Set<String> = []
      return .object(
        (0..<below(5)).map { _ in text() }.filter { names.insert($0).inserted }
          .map { ($0, value(depth: depth - 1)) })
    }
  }

  private mutating func text() -> String {
    var scalars = String.UnicodeScalarView()
    for _ in 0..<below(8) {
      let limit: UInt32 = [0x20, 0x80, 0x100, 0x3000, 0x110000][below(5)]
      if let scalar = Unicode.Scalar(UInt32(below(Int(limit)))) { scalars.append(scalar) }
    }
    return String(scalars)
  }
}
