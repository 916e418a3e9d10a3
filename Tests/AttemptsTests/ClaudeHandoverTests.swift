import Engine
import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct ClaudeHandoverTests {
  @Test func quotesThePathOfTheProgram() throws {
    let text = ClaudeHandover.settings(program: "/opt/it's here/lanekeeper")
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    let hooks = try #require(value?["hooks"] as? [String: [[String: Any]]])
    #expect(Set(hooks.keys) == ["PreToolUse", "PostToolUse"])
    let inner = try #require(hooks["PreToolUse"]?.first?["hooks"] as? [[String: Any]])
    #expect(inner[0]["command"] as? String == "'/opt/it'\\''s here/lanekeeper' edit-hook claude")
    #expect(!text.contains("\n"))
    let servers = ClaudeHandover.servers(program: "/x/lanekeeper")
    #expect(
      servers == #"{"mcpServers":{"lanekeeper":{"args":["mcp"],"command":"/x/lanekeeper"}}}"#)
  }
}
