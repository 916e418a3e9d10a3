"""Lands 500 branches over a repository of 20,000 files without a gate, and by git's own two ways.

All land the same branches, one after the other, in a copy of the same repository:

- `git merge --no-ff`, in a checkout of the target;
- `git merge-tree`, `git commit-tree` and `git update-ref`, in a bare repository, in one shell;
- ours, beside it, without a checkout of the target, and with one that follows each landing.

The trees that come out are compared; they must be the same. The landing queue is filled by writing into
the state file what 500 finished attempts leave there.
"""

import os
import shutil
import sqlite3
import subprocess
import time

from .support import figure, git, median

FILES = (20, 20, 50)  # directories, directories in each, files in each of these


def measure(bench):
    count = bench.rounds(500, 100)
    with bench.scratch() as directory:
        environment = bench.environment(directory)
        source = directory / "source"
        make_repository(source, environment, count)
        ways = {
            "plumbing": lambda place: plumbing(place, source, environment, count),
            "merge": lambda place: porcelain(place, source, environment, count),
            "ours": lambda place: ours(bench, place, source, environment, count, checkout=False),
            "following": lambda place: ours(bench, place, source, environment, count, checkout=True),
            "few": lambda place: ours(bench, place, source, environment, count // 10, checkout=False),
        }
        took = {name: [] for name in ways}
        memory = {name: [] for name in ways}
        trees = set()
        for number in range(bench.rounds(3, 1)):
            for name, land in ways.items():
                place = directory / f"{name}-{number}"
                seconds, kilobytes, tree = land(place)
                took[name].append(seconds)
                memory[name].append(kilobytes / 1024)
                if name != "few":
                    trees.add(tree)
                shutil.rmtree(place)
        if len(trees) != 1:
            raise RuntimeError(f"the ways do not give the same tree: {trees}")
    took = {name: median(values) for name, values in took.items()}
    better = min(("plumbing", "merge"), key=took.get)
    names = {"plumbing": "merge-tree, commit-tree, update-ref", "merge": "git merge --no-ff"}
    per = 1000 / count
    yield figure(
        f"landing one of {count} branches, beside the better: {names[better]}",
        took["ours"] * per, took[better] * per, goal=1 / 3, unit="ms",
    )
    for name, words in names.items():
        yield figure(f"landing one of {count} branches, beside {words}", took["ours"] * per, took[name] * per, unit="ms")
    yield figure(
        f"the same with a checkout that follows, beside {names['merge']}",
        took["following"] * per, took["merge"] * per, unit="ms",
    )
    yield figure(
        f"memory for {count} landings, beside {count // 10}",
        median(memory["ours"]), median(memory["few"]), goal=1.25, unit="MB",
    )


def make_repository(source, environment, count):
    """Makes 20,000 files in one commit, and branches that each change a file and add one."""
    source.mkdir()
    git(source, environment, "init", "-q", "--bare", "-b", "main")
    stream = subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=source, env=environment, stdin=subprocess.PIPE
    )

    def write(text):
        stream.stdin.write(text.encode())

    def file(path, text):
        write(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")

    def commit(branch, message, time, parent=None):
        write(f"commit refs/heads/{branch}\n")
        if parent is None:
            write("mark :1\n")
        write(f"committer Bench <bench@localhost> {time} +0000\ndata {len(message)}\n{message}\n")
        if parent:
            write(f"from {parent}\n")

    commit("main", "base", 1700000000)
    for outer in range(FILES[0]):
        for inner in range(FILES[1]):
            for number in range(FILES[2]):
                file(path_of(outer, inner, number), f"file {outer} {inner} {number}\n" * 5)
    for number in range(1, count + 1):
        commit(branch_of(number), f"Feature {number}\n\nLane-Feature: {number}\n", 1700000000 + number, ":1")
        for path in paths_of(number):
            file(path, f"feature {number}\n")
    stream.stdin.close()
    if stream.wait() != 0:
        raise RuntimeError("git fast-import failed")


def path_of(outer, inner, number):
    return f"src/d{outer:02}/s{inner:02}/f{number:02}.txt"


def branch_of(number):
    return f"lane/{number}-feature-{number}"


def paths_of(number):
    """A file that was there and a new one, in two directories; no two features share a file."""
    outer, inner = number % FILES[0], number // FILES[0] % FILES[1]
    index = (number + number // (FILES[0] * FILES[1])) % FILES[2]
    return [path_of(outer, inner, index), f"src/d{outer:02}/new/feature-{number}.txt"]


def loop(place, environment, count, body):
    """Runs a shell that does the same for each branch; returns its time and its children's memory."""
    script = 'set -e; n=0; while [ "$n" -lt "$COUNT" ]; do n=$((n + 1)); b=lane/$n-feature-$n; ' + body + "; done"
    return timed(["sh", "-c", script], place, {**environment, "COUNT": str(count)})


def timed(command, place, environment):
    """Returns seconds and the greatest resident memory, in kilobytes."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    elapsed = time.perf_counter() - start
    if process.returncode != 0:
        raise RuntimeError(f"{command[:2]} ended with {process.returncode}: {output[-2000:]}")
    return elapsed, usage.ru_maxrss


def tree(place, environment):
    return git(place, environment, "rev-parse", "main^{tree}").strip()


def plumbing(place, source, environment, count):
    shutil.copytree(source, place)
    elapsed, memory = loop(
        place, environment, count,
        'old=$(git rev-parse main); tree=$(git merge-tree --write-tree "$old" "$b"); '
        'new=$(git commit-tree "$tree" -p "$old" -p "$b" -m "Merge $b"); '
        'git update-ref refs/heads/main "$new" "$old"',
    )
    return elapsed, memory, tree(place, environment)


def porcelain(place, source, environment, count):
    checked_out(place, source, environment)
    elapsed, memory = loop(place, environment, count, 'git merge -q --no-ff -m "Merge $b" "$b"')
    return elapsed, memory, tree(place, environment)


def checked_out(place, source, environment):
    place.mkdir()
    shutil.copytree(source, place / ".git")
    git(place, environment, "config", "core.bare", "false")
    git(place, environment, "checkout", "-q", "-f", "main")


def ours(bench, place, source, environment, count, checkout):
    checked_out(place, source, environment)
    features = "".join(f"  - {{id: {n}, title: Feature {n}}}\n" for n in range(1, count + 1))
    (place / "features.yml").write_text("features:\n" + features)
    (place / "lanekeeper.yml").write_text('gate: ""\nagent: command\nagents: {command: {run: "true"}}\n')
    # Makes the state file with the backlog in it.
    (place / ".git" / "lanekeeper" / "locks").mkdir(parents=True)
    subprocess.run([bench.program, "doctor", "--repair"], cwd=place, env=environment, capture_output=True)
    fill_queue(place / ".git" / "lanekeeper" / "state.sqlite", place, environment, count)
    if not checkout:
        git(place, environment, "checkout", "-q", "--detach")
    elapsed, memory = timed([bench.program, "land"], place, environment)
    state = subprocess.run(
        [bench.program, "status"], cwd=place, env=environment, capture_output=True, text=True, check=True
    ).stdout
    if f"{count} of {count} features landed" not in state:
        raise RuntimeError("not everything landed: " + state[:2000])
    if checkout and git(place, environment, "status", "--porcelain", "-uno"):
        raise RuntimeError("the checkout did not follow")
    return elapsed, memory, tree(place, environment)


def fill_queue(file, place, environment, count):
    tips = dict(
        line.split()
        for line in git(
            place, environment, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/lane"
        ).splitlines()
    )
    base = git(place, environment, "rev-parse", "main").strip()
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    for number in range(1, count + 1):
        branch = f"refs/heads/{branch_of(number)}"
        database.execute(
            "UPDATE features SET state = 'queued', branch = ?, tip = ?, attempts = 1, failures = 0, rework = NULL WHERE id = ?",
            (branch, tips[branch], str(number)),
        )
        database.execute(
            "INSERT INTO attempts(feature, number, participant, slot, slot_held, agent, lane, tier, model_name, choice, "
            "mark, base, tip, state, started_at, ended_at) "
            "VALUES (?, 1, 'p', 1, 0, 'agent-1', 1, 'haiku', 'haiku', '', 'm', ?, ?, 'completed', ?, ?)",
            (str(number), base, tips[branch], number, number),
        )
        for path in paths_of(number):
            database.execute(
                "INSERT OR IGNORE INTO claims(path, subtree, mode, owner_kind, owner, agent, generation, acquired_at, expires_at, pinned) "
                "VALUES (?, 0, 'exclusive', 'feature', ?, 'agent-1', ?, 0, NULL, 1)",
                (path.encode(), str(number), number),
            )
    database.execute("COMMIT")
    database.close()
