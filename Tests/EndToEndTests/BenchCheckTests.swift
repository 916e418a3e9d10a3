import Foundation
import TestSupport
import Testing

/// `make bench-check` on figures that are made worse, and the page that is written from the last figures.
@Suite(.bounded) struct BenchCheckTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL.path

  private func python(_ arguments: String...) throws -> TestProgramResult {
    try TestProgram.run(
      ["python3", "-B"] + arguments, directory: root,
      environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"])
  }

  /// Writes the last figures with each ratio that has a goal multiplied.
  private func figures(times factor: Double, to path: String) throws {
    let last = try Data(contentsOf: URL(fileURLWithPath: root + "/Tools/benchmarks/last.json"))
    var all = try #require(try JSONSerialization.jsonObject(with: last) as? [String: Any])
    let figures = try #require(all["figures"] as? [[String: Any]])
    all["figures"] = figures.map { figure in
      var figure = figure
      if figure["goal"] != nil, let ratio = figure["ratio"] as? Double {
        figure["ratio"] = ratio * factor
      }
      return figure
    }
    try JSONSerialization.data(withJSONObject: all).write(to: URL(fileURLWithPath: path))
  }

  @Test(arguments: [(1.0, 0), (1.15, 0), (1.25, 1)]) func aWorseRatioFails(
    factor: Double, status: Int32
  ) throws {
    let scratch = try TemporaryDirectory()
    let path = scratch.path("measured.json")
    try figures(times: factor, to: path)
    let result = try python("Tools/bench", "--check", "--measured", path)
    #expect(result.status == status, "\(result.text)\(result.error)")
    #expect(result.error.contains("worse: ") == (status == 1))
  }

  /// What looks worse is measured again, and its best ratio counts.
  @Test func aBusyMomentIsNoRegression() throws {
    let script = """
      import sys
      sys.path.insert(0, "Tools")
      from benchmarks import regressions
      def row(ratio): return [{"benchmark": "b", "name": "row (3 lost)", "goal": "<= 1", "ratio": ratio}]
      later = [row(1.3), row(1.1)]
      print(len(regressions.compare(row(1), row(2), again=lambda name: later.pop(0))), len(later))
      print(len(regressions.compare(row(1), row(2), again=lambda name: row(1.3))))
      print(len(regressions.compare(row(1), row(1.1), again=None)))
      """
    #expect(try python("-c", script).text == "0 0\n1\n0")
  }

  @Test func thePageIsWrittenFromTheLastFigures() throws {
    let script = """
      import json, pathlib, sys
      import xml.etree.ElementTree as xml
      sys.path.insert(0, "Tools")
      from benchmarks import report
      last = json.loads(pathlib.Path("Tools/benchmarks/last.json").read_text())
      page = pathlib.Path("docs/benchmarks.md").read_text()
      assert report.with_figures(page, last) == page, "run Tools/bench --render"
      made = report.files(last)
      for name, content in made.items():
          assert pathlib.Path("docs/images", name).read_text() == content, name
          xml.fromstring(content)
          assert "prefers-color-scheme: dark" in content
          assert "images/" + name in page, name
      print(len(made) > 1)
      """
    let result = try python("-c", script)
    #expect(result.status == 0 && result.text == "True", "\(result.error)")
  }
}
