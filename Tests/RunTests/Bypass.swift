import Testing

/// One way round the claims that an agent may try.
struct Bypass: Sendable, CustomTestStringConvertible {
  /// Where it ends.
  enum End: Sendable {
    /// The hooks refuse it: no branch has the change.
    case atTheCommit
    /// With the hooks switched off it gets onto the lane's own branch; the landing sends it back.
    case atTheLanding
    /// With the hooks switched off the target is moved: it is noticed, and nothing lands on it.
    case targetHeld
    /// It succeeds in something that harms nobody, and nothing held changes.
    case harmless
  }
  let name: String
  let end: End
  /// A shell script, run in lane 1. `$MAIN` is the user's checkout, `$LANE2` the other lane.
  let script: String

  init(_ name: String, _ end: End, _ script: String) {
    self.name = name
    self.end = end
    self.script = script
  }

  var testDescription: String { name }

  /// Makes a commit object on the lane's tip that changes `held.txt`, in `$C`.
  private static let forge = """
    echo x > held.txt; git add held.txt; T=$(git write-tree); git reset -q --hard
    C=$(git commit-tree -p HEAD -m forged $T)

    """
  private static let off = "git -c core.hooksPath=/dev/null"

  static let all: [Bypass] = [
    // What git itself offers.
    Bypass("--no-verify", .atTheCommit, "echo x > held.txt; git commit -qam x --no-verify"),
    Bypass("commit -a", .atTheCommit, "echo x > held.txt; git commit -qam x"),
    Bypass("commit FILE", .atTheCommit, "echo x > held.txt; git commit -qm x held.txt"),
    Bypass(
      "amend", .atTheCommit,
      "echo x > free.txt; git commit -qam x; echo x > held.txt; git commit -qa --amend --no-verify -m y"
    ),
    Bypass(
      "an empty environment", .atTheCommit,
      "echo x > held.txt; env -i PATH=\"$PATH\" git -c user.name=a -c user.email=a@b.c commit -qam x"
    ),
    Bypass(
      "another GIT_INDEX_FILE", .atTheCommit,
      """
      export GIT_INDEX_FILE="$SCRATCH/index"; git read-tree HEAD
      echo x > held.txt; git add held.txt; git commit -qm x
      """),
    Bypass("commit-tree and update-ref", .atTheCommit, forge + "git update-ref HEAD $C"),
    Bypass("reset to a forged commit", .atTheCommit, forge + "git reset -q --soft $C"),
    Bypass(
      "branch -f", .atTheCommit, forge + "git checkout -q --detach; git branch -f lane/1-feature $C"
    ),
    Bypass(
      "fast-import", .atTheCommit,
      """
      printf 'commit refs/heads/lane/1-feature\\ncommitter a <a@b.c> 1 +0000\\ndata 1\\nx\\nfrom %s\\nM 100644 inline held.txt\\ndata 1\\ny\\n' "$(git rev-parse HEAD)" | git fast-import --quiet
      """),
    Bypass("cherry-pick", .atTheCommit, forge + "git cherry-pick $C"),
    Bypass("rebase onto it", .atTheCommit, forge + "git rebase -q $C"),
    Bypass("merge", .atTheCommit, forge + "git merge -q --no-ff -m m $C"),
    Bypass("fast-forward", .atTheCommit, forge + "git merge -q --ff-only $C"),
    Bypass("pull from itself", .atTheCommit, forge + "git tag t $C; git pull -q . t"),
    Bypass("am", .atTheCommit, forge + "git format-patch -1 --stdout $C | git am -q"),
    Bypass("revert", .atTheCommit, "git revert --no-edit HEAD"),
    Bypass(
      "filter-branch", .atTheCommit,
      """
      echo x > free.txt; git commit -qam x
      FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f --index-filter \
      'git rm -q --cached held.txt' HEAD~1..HEAD
      """),
    // Names and kinds.
    Bypass("rename from it", .atTheCommit, "git mv held.txt mine.txt; git commit -qm x"),
    Bypass("rename onto it", .atTheCommit, "git mv -f free.txt held.txt; git commit -qm x"),
    Bypass("rename the directory", .atTheCommit, "git mv dir mine2; git commit -qm x"),
    Bypass(
      "copy and delete", .atTheCommit,
      "cp held.txt y.txt; git rm -q held.txt; git add -A; git commit -qm x"),
    Bypass("delete", .atTheCommit, "git rm -q held.txt; git commit -qm x"),
    Bypass("change the mode", .atTheCommit, "chmod +x held.txt; git commit -qam x"),
    Bypass("a link in its place", .atTheCommit, "ln -sf free.txt held.txt; git commit -qam x"),
    Bypass(
      "a directory in its place", .atTheCommit,
      "git rm -q held.txt; mkdir held.txt; echo x > held.txt/x; git add -A; git commit -qm x"),
    Bypass(
      "a linked directory", .atTheCommit,
      "ln -s dir alias; git add alias; echo x > alias/held.txt; git commit -qam x"),
    Bypass(
      "a link in place of the directory", .atTheCommit,
      "rm -r dir; ln -s mine dir; git add -A; git commit -qm x"),
    Bypass(
      "a submodule below it", .atTheCommit,
      "git update-index --add --cacheinfo 160000,$BASE,dir/sub; git commit -qm x"),
    Bypass(
      "a submodule in its place", .atTheCommit,
      "git rm -q held.txt; git update-index --add --cacheinfo 160000,$BASE,held.txt; git commit -qm x"
    ),
    Bypass("another case", .harmless, "echo x > HELD.TXT; git add -A; git commit -qm x"),
    Bypass(
      "another case with core.ignorecase", .harmless,
      "git config core.ignorecase true; echo x > Held.txt; git add -A; git commit -qm x"),
    Bypass(
      "another Unicode form with core.precomposeunicode", .harmless,
      "git config core.precomposeunicode true; printf x > \"$(printf 'u\\314\\210.txt')\"; git add -A; git commit -qm x"
    ),
    Bypass(
      "another Unicode form", .harmless,
      "printf x > \"$(printf 'u\\314\\210.txt')\"; printf y > \"$(printf '\\303\\274.txt')\"; git add -A; git commit -qm x"
    ),
    // Other lanes and the user's checkout.
    Bypass(
      "GIT_DIR of another lane", .atTheCommit,
      "echo x > held.txt; GIT_DIR=\"$MAIN/.git/worktrees/lane-2\" GIT_WORK_TREE=. git commit -qam x"
    ),
    Bypass(
      "GIT_COMMON_DIR and a copied git directory", .atTheCommit,
      """
      cp -R "$MAIN/.git/worktrees/lane-1" "$SCRATCH/fake"; echo x > held.txt
      GIT_DIR="$SCRATCH/fake" GIT_COMMON_DIR="$MAIN/.git" GIT_WORK_TREE=. git commit -qam x
      GIT_DIR="$SCRATCH/fake" GIT_COMMON_DIR="$MAIN/.git" git update-ref refs/heads/main HEAD
      """),
    Bypass(
      "another lane's files by absolute path, and its commit", .atTheCommit,
      "echo x > \"$LANE2/held.txt\"; git -C \"$LANE2\" commit -qam x"),
    Bypass(
      "git -C into the user's checkout", .atTheCommit,
      "echo x > \"$MAIN/held.txt\"; git -C \"$MAIN\" commit -qam x; git -C \"$MAIN\" commit -qam x -n"
    ),
    Bypass(
      "--git-dir of the user's checkout", .atTheCommit,
      "echo x > held.txt; git --git-dir=\"$MAIN/.git\" --work-tree=. commit -qam x"),
    Bypass(
      "another lane's branch", .atTheCommit, forge + "git update-ref refs/heads/lane/2-feature $C"),
    Bypass(
      "a push to another lane", .atTheCommit, forge + "git push -q . $C:refs/heads/lane/2-feature"),
    Bypass("the target by update-ref", .atTheCommit, forge + "git update-ref refs/heads/main $C"),
    Bypass("the target by fetch", .atTheCommit, forge + "git fetch -q -u . $C:refs/heads/main"),
    Bypass("the target by push", .atTheCommit, forge + "git push -q \"$MAIN\" $C:main"),
    Bypass(
      "the target by push with the hooks off", .atTheCommit,
      forge
        + "git -C \"$MAIN\" config receive.denyCurrentBranch ignore; \(off) push -q \"$MAIN\" $C:main"
    ),
    Bypass(
      "HEAD set to the target", .atTheCommit,
      "git symbolic-ref HEAD refs/heads/main; echo x > held.txt; git commit -qam x -n"),
    Bypass(
      "a worktree of its own", .atTheCommit,
      """
      git worktree add -q --detach "$SCRATCH/rogue"; cd "$SCRATCH/rogue"; echo x > held.txt
      git commit -qam x; git update-ref refs/heads/main HEAD; git branch rogue
      """),
    Bypass(
      "a worktree that calls itself a lane", .atTheCommit,
      """
      git worktree add -q --detach "$SCRATCH/lane-9"; cd "$SCRATCH/lane-9"; echo x > held.txt
      git commit -qam x; git update-ref refs/heads/lane/1-feature HEAD
      """),
    Bypass(
      "a detached HEAD", .atTheCommit,
      "git checkout -q --detach; echo x > held.txt; git commit -qam x -n; git branch -f lane/1-feature HEAD"
    ),
    Bypass(
      "a branch of its own", .atTheCommit,
      "git switch -q -c other; echo x > held.txt; git commit -qam x"),
    Bypass("the stash", .atTheCommit, "echo x > held.txt; git stash -q"),
    Bypass(
      "another lane's work by its stash", .atTheCommit,
      """
      echo x > "$LANE2/held.txt"; \(off) -C "$LANE2" stash -q && \(off) stash pop -q
      grep -q x held.txt || echo 'PASSED: nothing to commit'
      git commit -qam x
      """),
    Bypass("replace", .atTheCommit, forge + "git replace HEAD $C"),
    Bypass(
      "a reference of Lanekeeper's own", .atTheCommit,
      forge + "git update-ref refs/lanekeeper/landing/1 $C"),
    // Processes and files.
    Bypass(
      "a daemonised child that commits later", .atTheCommit,
      "(setsid sh -c 'sleep 0.3; echo x > held.txt; git commit -qam late -n' >> \"$SCRATCH/late\" 2>&1 &); sleep 0.6; cat \"$SCRATCH/late\""
    ),
    Bypass(
      "deleting the state file", .atTheCommit,
      "rm -f \"$MAIN\"/.git/lanekeeper/state.sqlite*; echo x > held.txt; git commit -qam x"),
    Bypass(
      "the shared git config", .atTheCommit,
      "git config core.hooksPath /dev/null; echo x > held.txt; git commit -qam x"),
    Bypass(
      "the shared git config and an empty environment", .atTheCommit,
      """
      git config core.hooksPath /dev/null; echo x > held.txt
      env -i PATH="$PATH" git -c user.name=a -c user.email=a@b.c commit -qam x
      """),
    Bypass(
      "moving its lane", .atTheCommit,
      "git worktree move . \"$SCRATCH/elsewhere\"; cd \"$SCRATCH/elsewhere\"; echo x > held.txt; git commit -qam x"
    ),
    Bypass(
      "an old generation", .atTheCommit,
      "echo x > late.txt; git add -A; git commit -qm x"),
    Bypass(
      "a person's commands", .harmless,
      """
      for words in 'land' 'land --accept-target' 'review 1 --approve' 'abandon 2' 'release held.txt' \
        'hooks uninstall' 'stop' 'retry 2' 'undo 2'; do
        "$LANEKEEPER" $words --project-dir "$MAIN" && echo "PASSED: $words"
      done
      """),
    Bypass(
      "claiming for another", .harmless,
      "\"$LANEKEEPER\" claim mine/free.txt --feature 2 && echo 'PASSED: claim'; \"$LANEKEEPER\" release held.txt && echo 'PASSED: release'"
    ),
    Bypass(
      "forged trailers", .harmless,
      """
      echo x > free.txt
      git commit -qam "work

      Feature: 2
      Gate: make test
      Reviewed-by: Somebody <a@b.c>
      Lane-Feature: 2"
      """),
    // With the hooks switched off: the landing looks at the real difference.
    Bypass("-c core.hooksPath=", .atTheLanding, "echo x > held.txt; \(off) commit -qam x"),
    Bypass(
      "core.hooksPath by environment", .atTheLanding,
      """
      echo x > held.txt
      GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null git commit -qam x
      """),
    Bypass(
      "a setting behind ours and an empty environment", .atTheLanding,
      """
      printf '[core]\\n\\thooksPath = /dev/null\\n' >> "$MAIN/.git/config"; echo x > held.txt
      env -i PATH="$PATH" git -c user.name=a -c user.email=a@b.c commit -qam x
      """),
    Bypass(
      "deleting the hooks", .atTheLanding,
      "rm -rf \"$MAIN/.git/lanekeeper/hooks\"; echo x > held.txt; git commit -qam x"),
    Bypass(
      "its branch's file by hand", .atTheLanding,
      forge + "echo $C > \"$MAIN/.git/refs/heads/lane/1-feature\"; git reset -q --hard"),
    Bypass(
      "frozen paths", .atTheLanding,
      "echo 'gate: \"true\"' > lanekeeper.yml; git add -A; \(off) commit -qm x"),
    Bypass(
      "its branch with held paths reached by a rename", .atTheLanding,
      "git mv dir moved; \(off) commit -qm x"),
    Bypass(
      "a false git in front", .atTheCommit,
      """
      mkdir "$SCRATCH/bin"; printf '#!/bin/sh\\nexit 0\\n' > "$SCRATCH/bin/git"; chmod +x "$SCRATCH/bin/git"
      real=$(command -v git); echo x > held.txt; "$real" add held.txt
      cp -R "$("$real" --exec-path)" "$SCRATCH/exec"; cp "$SCRATCH/bin/git" "$SCRATCH/exec/git"
      PATH="$SCRATCH/bin:$PATH" "$real" --exec-path="$SCRATCH/exec" commit -qm x
      """),
    // The target itself, with the hooks switched off.
    Bypass(
      "the target's file by hand", .targetHeld, forge + "echo $C > \"$MAIN/.git/refs/heads/main\""),
    Bypass(
      "the target by update-ref with the hooks off", .targetHeld,
      forge + "\(off) update-ref refs/heads/main $C"),
    Bypass(
      "its own commits on the target", .targetHeld,
      "echo x > free.txt; git commit -qam x; \(off) update-ref refs/heads/main HEAD"),
    Bypass(
      "a commit in the user's checkout with the hooks off", .targetHeld,
      "echo x > \"$MAIN/held.txt\"; \(off) -C \"$MAIN\" commit -qam x"),
    Bypass(
      "packed-refs by hand", .targetHeld,
      forge + """
        git pack-refs --all; rm -f "$MAIN/.git/refs/heads/main"
        sed -i "s|^[0-9a-f]* refs/heads/main$|$C refs/heads/main|" "$MAIN/.git/packed-refs"
        """),
    Bypass(
      "the target set back", .targetHeld,
      "\(off) update-ref refs/heads/main $BASE~1; echo x > free.txt; git commit -qam x"),
  ]
}
