import Foundation
import TestSupport
import Testing

/// What an attempt may take of the machine.
@Suite(.bounded) struct ResourceTests {
  /// Whether this machine lets us make control groups, as `doctor` tells.
  static let canBoundMemory: Bool = {
    guard let shop = try? Workshop(features: Workshop.independent(1), agent: "true"),
      let doctor = try? shop.run("doctor")
    else { return false }
    return doctor.text.contains("limits.memory_mb bounds that of each attempt")
  }()

  private func detail(_ shop: Workshop, _ feature: String) throws -> String {
    try StateRows.read(
      shop, "SELECT detail FROM attempts WHERE feature = '\(feature)' ORDER BY number"
    ).last?.first ?? ""
  }

  /// What the next attempt would be told.
  private func rework(_ shop: Workshop, _ feature: String) throws -> String {
    try StateRows.read(shop, "SELECT rework FROM features WHERE id = '\(feature)'")[0][0]
  }

  @Test(.enabled(if: ResourceTests.canBoundMemory, "no control group can be made here"))
  func whoTakesTooMuchMemoryIsEndedAndTheOthersNeverNotice() throws {
    let shop = try Workshop(
      features: Workshop.independent(3),
      agent: """
        echo "$id" > f$id.txt
        case $id in
        1) trap - EXIT; exec tail /dev/zero ;;
        2) tail /dev/zero; exit 9 ;;
        esac

        """, configuration: "limits: {memory_mb: 40, attempts: 1}\n")
    #expect(try shop.run("run", "--parallel", "3").status == 1)
    #expect(try shop.landed() == ["3"])
    let shortage = "for want of memory"
    #expect(
      try detail(shop, "1")
        == "the agent was killed \(shortage): it may use 40 MB (limits.memory_mb)")
    #expect(
      try detail(shop, "2")
        == "the agent exited with 9 after processes of it were killed \(shortage): together they may "
        + "use 40 MB (limits.memory_mb)")
    #expect(try rework(shop, "2").contains("1 of its processes was killed"))
    // What they wrote is kept.
    for id in [1, 2] {
      #expect(try shop.repository.git("show", "lane/\(id)-feature-\(id):f\(id).txt") == "\(id)")
    }
    #expect(try shop.run("doctor").text.contains("each attempt may use 40 MB"))
    #expect(try shop.processes() == [])
  }

  @Test(.enabled(if: ResourceTests.canBoundMemory, "no control group can be made here"))
  func p5_theGroupOfAnAttemptGoesAlsoAfterAKillOfEverything() throws {
    let shop = try Workshop(
      features: Workshop.independent(1),
      agent: """
        echo x >> f.txt
        [ -f "$LANEKEEPER_REPOSITORY/../go" ] || sleep 600

        """, configuration: "limits: {memory_mb: 200}\n")
    let run = try shop.start(["run"], output: "run")
    let lock = shop.repository.path + "/.git/lanekeeper/locks/attempt-1-1"
    func group() -> String {
      ((try? String(contentsOfFile: lock, encoding: .utf8)) ?? "")
        .trimmingCharacters(in: .newlines)
    }
    #expect(try eventually { try shop.trace().count == 1 && !group().isEmpty })
    let path = group()
    #expect(FileManager.default.fileExists(atPath: path))
    run.signal(SIGSTOP)
    for line in try shop.processes() where line.contains("lanekeeper-guard") {
      kill(Int32(line.split(separator: " ")[0]) ?? 0, SIGKILL)
    }
    run.signal(SIGKILL)
    run.wait()
    #expect(FileManager.default.fileExists(atPath: path))
    try shop.repository.root.write("go", "")
    #expect(try shop.run("run").status == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(try shop.leftovers() == [])
  }

  @Test func p5_aSetUpCommandEndsWithTheSupervisor() throws {
    let shop = try Workshop(
      features: Workshop.independent(1), agent: "echo done > f.txt",
      configuration: """
        lanes: {setup: '[ -f ../../go ] || { (setsid sleep 601 &); sleep 602; }'}
        """)
    let run = try shop.start(["run"], output: "run")
    #expect(try eventually { try shop.processes().count { $0.contains(" sleep\u{0}60") } == 2 })
    run.signal(SIGKILL)
    run.wait()
    #expect(try eventually { try shop.processes().isEmpty })
    try shop.repository.root.write("go", "")
    #expect(try shop.run("run").status == 0)
    #expect(try shop.landed() == ["1"])
  }

  /// Ports and directories are a lane's own, and the same whenever it is used.
  @Test func portsAndTemporaryDirectoriesOfLanesNeverMeet() throws {
    let shop = try Workshop(
      features: Workshop.independent(6),
      agent: """
        echo "$LANEKEEPER_LANE $LANEKEEPER_PORT $LANEKEEPER_PORTS $TMPDIR" \\
          >> "$LANEKEEPER_REPOSITORY/../places"
        [ -z "$(ls -A "$TMPDIR")" ] || echo full >> "$LANEKEEPER_REPOSITORY/../places"
        echo left > "$TMPDIR/left"
        sleep 0.3
        [ -f "$LANEKEEPER_REPOSITORY/../go" ] && echo "$id" > f$id.txt || exit 75

        """, configuration: "limits: {max_parallel: 6}\n")
    let first = try shop.start(["run", "--parallel", "6"], output: "run")
    #expect(try eventually { try shop.trace().count { $0[0] == "end" } >= 6 })
    first.signal(SIGKILL)
    first.wait()
    try shop.repository.root.write("go", "")
    #expect(try shop.run("run", "--parallel", "6").status == 0)
    let lines = try shop.repository.root.read("places").split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    #expect(lines.allSatisfy { $0.count == 4 }, "\(lines)")
    let byLane = Dictionary(grouping: lines) { $0[0] }
    #expect(byLane.count >= 6)
    for (lane, uses) in byLane { #expect(Set(uses).count == 1, "\(lane): \(uses)") }
    let firsts = byLane.values.compactMap { Int($0[0][1]) }.sorted()
    for (one, next) in zip(firsts, firsts.dropFirst()) { #expect(next - one >= 10) }
    #expect(Set(byLane.values.map { $0[0][3] }).count == byLane.count)
    for uses in byLane.values {
      let bounds = uses[0][2].split(separator: "-").compactMap { Int($0) }
      #expect(bounds == [Int(uses[0][1]) ?? 0, (Int(uses[0][1]) ?? 0) + 9])
    }
  }

  /// Tells whether this user can mount a file system that lets files share blocks.
  static let canMountXFS: Bool = {
    guard geteuid() == 0, let scratch = try? TemporaryDirectory() else { return false }
    let result = try? TestProgram.run(
      ["unshare", "-m", "sh", "-c", mount + "cp --reflink=always m/.probe m/.copy"],
      directory: scratch.path(""), environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
    return result?.status == 0
  }()

  /// Mounts an XFS of 400 MB at `m`, in a mount namespace of the shell's own.
  private static let mount = """
    set -e
    truncate -s 400M image
    mkfs.xfs -q -m reflink=1 image
    mkdir -p m
    mount -o loop image m
    head -c 65536 /dev/urandom > m/.probe

    """

  @Test(.enabled(if: ResourceTests.canMountXFS, "no XFS can be mounted here"))
  func copiesOfCachesTakeNoRoomWhereTheFileSystemCanShareBlocks() throws {
    let scratch = try TemporaryDirectory()
    try scratch.write(
      "story",
      Self.mount + """
        export HOME="$PWD/home" GIT_CONFIG_NOSYSTEM=1
        mkdir "$HOME" m/repo
        cd m/repo
        git init -q -b main
        git config user.name Test
        git config user.email test@example.org
        echo cache/ > .gitignore
        printf 'agent: command\\nagents: {command: {run: "cmp cache/big $LANEKEEPER_REPOSITORY/cache/big && sleep 1 && echo done > f$LANEKEEPER_FEATURE_ID.txt"}}\\n' > lanekeeper.yml
        printf 'gate: ""\\nlanes: {copy: [cache/]}\\n' >> lanekeeper.yml
        printf 'features:\\n' > features.yml
        for id in 1 2 3 4; do printf '  - {id: %s, title: Feature %s}\\n' $id $id >> features.yml; done
        git add -A
        git commit -qm base
        mkdir cache
        head -c 60000000 /dev/urandom > cache/big
        sync
        before=$(df -k --output=used . | tail -1)
        '\(Workshop.program)' run --parallel 4
        ls ../repo.lanes/*/cache/big | wc -l > ../lanes
        sync
        echo $(($(df -k --output=used . | tail -1) - before)) > ../growth
        cat ../lanes ../growth
        """)
    let result = try TestProgram.run(
      ["unshare", "-m", "sh", "story"], directory: scratch.path(""),
      environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
    #expect(result.status == 0, "\(result.text)\(result.error)")
    let numbers = result.text.split(separator: "\n").suffix(2).compactMap { Int($0) }
    try #require(numbers.count == 2, "\(result.text)")
    // Four copies of 60 MB, and not a tenth of one more on the disk.
    #expect(numbers[0] >= 4 && numbers[1] < 20_000, "\(numbers)")
  }
}
