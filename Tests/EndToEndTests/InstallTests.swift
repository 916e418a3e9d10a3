import Foundation
import TestSupport
import Testing

/// `make install`, and what is installed at work.
@Suite(.bounded) struct InstallTests {
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

  /// Of ICU's data the programs get what they need; without the toolchain's own they get all of it.
  @Test func dataForOtherLanguagesIsLeftOut() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let directory = shop.repository.root.path("data")
    func make(_ path: String?) throws -> TestProgramResult {
      try TestProgram.run(
        [Self.source + "/Tools/small-locale-data", directory], directory: Self.source,
        environment: path.map { shop.environment.merging(["PATH": $0]) { $1 } } ?? shop.environment)
    }
    let files = FileManager.default
    let made = try make(nil)
    try #require(made.status == 0)
    let text = try String(contentsOfFile: directory + "/data.S", encoding: .utf8)
    if made.error.isEmpty {
      let name = try #require(
        files.contentsOfDirectory(atPath: directory).first { $0.hasSuffix(".dat") })
      let data = try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name))
      #expect(text.contains(name) && text.contains("_dat, %object"))
      #expect(data.count > 1_000_000 && data.count < 8_000_000)
      #expect(data.range(of: Data("/en.res\0".utf8)) != nil)
      #expect(data.range(of: Data("/de.res\0".utf8)) == nil)
      // What is as it was is not written, so that nothing is linked again.
      utimensat(AT_FDCWD, directory + "/data.S", [timespec(), timespec()], 0)
      #expect(try make(nil).status == 0)
      var facts = stat()
      #expect(stat(directory + "/data.S", &facts) == 0 && facts.st_mtim.tv_sec == 0)
    }
    let bin = shop.repository.root.path("bin")
    try files.createDirectory(atPath: bin, withIntermediateDirectories: true)
    for program in ["env", "python3"] {
      try files.createSymbolicLink(
        atPath: bin + "/" + program, withDestinationPath: "/usr/bin/" + program)
    }
    let without = try make(bin)
    #expect(without.status == 0 && without.error.contains("swift"))
    #expect(try String(contentsOfFile: directory + "/data.S", encoding: .utf8) == "")
  }
}
