import Foundation
import Processes
import TestSupport
import Testing

@Suite(.bounded) struct CommandTests {
  @Test func passesMuchInBothDirections() async throws {
    let content = [UInt8](repeating: 0x62, count: 2_000_000)
    let result = try await Command.run(["cat"], directory: "/", environment: path, input: content)
    #expect(result.status == 0 && result.output == content)
  }

  @Test func typesFailuresApart() async throws {
    await #expect(throws: ProcessFailure.self) {
      try await Command.run(["no-such-program"], directory: "/", environment: path)
    }
    await #expect(throws: ProcessFailure.killed(program: "sh", signal: 15)) {
      try await Command.run(["sh", "-c", "kill $$"], directory: "/", environment: path)
    }
    await #expect(throws: ProcessFailure.timedOut(program: "sleep", seconds: 0.1)) {
      try await Command.run(
        ["sleep", "300"], directory: "/", environment: path, timeoutSeconds: 0.1)
    }
    let failed = try await Command.run(
      ["sh", "-c", "echo bad >&2; exit 3"], directory: "/", environment: path)
    #expect(failed.status == 3 && failed.error == Array("bad\n".utf8))
  }

  private let path = ["PATH": "/usr/bin:/bin"]
}
