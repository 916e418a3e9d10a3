import Foundation
import TestSupport
import Testing

@testable import MCP

@Suite(.bounded) struct ShellWritesTests {
  @Test(
    arguments: [
      ("echo hi > a.txt", ["a.txt"]), ("echo hi>>a.txt 2>err.log", ["a.txt", "err.log"]),
      ("cat <in.txt | tee -a out.txt >/dev/null", ["out.txt"]), ("ls 2>&1", []),
      ("cmd &> all.log", ["all.log"]),
      ("sed -i 's/a/b/' x.py y.py", ["x.py", "y.py"]), ("sed 's/a/b/' x.py", []),
      ("rm -rf build && mv a 'b c'", ["build", "a", "b c"]), ("cp a b dir/c", ["dir/c"]),
      ("git rm -q old.txt", ["old.txt"]), ("git mv a b; git status", ["a", "b"]),
      ("cd sub && touch x", ["sub/x"]), ("cd sub; cd deep; touch x", ["sub/deep/x"]),
      ("cd $HOME && touch x", []), ("touch $FILE \"$X\" '$y'", ["$y"]), ("A=1 sudo touch z", ["z"]),
      ("echo \"a > b\"", []), ("(touch in)", ["in"]), ("touch a\\ b", ["a b"]), ("", []), (">", []),
      ("echo 'open", []), ("python3 -c 'open(1)'", []),
    ] as [(String, [String])])
  func finds(_ command: String, _ expected: [String]) {
    let found = ShellWrites.targets(of: command).map {
      $0.directory.isEmpty ? $0.path : $0.directory + "/" + $0.path
    }
    #expect(found == expected)
  }

  @Test func fuzz_noCommandBreaksIt() {
    let count = Int(ProcessInfo.processInfo.environment["LANEKEEPER_FUZZ"] ?? "") ?? 5000
    var random = SplitMix64(seed: 4)
    let pieces = [
      ">", ">>", "&", "|", ";", "'", "\"", "\\", " ", "a", "cd", "rm", "$x", "\n", "2", "sed", "-i",
      "ä", "{", "(",
    ]
    for _ in 0..<count {
      let text = (0..<random.below(20)).map { _ in pieces[random.below(pieces.count)] }.joined()
      for target in ShellWrites.targets(of: text) { #expect(!target.path.isEmpty) }
    }
  }
}
