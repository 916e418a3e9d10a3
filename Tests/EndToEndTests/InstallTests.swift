import Foundation
import TestSupport
import Testing

/// `make install`, and what is installed at work.
@Suite struct InstallTests {
  private static let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  @Test func whatIsInstalledWorksAndGoesAway() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "echo done > f$id.txt")
    let prefix = shop.repository.root.path("prefix")
    // The programs are built already.
    func make(_ target: String) throws -> TestProgramResult {
      try TestProgram.run(
        ["make", target, "CONFIG=debug", "SWIFT=true", "PREFIX=\(prefix)"],
        directory: Self.source, environment: shop.environment)
    }
    let installed = try make("install")
    #expect(installed.status == 0, "\(installed.error)")
    let program = prefix + "/bin/lanekeeper"
    func run(_ arguments: String...) throws -> TestProgramResult {
      try TestProgram.run(
        [program] + arguments, directory: shop.repository.path, environment: shop.environment)
    }
    // The commit that it was installed from.
    let commit = try TestProgram.run(
      ["git", "rev-parse", "--short=7", "HEAD"], directory: Self.source,
      environment: shop.environment)
    let version = try run("--version").text
    if commit.status == 0 {
      let name = commit.text.trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(
        version.wholeMatch(of: /\d+\.\d+\.\d+ \(([0-9a-f]{7})(-changed)?\)\s*/)?.output.1
          == name[...], "\(version)")
    } else {
      #expect(version.wholeMatch(of: /\d+\.\d+\.\d+\s*/) != nil, "\(version)")
    }
    let made = try run("init")
    #expect(made.status == 0 && made.text.contains("lanekeeper.mk: written"), "\(made.error)")
    let built = try run("run")
    #expect(built.status == 0, "\(built.text)\(built.error)")
    #expect(try shop.landed() == ["1"])
    let plan = try run("plan", "--detect", "learned")
    #expect(plan.status == 0, "\(plan.error)")
    let output = shop.repository.root.path("ui")
    let page = try RunningProgram(
      [program, "ui", "--port", "0"], directory: shop.repository.path,
      environment: shop.environment, output: output)
    #expect(
      try eventually { try shop.repository.root.read("ui").contains("Page: http://127.0.0.1:") },
      "\((try? shop.repository.root.read("ui")) ?? "")")
    page.signal(SIGTERM)
    #expect(page.wait() == 0)
    for name in ["man/man1/lanekeeper.1", "lanekeeper/templates/schemas/features.schema.json"] {
      #expect(FileManager.default.fileExists(atPath: "\(prefix)/share/\(name)"), "\(name)")
    }
    #expect(try make("uninstall").status == 0)
    let left = try FileManager.default.subpathsOfDirectory(atPath: prefix).filter { path in
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: prefix + "/" + path, isDirectory: &isDirectory)
      return !isDirectory.boolValue
    }
    #expect(left.isEmpty, "\(left)")
  }
}
