import Foundation
import TestSupport
import Testing

/// Everything goes wrong that can: agents that crash, hang, meet limits, break their lane, fill its disk, leave
/// their branch, their guard or spoiled objects behind; runs that are killed, stopped, held still, started twice, slowed down, or
/// see the clock set; lanes and state files that vanish or are overwritten. At the end every feature has landed
/// once with all of its work, and `doctor --deep` finds every promise held.
@Suite(.bounded) struct FaultTests {
  /// What an agent does or meets.
  enum Fault: String, CaseIterable {
    case fails, killsItself, killsItsGuard, hangs, leavesADaemon, deletesTheLane, deletesDotGit
    case leavesTheBranch, detachesHead, leavesALock, floods, leavesAMerge
    case meetsTheLimit, losesTheNetwork, fillsTheDisk, makesItReadOnly
    case spoilsAFile, spoilsADirectory, spoilsACommit
    case stopsItsGuard, killsItsGuardForADaemon
    case leavesARepository, leavesAnOrphanBranch, leavesAPipe, leavesAPipeThatGitReads
    case aFilterHangs, aHookHangs, sparseFile, oddNames

    /// Drawn only where `LANEKEEPER_FAULT_KINDS` names it, or says `all`.
    var isRare: Bool {
      switch self {
      case .leavesARepository, .leavesAnOrphanBranch, .leavesAPipe, .leavesAPipeThatGitReads,
        .aFilterHangs, .aHookHangs, .sparseFile, .oddNames:
        true
      default: false
      }
    }
    /// Tells that the attempt is ended for it, and that it counts.
    var isTimeOut: Bool {
      self == .hangs || disablesItsGuard
    }
    /// Tells whether nobody but a run can end its agent: its guard is killed, or held still.
    var disablesItsGuard: Bool {
      [.killsItsGuard, .stopsItsGuard, .killsItsGuardForADaemon].contains(self)
    }

    /// Those that are drawn, the same for the same list.
    static let drawn: [Fault] = {
      let asked = (ProcessInfo.processInfo.environment["LANEKEEPER_FAULT_KINDS"] ?? "")
        .split(separator: ",").map(String.init)
      return allCases.filter { !$0.isRare || asked.contains("all") || asked.contains($0.rawValue) }
    }()
  }

  /// Seconds in which the last run of a round has to end.
  private static let bound = 240

  /// `LANEKEEPER_FAULTS=200` takes so many rounds, from `LANEKEEPER_SEED` on.
  static let seeds: [UInt64] = {
    let environment = ProcessInfo.processInfo.environment
    let first = environment["LANEKEEPER_SEED"].flatMap(UInt64.init) ?? 1
    let count = environment["LANEKEEPER_FAULTS"].flatMap(UInt64.init) ?? 2
    return Array(first..<first + count)
  }()

  private static let count = 6

  /// What the agent does in an attempt stands in `faults/<feature>-<attempt>`, one word.
  private static let agent = """
    fault=$(cat "$LANEKEEPER_REPOSITORY/../faults/$id-$LANEKEEPER_ATTEMPT" 2>/dev/null)
    echo "$id attempt $LANEKEEPER_ATTEMPT: $fault"
    # Rescued work may meet what the branch has.
    [ -f f$id.txt ] && sed -i '/^<<<<<<<\\|^=======\\|^>>>>>>>/d' f$id.txt
    # The same work, or the same error, three times in a row would end the feature.
    echo "begun $id $LANEKEEPER_ATTEMPT" >> f$id.txt
    bad=$((LANEKEEPER_ATTEMPT % 70 + 1))
    case $fault in
    fails) echo half >> f$id.txt; exit $bad ;;
    killsItself) echo half >> f$id.txt; kill -9 $$ ;;
    killsItsGuard)
      case $(cat /proc/$PPID/comm) in lanekeeper-guar*) kill -9 $PPID ;; esac
      sleep 600 ;;
    hangs) sleep 600 ;;
    stopsItsGuard)
      case $(cat /proc/$PPID/comm) in lanekeeper-guar*) kill -STOP $PPID ;; esac
      sleep 600 ;;
    killsItsGuardForADaemon)
      (cd /; exec env -i setsid sh -c 'sleep 20; true') < /dev/null > /dev/null 2>&1 &
      sleep 0.1
      case $(cat /proc/$PPID/comm) in lanekeeper-guar*) kill -9 $PPID ;; esac
      sleep 600 ;;
    leavesARepository)
      git init -q inner$id; (cd inner$id; echo deep > deep.txt; git add -A
        git -c user.name=A -c user.email=a@example.org commit -qm inner) ;;
    leavesAnOrphanBranch)
      git add -A; git commit -qm half; git switch -q --orphan side-$id-$LANEKEEPER_ATTEMPT
      echo side > side$id.txt; git add side$id.txt; git commit -qm side; exit $bad ;;
    leavesAPipe) mkfifo pipe$id ;;
    leavesAPipeThatGitReads) mkdir -p d$id; mkfifo d$id/.gitignore; exit $bad ;;
    aFilterHangs)
      git config filter.slow$id.clean 'sleep 600; cat'; echo "*.slow$id filter=slow$id" > .gitattributes
      echo slow > a.slow$id; exit $bad ;;
    aHookHangs)
      mkdir -p .hooks$id; printf '#!/bin/sh\\nsleep 600\\n' > .hooks$id/pre-commit
      chmod +x .hooks$id/pre-commit; git config core.hooksPath .hooks$id; echo half >> f$id.txt; exit $bad ;;
    sparseFile)
      # What is committed of it is no longer sparse, and has to fit where the lanes are.
      truncate -s $(($(df -Pk . | awk 'NR == 2 { print $4 }') / 40))K sparse$id.bin; exit $bad ;;
    oddNames)
      echo odd > "$(printf 'o%s\\377' $id)"; echo odd > "$(printf 'new\\nline%s' $id)"; echo odd > "./-dash$id"
      echo odd > "$(printf "%0200d" $id)" ;;
    leavesADaemon) setsid sh -c 'sleep 600; echo late > late.txt' > /dev/null 2>&1 & ;;
    deletesTheLane) here=$PWD; cd /; rm -rf "$here"; exit $bad ;;
    deletesDotGit) rm -f .git ;;
    leavesTheBranch) git switch -q -c other-$id-$LANEKEEPER_ATTEMPT; echo side >> f$id.txt ;;
    detachesHead) git checkout -q --detach; echo side >> f$id.txt; git commit -qam side ;;
    leavesALock) : > "$(git rev-parse --git-dir)/index.lock"; echo half >> f$id.txt; exit $bad ;;
    floods) head -c 3000000 /dev/zero | base64 ;;
    leavesAMerge) git rev-parse HEAD > "$(git rev-parse --git-dir)/MERGE_HEAD"; exit $bad ;;
    meetsTheLimit) echo "{\\"type\\":\\"limit\\",\\"in\\":1}"; exit 1 ;;
    losesTheNetwork) echo '{"type":"lost"}'; exit 1 ;;
    fillsTheDisk) head -c 200000000 /dev/zero > fill.bin; sleep 0.2; rm -f fill.bin; exit $bad ;;
    spoils*)
      echo half >> f$id.txt; git add -A; git commit -qm half
      case $fault in
      spoilsAFile) spoiled=$(git rev-parse HEAD:f$id.txt) ;;
      spoilsADirectory) spoiled=$(git rev-parse "HEAD^{tree}") ;;
      spoilsACommit) spoiled=$(git rev-parse HEAD) ;;
      esac
      spoiled=$(git rev-parse --git-common-dir)/objects/$(echo $spoiled | sed 's,^..,&/,')
      chmod u+w "$spoiled" && : > "$spoiled" ;;
    makesItReadOnly) echo half >> f$id.txt; chmod -R a-w . ; exit $bad ;;
    esac
    echo "done $id" >> f$id.txt || exit $bad
    case $id in 2|4)
      sed -i '/^<<<<<<<\\|^=======\\|^>>>>>>>/d' shared.txt
      grep -q "line $id" shared.txt || echo "line $id" >> shared.txt ;;
    esac
    exit 0

    """

  @Test(arguments: seeds)
  func p1_p2_p3_p4_p5_p6_p7_p9_holdWhateverGoesWrong(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let shop = try shop(&random)
    let disk = try SmallLaneDisk(shop.repository.root.path("repo.lanes"))
    defer { disk?.remove() }
    try shop.repository.write("mine.txt", "a person's own\n")
    var blows: [Blow] = []
    for _ in 0..<random.below(4) {
      let possible = Blow.allCases.filter(\.isPossible)
      blows.append(possible[random.below(possible.count)])
      try blows.last!.fall(on: shop, &random)
    }
    let story = "seed \(seed), \(blows)"
    let last = try shop.start(["run", "--parallel", "3"], output: "last")
    for _ in 0..<2 * Self.bound where !last.hasEnded() {
      usleep(500_000)
      Blow.makeRoom(shop)
    }
    guard last.hasEnded() else {
      let said =
        try shop.repository.root.read("last") + shop.run("status").text
        + TestProgram.run(
          ["ps", "-eo", "pid,ppid,etimes,args"], directory: "/", environment: shop.environment
        ).text + shop.run("events").text
      last.signal(SIGKILL)
      last.wait()
      Issue.record("\(story): no end within \(Self.bound) seconds: \(said)")
      return
    }
    last.wait()
    try startOverWhereDamaged(shop, story)
    #expect(
      try shop.landed().sorted() == (1...Self.count).map(String.init), "\(story): landed")
    for id in 1...Self.count {
      let lines = try shop.repository.read("f\(id).txt").split(separator: "\n")
      #expect(lines.contains("done \(id)"), "\(story): f\(id).txt")
    }
    for id in [2, 4] {
      let shared = try shop.repository.read("shared.txt")
      #expect(shared.contains("line \(id)") && !shared.contains("<<<<"), "\(story)")
    }
    #expect(try shop.leftovers(spoiled: true) == [], "\(story)")
    #expect(try shop.repository.read("mine.txt") == "a person's own\n")
    #expect(try shop.repository.git("status", "--porcelain", "-uno") == "", "\(story)")
    let doctor = try shop.run("doctor", "--deep")
    #expect(doctor.status == 0, "\(story): \(doctor.text)\(doctor.error)")
    #expect(doctor.text.contains("P9"))
    note(seed, try shop.trace().count { $0[0] == "begin" })
  }

  /// Does what a person does whose features have damaged branches, until everything has landed.
  private func startOverWhereDamaged(_ shop: Workshop, _ story: String) throws {
    for _ in 0..<8 {
      let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
      let failed = features.filter { $0["state"] as? String == "failed" }
      guard !failed.isEmpty else { break }
      for feature in failed {
        let id = feature["id"] as? String ?? ""
        let words = try shop.run("explain", id).text
        #expect(words.contains("git fsck --full"), "\(story): \(words)")
        let retried = try shop.run("retry", id, "--fresh")
        #expect(retried.status == 0, "\(story): \(retried.error)")
      }
      _ = try shop.run("run", "--parallel", "3")
    }
    // What was rescued on top of a damaged history can't be read by git as a whole.
    for name in try shop.repository.git(
      "for-each-ref", "--format=%(refname)", "refs/lanekeeper/rescue"
    ).split(separator: "\n") {
      let check = try shop.repository.runGit([
        "rev-list", "--objects", "--verify-objects", "--quiet", String(name), "--not", "main",
      ])
      if check.status != 0 { try shop.repository.git("update-ref", "-d", String(name)) }
    }
  }

  private func shop(_ random: inout SplitMix64) throws -> Workshop {
    let features =
      "features:\n"
      + (1...Self.count).map { id in
        let needs = id > 3 && random.below(2) == 0 ? ", depends_on: [\(id - 3)]" : ""
        return "  - {id: \(id), title: Feature \(id)\(needs)}\n"
      }.joined()
    let shop = try Workshop(
      features: features, agent: Self.agent,
      configuration: "limits: {attempts: 20, attempt_minutes: 0.03}\n")
    let settings = try shop.repository.read("lanekeeper.yml")
    try shop.repository.write(
      "lanekeeper.yml", settings.replacingOccurrences(of: "agent: command", with: "agent: faulty"))
    try shop.repository.write(
      ".lanekeeper/agents/faulty.yml",
      """
      program: sh
      arguments: ["\(shop.repository.root.path("agent.sh"))"]
      prompt: stdin
      environment: {pass: all}
      backoff_seconds: 0.3
      output:
        format: json-lines
        rules:
          - {when: {type: limit}, limit: usage, reset_in: in}
          - {when: {type: lost}, limit: network}

      """)
    // It is no work: what is committed by one who is killed just then would fill each lane from then on.
    try shop.repository.write(".git/info/exclude", "fill.bin\n")
    for id in 1...Self.count {
      var ends: [Bool] = []
      for attempt in 1...3 where random.below(2) == 0 {
        let fault = Fault.drawn[random.below(Fault.drawn.count)]
        // Three time-outs in a row would end the feature, as they are meant to.
        guard !fault.isTimeOut || ends != [true, true] else { continue }
        ends.append(fault.isTimeOut)
        try shop.repository.root.write("faults/\(id)-\(attempt)", fault.rawValue)
      }
    }
    return shop
  }

  /// Writes down how many attempts a round took, for `make faults`.
  private func note(_ seed: UInt64, _ attempts: Int) {
    guard let path = ProcessInfo.processInfo.environment["LANEKEEPER_FAULTS_LOG"],
      let file = fopen(path, "a")
    else { return }
    fputs("\(seed) \(attempts)\n", file)
    fclose(file)
  }
}
