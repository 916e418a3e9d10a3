import Foundation
import TestSupport
import Testing

/// A whole day with a real project: a calculator in C that its gate builds from scratch. The transcript
/// stands in `docs/make.md`; `LANEKEEPER_RECORD=1` writes it there.
@Suite(.bounded) struct AcceptanceTests {
  private static let makefile = """
    CFLAGS = -std=c99 -Wall -Wextra -Werror
    objects = $(patsubst src/%.c,build/%.o,$(wildcard src/*.c))

    build/calc: $(objects)
    \t$(CC) -o $@ $(objects)

    build/%.o: src/%.c build/ops.h
    \t$(CC) $(CFLAGS) -Ibuild -Isrc -c -o $@ $<

    # One line for each file src/op_NAME.c.
    build/ops.h: $(wildcard src/op_*.c)
    \t@mkdir -p build
    \t@for file in $(notdir $(basename $^)); do echo "OP($$file)"; done > $@

    .PHONY: test clean
    test: build/calc ## build it and run every test
    \t@sh tests/run.sh

    clean: ## remove what was built
    \trm -rf build

    """

  private static let files: [String: String] = [
    "Makefile": makefile, ".gitignore": "build/\n",
    "src/calc.h": """
    struct op { const char *name; long (*run)(long, long); };

    """,
    "src/main.c": """
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include "calc.h"
    #define OP(name) extern const struct op name;
    #include "ops.h"
    #undef OP

    static const struct op *const ops[] = {
    #define OP(name) &name,
    #include "ops.h"
      0};

    int main(int count, char **words) {
      for (int i = 0; ops[i] && count == 4; i++)
        if (strcmp(ops[i]->name, words[1]) == 0) {
          printf("%ld\\n", ops[i]->run(atol(words[2]), atol(words[3])));
          return 0;
        }
      fprintf(stderr, "usage: calc OPERATION A B\\n");
      return 2;
    }

    """,
    "src/op_add.c": """
    #include "calc.h"

    static long add(long a, long b) { return a + b; }
    const struct op op_add = {"add", add};

    """,
    "tests/add": "add 2 3 5\n",
    "tests/run.sh": """
    failed=0
    for file in tests/*; do
      [ "$file" = tests/run.sh ] && continue
      while read -r op a b want; do
        got=$(build/calc "$op" "$a" "$b")
        [ "$got" = "$want" ] || { echo "$op $a $b: $got, not $want"; failed=1; }
      done < "$file"
    done
    exit $failed

    """,
  ]

  private static let features = """
    features:
      - id: 1
        title: Multiply
        steps: ["calc mul 6 7 prints 42"]
      - id: 2
        title: Divide
        steps: ["calc div 42 7 prints 6", "division by zero prints 0"]
      - id: 3
        title: Power
        steps: ["calc pow 2 10 prints 1024"]
        depends_on: [1]
      - id: 4
        title: Square root
        steps: ["calc root 17 0 prints 4"]

    """

  /// Plays the agent: writes the files of a feature, and does what a reviewer asked for.
  private static let agent = #"""
    op() {
      printf '#include "calc.h"\n\nstatic long run(long a, long b) {\n%s\n}\nconst struct op op_%s = {"%s", run};\n' \
        "$2" "$1" "$1" > src/op_$1.c
    }
    # One after the other, so that the transcript is the same each time.
    n=0; while [ ! -e ../../go-$id ] && [ $n -lt 1200 ]; do sleep 0.1; n=$((n + 1)); done
    case $id in
    1) op mul '  return a * b;'; echo 'mul 6 7 42' > tests/mul ;;
    2) case "$prompt" in
       *"src/op_div.c:4:"*) op div '  return b ? a / b : 0;'; printf 'div 42 7 6\ndiv 1 0 0\n' > tests/div ;;
       *) op div '  return a / b;'; echo 'div 42 7 6' > tests/div ;;
       esac ;;
    3) op pow '  long power = 1;
      while (b-- > 0) power *= a;
      return power;'; echo 'pow 2 10 1024' > tests/pow ;;
    4) op root '  (void)b;
      long root = 0;
      while ((root + 1) * (root + 1) <= a) root++;
      return root;'; echo 'root 17 0 4' > tests/root ;;
    esac
    """#

  @Test func aDayWithMake() throws {
    var shop = try Workshop(features: Self.features, agent: Self.agent)
    let path = shop.repository.path
    try shop.repository.git("rm", "-q", "check.sh", "shared.txt")
    for (name, text) in Self.files { try shop.repository.write(name, text) }
    let settings = try shop.repository.read("lanekeeper.yml")
    try FileManager.default.removeItem(atPath: path + "/lanekeeper.yml")
    try FileManager.default.removeItem(atPath: path + "/features.yml")
    try shop.repository.commit("A calculator")
    shop.environment["PATH"] =
      (Workshop.program as NSString).deletingLastPathComponent + ":" + shop.environment["PATH"]!
    shop.environment["PAGER"] = "cat"
    var transcript = Transcript(shop: shop)

    try transcript.say("lanekeeper init")
    try shop.repository.write("features.yml", Self.features)
    try shop.repository.write(
      "lanekeeper.yml",
      settings.replacing("gate: make test", with: "gate: rm -rf build && make -j test")
        .replacing("agent:", with: "review: required\nagent:"))
    try transcript.say("git add -A && git commit -q -m 'Lanekeeper'")
    try transcript.say("make help")

    let build = try RunningProgram(
      ["make", "-j3", "-O", "features"], directory: path, environment: shop.environment,
      output: shop.repository.root.path("out"))
    func said(_ words: String) throws -> Bool {
      try eventually { try shop.repository.root.read("out").contains(words) }
    }
    #expect(try eventually { try shop.trace().count == 3 })
    for id in ["1", "2", "4"] {
      try shop.repository.root.write("go-\(id)", "")
      #expect(try said("make approve-\(id)"))
    }
    try shop.repository.root.write("go-3", "")
    #expect(try waiting(shop) == ["1", "2", "4"])
    transcript.note("In a second terminal, once the agents are done:")
    try transcript.say("make review")
    try transcript.say("make review-2")
    try transcript.say(
      "lanekeeper review 2 --at src/op_div.c:4 'division by zero ends the program; print 0 and test it'"
    )
    #expect(
      try eventually {
        try shop.repository.root.read("out").components(separatedBy: "make approve-2").count == 3
      })
    try transcript.say("make approve-1")
    #expect(try said("make approve-3"))
    try transcript.say("make review-2")
    for id in ["2", "3", "4"] {
      if id != "2" { _ = try shop.run("review", id) }
      try transcript.say("make approve-\(id)")
      #expect(try said("Feature #\(id) landed"))
    }
    #expect(build.wait() == 0)
    let output = try shop.repository.root.read("out")
    transcript.note("Meanwhile, in the first terminal:")
    transcript.add("make -j3 -O features", output)
    try transcript.say("lanekeeper undo 4")
    try transcript.say("rm -rf build && make test && build/calc div 1 0 && ls src")
    try transcript.say("git log --graph --format='%h %s%n%(trailers:key=Reviewed-by)'")
    try transcript.say("make -j3 features")

    #expect(try shop.landed() == ["1", "2", "3", "4"])
    #expect(!shop.repository.root.exists("repo/src/op_root.c"))
    #expect(try shop.repository.read("tests/div") == "div 42 7 6\ndiv 1 0 0\n")
    #expect(!output.contains("jobserver"), "\(output)")
    #expect(try shop.leftovers() == [])
    try transcript.compare()
  }

  private func waiting(_ shop: Workshop) throws -> [String] {
    let features = try shop.json("status")["features"] as? [[String: Any]] ?? []
    return features.filter { $0["state"] as? String == "in_review" }
      .compactMap { $0["id"] as? String }
  }
}

/// Commands and what they printed, with what differs from day to day replaced.
private struct Transcript {
  let shop: Workshop
  private var text = ""
  private var commits: [Substring: String] = [:]

  init(shop: Workshop) { self.shop = shop }

  mutating func note(_ words: String) { text += "\n# \(words)\n" }

  /// Runs a command in a shell and takes down what it printed.
  mutating func say(_ command: String) throws {
    let result = try TestProgram.run(
      ["sh", "-c", command + " 2>&1"], directory: shop.repository.path,
      environment: shop.environment)
    #expect(result.status == 0, "\(command): \(result.text)")
    add(command, result.text)
  }

  mutating func add(_ command: String, _ output: String) {
    text += "\n$ \(command)\n\(scrubbed(output))"
    while text.hasSuffix("\n") { text.removeLast() }
    text += "\n"
  }

  private mutating func scrubbed(_ output: String) -> String {
    var output = output.replacing(shop.repository.root.path + "/repo", with: "/home/ruth/calc")
      .replacing(shop.repository.root.path, with: "/home/ruth")
      .replacing(/[0-9]+\.[0-9]s|[0-9]+m [0-9]+s/, with: "4.2s")
      .replacing(/agent-[0-9]/, with: "agent-N")
      .replacing(/20[0-9-]+T[0-9:.]+Z/, with: "2026-12-01T09:30:00Z")
    for match in output.matches(of: /\b[0-9a-f]{7,40}\b/).map(\.output)
    where match.contains(where: { $0 != "0" }) {
      let key = match.prefix(7)
      if commits[key] == nil {
        // As short as git writes them, and the same each time.
        let number = UInt32(commits.count + 1) &* 2_654_435_761
        commits[key] = String(String(format: "%08x", number).prefix(7))
      }
    }
    for (old, new) in commits {
      output = output.replacing(
        try! Regex("\\b\(old)[0-9a-f]*\\b"), with: new)
    }
    return output.split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in
        var line = line
        while line.last == " " { line.removeLast() }
        return String(line)
      }.joined(separator: "\n")
  }

  /// Compares with what stands in the documentation.
  func compare() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/make.md").standardizedFileURL
    let document = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(document.range(of: "<!-- transcript -->\n"))
    let end = try #require(document.range(of: "<!-- /transcript -->"))
    let block = "```console\n\(text.drop { $0 == "\n" })```\n"
    guard document[start.upperBound..<end.lowerBound] != block else { return }
    if ProcessInfo.processInfo.environment["LANEKEEPER_RECORD"] != nil {
      var document = document
      document.replaceSubrange(start.upperBound..<end.lowerBound, with: block)
      try Data(document.utf8).write(to: file)
    } else {
      let actual = shop.repository.root.path("transcript")
      try Data(block.utf8).write(to: URL(fileURLWithPath: actual))
      let old = shop.repository.root.path("documented")
      try Data(String(document[start.upperBound..<end.lowerBound]).utf8)
        .write(to: URL(fileURLWithPath: old))
      let difference = try TestProgram.run(
        ["diff", "-u", old, actual], directory: "/", environment: shop.environment)
      Issue.record("docs/make.md shows another transcript:\n\(difference.text)")
    }
  }
}
