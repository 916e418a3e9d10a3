import Foundation
import TestSupport
import Testing

/// `lanekeeper edit-hook claude` as an agent's program calls it, in lanes of a run.
@Suite(.bounded) struct EditHookTests {
  /// Shell functions that call the hook as Claude Code does and keep its answer.
  private static let prelude = """
    hook() { # EVENT TOOL INPUT NAME
      printf '{"hook_event_name":"%s","tool_name":"%s","cwd":"%s","tool_input":%s}' "$1" "$2" "$PWD" "$3" |
        \(Workshop.program) edit-hook claude > "$out.$4" 2> "$out.$4.err"
      echo $? >> "$out.$4.err"
    }
    out="$LANEKEEPER_REPOSITORY/../out$id"
    wait_for() { for i in $(seq 600); do test -e "$1" && return; sleep 0.05; done; exit 9; }

    """

  private func answer(_ shop: Workshop, _ name: String) throws -> (decision: String, reason: String)
  {
    let text = try shop.repository.root.read(name)
    let status = try shop.repository.root.read(name + ".err")
    #expect(status == "0\n", "\(name): \(status)")
    guard !text.isEmpty else { return ("pass", "") }
    let json =
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    if let reason = json["reason"] as? String { return (json["decision"] as? String ?? "", reason) }
    let inner = json["hookSpecificOutput"] as? [String: Any] ?? [:]
    #expect(inner["hookEventName"] as? String == "PreToolUse")
    return (
      inner["permissionDecision"] as? String ?? "",
      inner["permissionDecisionReason"] as? String ?? ""
    )
  }

  @Test func p2_theSecondIsRefusedBeforeItEdits() throws {
    let shop = try Workshop(
      features: Workshop.independent(2),
      agent: Self.prelude + """
        if [ $id = 1 ]; then
          hook PreToolUse Write '{"file_path":"'$PWD'/new.txt","content":"x"}' write
          hook PreToolUse NotebookEdit '{"notebook_path":"'$PWD'/n.ipynb"}' notebook
          touch "$LANEKEEPER_REPOSITORY/../claimed"
          wait_for "$LANEKEEPER_REPOSITORY/../done"
          echo one > new.txt; echo n > n.ipynb
        elif [ $LANEKEEPER_ATTEMPT != 1 ]; then
          # What it was refused is free now.
          echo own > own.txt
        else
          wait_for "$LANEKEEPER_REPOSITORY/../claimed"
          hook PreToolUse Edit '{"file_path":"'$PWD'/new.txt"}' edit
          hook PreToolUse MultiEdit '{"file_path":"'$PWD'/n.ipynb","edits":[]}' multi
          hook PreToolUse Bash '{"command":"echo x > new.txt"}' redirect
          hook PreToolUse Bash '{"command":"cat new.txt; ls"}' look
          hook PreToolUse Bash '{"command":"echo x > shell.txt"}' writes
          hook PreToolUse Write '{"file_path":"'$PWD'/lanekeeper.yml"}' frozen
          hook PreToolUse Write '{"file_path":"'$LANEKEEPER_REPOSITORY'/shared.txt"}' checkout
          for lane in "$LANEKEEPER_LANE"/../*; do
            test "$(realpath $lane)" = "$(realpath .)" && continue
            test -e $lane/.git && hook PreToolUse Write '{"file_path":"'$(realpath $lane)'/x.txt"}' lane
          done
          hook PreToolUse Write '{"file_path":"'$PWD'/.git/config"}' git
          hook PreToolUse Write '{"file_path":"/tmp/nothing-of-ours.txt"}' outside
          hook PreToolUse Read '{"file_path":"'$PWD'/new.txt"}' read
          hook PreToolUse Write '{"file_path":"'$PWD'/own.txt"}' own
          echo byshell > new.txt; echo fine > shell.txt
          hook PostToolUse Bash '{"command":"./script"}' after
          rm new.txt
          hook PostToolUse Bash '{"command":"rm new.txt"}' mended
          echo garbage | \(Workshop.program) edit-hook claude 2>/dev/null; echo $? > "$out.garbage"
          cd /; hook PreToolUse Edit '{"file_path":"'$LANEKEEPER_LANE'/new.txt"}' moved
          cd "$LANEKEEPER_LANE"; echo own > own.txt
          touch "$LANEKEEPER_REPOSITORY/../done"
        fi
        """)
    let result = try shop.run("run", "--parallel", "2")
    #expect(result.status == 0, "\(result.text) \(result.error)")
    for name in [
      "out1.write", "out1.notebook", "out2.look", "out2.outside", "out2.read", "out2.own",
      "out2.mended", "out2.writes",
    ] {
      #expect(try answer(shop, name).decision == "pass", "\(name)")
    }
    for name in ["out2.edit", "out2.multi", "out2.redirect", "out2.moved"] {
      let (decision, reason) = try answer(shop, name)
      #expect(decision == "deny", "\(name)")
      #expect(reason.contains("feature #1 \"Feature 1\" (agent-"), "\(reason)")
      #expect(reason.contains("wait_for_file") && reason.contains("end here"), "\(reason)")
    }
    #expect(try answer(shop, "out2.frozen").reason.contains("frozen"))
    for name in ["out2.checkout", "out2.lane"] {
      let (decision, reason) = try answer(shop, name)
      #expect(decision == "deny" && reason.contains("not your lane"), "\(reason)")
    }
    #expect(try answer(shop, "out2.git").decision == "deny")
    let after = try answer(shop, "out2.after")
    #expect(after.decision == "block" && after.reason.contains("new.txt"))
    #expect(after.reason.contains("git restore"))
    #expect(try shop.repository.root.read("out2.garbage") == "2\n")
    #expect(try shop.landed().sorted() == ["1", "2"])
    #expect(try shop.repository.read("new.txt") == "one\n")
    #expect(try shop.leftovers() == [])
  }

  @Test func outsideALaneItSaysNothing() throws {
    let shop = try Workshop(features: Workshop.independent(1), agent: "true")
    let input =
      #"{"hook_event_name":"PreToolUse","tool_name":"Write","tool_input":{"file_path":"x"}}"#
    for directory in [shop.repository.path, "/"] {
      let result = try TestProgram.run(
        [Workshop.program, "edit-hook", "claude"], directory: directory,
        environment: shop.environment, input: Array(input.utf8))
      #expect(result.status == 0 && result.output.isEmpty, "\(result.error)")
    }
  }
}
