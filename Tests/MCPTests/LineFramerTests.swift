import TestSupport
import Testing

@testable import MCP

@Suite(.bounded) struct LineFramerTests {
  private func text(_ line: String) -> LineFramer.Line { .text(Array(line.utf8)) }

  @Test func completesHalfALine() {
    var framer = LineFramer()
    #expect(framer.push(Array("{\"a\"".utf8)) == [])
    #expect(framer.push(Array(":1}\r\n\n  \n{".utf8)) == [text("{\"a\":1}")])
    #expect(framer.end() == text("{"))
    #expect(framer.end() == nil)
  }

  @Test func dropsWhatIsTooLongAndGoesOn() {
    var framer = LineFramer(limit: 4)
    #expect(framer.push(Array("12345678".utf8)) == [])
    #expect(framer.push(Array("9\nabcd\nabcde\nx".utf8)) == [.tooLong, text("abcd"), .tooLong])
    #expect(framer.end() == text("x"))
  }

  @Test func cutsTheSameHoweverTheBytesArrive() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<500 {
      let bytes = (0..<random.below(200)).map { _ in
        [0x0a, 0x0d, 0x20, 0x61, 0x62][random.below(5)] as UInt8
      }
      var whole = LineFramer(limit: 9)
      var expected = whole.push(bytes)
      if let last = whole.end() { expected.append(last) }
      var pieces = LineFramer(limit: 9)
      var found: [LineFramer.Line] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = min(rest.count, 1 + random.below(7))
        found += pieces.push(rest.prefix(count))
        rest = rest.dropFirst(count)
      }
      if let last = pieces.end() { found.append(last) }
      #expect(found == expected)
    }
  }
}
