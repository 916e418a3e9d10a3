import Foundation
import Model
import TestSupport
import Testing

@Suite(.bounded) struct ReleaseTests {
  @Test func theVersionIsTheNewestOneOfTheChangelog() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: root.appendingPathComponent("CHANGELOG.md"), encoding: .utf8)
    let versions = text.matches(of: /(?m)^## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$/)
      .map { String($0.output.1) }
    #expect(versions.first == Release.version)
    #expect(versions.count == text.split(separator: "\n").count { $0.hasPrefix("## ") })
    #expect(versions.count > 1 && Set(versions).count == versions.count)
  }
}
