import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct BadInputTests {
  private static let backlog = "features:\n  - {id: 1, title: One}\n"

  private func shop(_ features: String = backlog, _ configuration: String = "") throws -> Workshop {
    try Workshop(features: features, agent: "echo $id > f.txt", configuration: configuration)
  }

  /// Runs, and expects one clear error and an unchanged repository.
  private func expect(
    _ shop: Workshop, _ arguments: [String] = ["run"], status: Int32, saying words: String...,
    at directory: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expect(
      shop, arguments, status: status, saying: words, at: directory, sourceLocation: sourceLocation)
  }

  private func expect(
    _ shop: Workshop, _ arguments: [String] = ["run"], status: Int32, saying words: [String],
    at directory: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try shop.repository.runGit(["for-each-ref"]).text
    let checkout = try shop.repository.runGit(["status", "--porcelain", "--ignored"]).text
    let result = try shop.run(arguments, at: directory)
    #expect(
      result.status == status, "\(result.error)\(result.text)", sourceLocation: sourceLocation)
    for word in words {
      #expect(
        result.error.contains(word), "\(result.error) lacks '\(word)'",
        sourceLocation: sourceLocation)
    }
    #expect(!result.error.contains("Fatal"), sourceLocation: sourceLocation)
    #expect(try shop.repository.runGit(["for-each-ref"]).text == before)
    #expect(try shop.repository.runGit(["status", "--porcelain", "--ignored"]).text == checkout)
    #expect(!shop.repository.root.exists("repo.lanes"), sourceLocation: sourceLocation)
    #expect(!shop.repository.root.exists("trace"), sourceLocation: sourceLocation)
  }

  @Test func placesWhereNothingCanRunAreNamed() throws {
    let shop = try shop()
    try expect(shop, status: 1, saying: "no git repository", at: shop.repository.root.path("home"))
    try expect(shop, ["run", "--project-dir", "nowhere"], status: 1, saying: "does not exist")
    let bare = shop.repository.root.path("bare")
    try shop.repository.git("clone", "-q", "--bare", ".", bare)
    try expect(shop, ["run", "--project-dir", bare], status: 1, saying: "bare repository")
    try shop.repository.git("checkout", "-q", "--detach")
    try expect(shop, status: 1, saying: "detached", "git switch")
    try shop.repository.git("switch", "-q", "main")
    try shop.repository.git("config", "core.repositoryformatversion", "1")
    try shop.repository.git("config", "extensions.partialClone", "origin")
    try expect(shop, status: 1, saying: "partial clone")
    let doctor = try shop.run("doctor")
    #expect(doctor.status == 1 && doctor.text.contains("partial clone"))
  }

  /// Each is told with its place, as one error, before anything is begun.
  @Test func wrongSettingsAndBacklogsAreNamed() throws {
    let shop = try shop()
    let plain = try shop.repository.read("lanekeeper.yml")
    let slots = """
      features:
        - id: 1
          title: One
          slots: [browser, browzer]
        - {id: 2, title: Two, slots: [db]}

      """
    for (backlog, settings, status, words) in [
      (Self.backlog, "target: trunk", 1, ["'trunk' does not exist"]),
      (Self.backlog, "sandbox: {network: none}", 65, ["sandbox.network", "on, off"]),
      (
        slots, "slots: {browser: 1}", 65,
        [
          "features.yml:4:22", "have no 'browzer'", "did you mean `browser`?", "features.yml:5",
          "have no 'db'", "`slots: {db: 1}`",
        ]
      ),
      (
        Self.backlog, "slots: {browser: 0, 2fast: 1, a-b: 1, a_b: 1}", 65,
        ["slots.browser", "from 1 to 1000", "'2fast'", "LANEKEEPER_SLOT_A_B"]
      ),
      ("features: []\n", "", 65, ["no features", "lanekeeper import"]),
      (
        "features:\n  - {id: 1, title: A, depends_on: [2]}\n  - {id: 2, title: B, depends_on: [1]}\n",
        "", 65, ["features.yml:", "cycle"]
      ),
      (
        "features:\n  - {id: 1, title: A}\n  - {id: 1, title: B, depend_on: [7]}\n", "", 65,
        ["features.yml:3", "depend_on", "did you mean `depends_on`?", "duplicate"]
      ),
      (Self.backlog, "preset: best", 65, ["lanekeeper.yml:"]),
      // /proc takes no directory, also from root; /dev/full is no directory.
      (Self.backlog, "lanes: {path: /proc/lanes}", 1, ["/proc"]),
      (Self.backlog, "lanes: {path: /dev/full}", 1, ["/dev/full"]),
    ] as [(String, String, Int32, [String])] {
      try shop.repository.write("features.yml", backlog)
      try shop.repository.write("lanekeeper.yml", plain + settings + "\n")
      try expect(shop, status: status, saying: words)
    }
    try shop.repository.write("features.yml", Self.backlog)
    try shop.repository.write(
      "lanekeeper.yml", plain.replacing("gate: make test", with: "gate: no-such-program --all"))
    try expect(shop, status: 1, saying: "no-such-program", "not found")
    try shop.repository.write(
      "lanekeeper.yml", "gate: make test\nagent: command\nagents: {command: {run: no-such-agent}}\n"
    )
    try expect(shop, status: 65, saying: "no-such-agent")
    try FileManager.default.removeItem(atPath: shop.repository.path + "/features.yml")
    try expect(shop, status: 65, saying: "features.yml is not there")
  }

  @Test func wrongArgumentsAreNamed() throws {
    let shop = try shop()
    for (arguments, words) in [
      (["run", "--parallel=0"], ["parallel"]), (["run", "--parallel=6"], ["parallel"]),
      (["run", "--parallel=-1"], ["parallel"]), (["run", "--parallel=x"], ["parallel"]),
      (["run", "--preset", "best"], ["best", "quality"]),
      (["run", "--models", "gpt"], ["gpt", "opus"]),
      (["run", "--models", "opus", "--preset", "cheap"], ["--preset"]),
      (["run", "--agent", "nobody"], ["nobody"]), (["work", "7"], ["'7'"]),
      (["run", "--feature", "7"], ["'7'"]), (["nonsense"], ["nonsense"]),
      (["run", "--nonsense"], ["--nonsense"]),
    ] { try expect(shop, arguments, status: 64, saying: words) }
  }

  @Test func withoutBubblewrapARunRefuses() throws {
    var shop = try shop(Self.backlog, "sandbox: bubblewrap")
    // A PATH with all that is needed, but without bwrap.
    let programs = shop.repository.root.path("programs")
    try FileManager.default.createDirectory(
      atPath: programs, withIntermediateDirectories: true)
    for name in ["git", "sh", "make", "cp", "env"] {
      let place = ["/usr/bin/", "/bin/"].map { $0 + name }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
      try FileManager.default.createSymbolicLink(
        atPath: programs + "/" + name, withDestinationPath: try #require(place))
    }
    shop.environment["PATH"] = programs
    let result = try shop.run("run")
    #expect(result.status == 1)
    #expect(
      result.error.contains("bubblewrap is not installed")
        && result.error.contains("sandbox: none"), "\(result.error)")
    let doctor = try shop.run("doctor")
    #expect(doctor.status == 1 && doctor.text.contains("bubblewrap is not installed"))
    try shop.repository.write(
      "lanekeeper.yml",
      try shop.repository.read("lanekeeper.yml").replacing(
        "sandbox: bubblewrap", with: "sandbox: none"))
    #expect(try shop.run("doctor").text.contains("bubblewrap is not installed"))
  }

  /// Tells whether a test may mount something for itself alone.
  private static let canMount =
    (try? TestProgram.run(
      ["unshare", "-m", "true"], directory: "/", environment: ["PATH": "/usr/bin:/bin"]))?
    .status == 0

  /// Runs with something mounted that only this run sees.
  private func run(_ shop: Workshop, mounting script: String) throws -> TestProgramResult {
    try TestProgram.run(
      ["unshare", "-m", "sh", "-c", script + "\nexec \"$0\" run", Workshop.program],
      directory: shop.repository.path, environment: shop.environment)
  }

  @Test(.enabled(if: canMount)) func readOnlyRepository() throws {
    let shop = try shop()
    let here = shop.repository.path
    let result = try run(
      shop,
      mounting:
        "mount --bind '\(here)' '\(here)' && mount -o remount,ro,bind '\(here)' && cd '\(here)'")
    #expect(result.status == 1 && result.text.isEmpty)
    #expect(result.error.contains(".git/lanekeeper can't be written"), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1)
    #expect(!shop.repository.root.exists("repo.lanes"))
    #expect(!shop.repository.root.exists("repo/.git/lanekeeper"))
  }

  @Test(.enabled(if: canMount)) func noDiskSpace() throws {
    let shop = try shop("features:\n  - {id: 1, title: One}\n", "lanes: {path: ../small/lanes}")
    try shop.repository.root.write("small/kept", "")
    let result = try run(
      shop, mounting: "mount -t tmpfs -o size=64k none '\(shop.repository.root.path("small"))'")
    #expect(result.status == 1 && result.text.isEmpty)
    #expect(result.error.contains("not enough disk space"), "\(result.error)")
    #expect(!shop.repository.root.exists("trace"))
    #expect(!shop.repository.root.exists("repo/.git/lanekeeper"))
  }
}
