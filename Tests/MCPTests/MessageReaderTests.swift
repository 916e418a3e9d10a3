import TestSupport
import Testing

@testable import MCP

@Suite(.bounded) struct MessageReaderTests {
  private func read(_ text: String) -> Incoming { MessageReader.read(Array(text.utf8)) }

  private func code(_ text: String) -> Int? {
    if case .broken(_, let error) = read(text) { error.code } else { nil }
  }

  @Test func tellsTheKindsApart() {
    #expect(
      read(#"{"jsonrpc":"2.0","id":1,"method":"m"}"#)
        == .request(Request(id: .number(1), method: "m")))
    #expect(
      read(#"{"jsonrpc":"2.0","id":"1","method":"m","params":{"a":1}}"#)
        == .request(Request(id: .text("1"), method: "m", params: ["a": 1])))
    #expect(
      read(#"{"jsonrpc":"2.0","method":"n","params":null}"#)
        == .notification(method: "n", params: [:]))
    #expect(read(#"{"jsonrpc":"2.0","id":1,"result":{}}"#) == .response)
    #expect(read(#"{"jsonrpc":"2.0","id":1,"error":{}}"#) == .response)
  }

  @Test(arguments: [
    ("{", -32700), ("", -32700), ("\"x\"", -32600), ("[]", -32600), ("{}", -32600),
    (#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#, -32600),
    (#"{"id":1,"method":"m"}"#, -32600), (#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1}"#, -32600), (#"{"jsonrpc":"2.0","id":1,"method":2}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1,"method":""}"#, -32600),
    (#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}"#, -32600),
  ])
  func tellsWhatIsBroken(_ text: String, _ expected: Int) {
    #expect(code(text) == expected)
  }

  @Test func keepsTheIdOfABrokenRequest() {
    guard case .broken(let id, _) = read(#"{"jsonrpc":"2.0","id":7,"method":5}"#) else {
      Issue.record("it was taken")
      return
    }
    #expect(id == .number(7))
  }
}
