import Foundation
import TestSupport
import Testing

/// What agents do to the state of their lanes in a run from start to end (P4).
@Suite(.bounded) struct KeptWorkTests {
  @Test func p4_odderWaysToLeaveALaneLoseNothing() throws {
    let workshop = try Workshop(
      features: Workshop.independent(5),
      agent: """
        case $id in
        1) mkdir web; cd web; git init -q; echo app > index.js; git add -A; git commit -qm scaffold
           echo later > later.js ;;
        2) git checkout -q --orphan pages-$LANEKEEPER_ATTEMPT; echo page > page.html ;;
        3) git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),dir; git commit -qm dir ;;
        4) echo staged > shared.txt; git add shared.txt; git update-index --assume-unchanged Makefile
           printf 'test:\n\t@true\n# hidden\n' > Makefile
           git checkout -q --detach; echo away > away.txt; git add away.txt; git commit -qm away
           git checkout -q lane/4-feature-4 2>/dev/null; echo work > f4.txt ;;
        5) rm -rf .git; git init -q; echo own > own.txt; git add -A; git commit -qm own ;;
        esac
        """, configuration: "limits: {attempts: 1}")
    let run = try workshop.run("run", "--parallel", "2")
    let test = workshop.repository
    let landed = try workshop.landed()
    #expect(Set(landed).isSuperset(of: ["1", "4", "5"]), "\(run.text) \(run.error)")
    #expect(!landed.contains("3"))
    #expect(try test.git("show", "main:web/index.js") == "app")
    #expect(try test.git("show", "main:web/later.js") == "later")
    #expect(try test.git("show", "main:own.txt") == "own")
    #expect(try !test.git("ls-tree", "-r", "main").contains("160000"))
    let names = try test.git("rev-list", "--objects", "--all")
    for name in ["page.html", "away.txt"] { #expect(names.contains(name), "\(name)") }
    let clean = try workshop.run("lanes", "clean")
    #expect(clean.status == 0)
    #expect(!test.root.exists("repo.lanes"), "\(clean.text)")
    for word in clean.text.split(separator: " ") where word.hasPrefix("refs/") {
      try test.git("rev-parse", "--verify", String(word.prefix { $0 != ";" && $0 != "\n" }))
    }
    let blobs = try test.git("rev-list", "--objects", "--all", "--filter=object:type=blob")
      .split(separator: "\n").compactMap { $0.split(separator: " ").first }
    let texts = try Set(blobs.map { try test.git("cat-file", "-p", String($0)) })
    #expect(texts.contains { $0.hasSuffix("# hidden") })
    #expect(try workshop.leftovers().isEmpty)
    #expect(try workshop.run("doctor", "--deep").status == 0)
  }

  /// Settings that keep git from seeing work are taken back before it is looked for.
  @Test func p4_whatIsUncommittedWhereHeadWasLeftElsewhereIsKept() throws {
    let workshop = try Workshop(
      features: Workshop.independent(6),
      agent: """
        echo f > f$id.txt; git add -A; git commit -qm f$id
        export GIT_SEQUENCE_EDITOR="sed -i 1s/pick/edit/" GIT_EDITOR=true
        case $id in
        1) git checkout -q --detach main; echo KEEP1 > loose.txt ;;
        2) git checkout -q --detach main; echo KEEP2 > loose.txt; git add -A ;;
        3) echo r > r.txt; git add -A; git commit -qm r; git rebase -q -i main; echo KEEP3 > loose.txt ;;
        4) git checkout -q main~0; echo KEEP4 > shared.txt ;;
        5) git checkout -q -b mine5 main; echo KEEP5 > loose.txt; git add -A; echo KEEP5b > loose.txt ;;
        6) git checkout -q --detach main; mkdir -p d; echo KEEP6 > d/loose.txt; echo 6 > g; git add g; git commit -qm g ;;
        esac
        """, configuration: "limits: {attempts: 1}")
    let run = try workshop.run("run", "--parallel", "2")
    let test = workshop.repository
    try test.git("reflog", "expire", "--expire=now", "--all")
    #expect(try workshop.run("lanes", "clean").status == 0)
    try test.git("gc", "-q", "--prune=now")
    let references = try test.git("for-each-ref", "--format=%(refname)").split(separator: "\n")
    let found = try test.git(["grep", "-h", "KEEP"] + references.map(String.init))
    for words in ["KEEP1", "KEEP2", "KEEP3", "KEEP4", "KEEP5", "KEEP5b", "KEEP6"] {
      #expect(found.split(separator: "\n").contains(Substring(words)), "\(words) \(run.text)")
    }
    #expect(try workshop.leftovers() == [])
  }
}
