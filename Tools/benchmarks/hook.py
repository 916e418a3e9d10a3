"""What the hooks add to a commit beside 10, 1,000, 100,000 and 1,000,000 claims that another feature holds.

A repository with a lane is made for each number, and commits alternate between all of them, so that each meets the same
machine; medians are compared. As in a run, somebody has each state file open all the time.
"""

import sqlite3
import subprocess
import time

from .support import figure, git, median

COUNTS = (10, 1_000, 100_000, 1_000_000)


def measure(bench):
    with bench.scratch() as directory:
        environment = bench.environment(directory)
        lanes = {count: lane(bench, directory / f"held-{count}", environment, count) for count in COUNTS}
        states = []
        for count in COUNTS:
            state = sqlite3.connect(directory / f"held-{count}" / ".git" / "lanekeeper" / "state.sqlite")
            state.execute("SELECT count(*) FROM meta").fetchone()
            states.append(state)
        places = {count: (path, ()) for count, path in lanes.items()}
        places["no hooks"] = (lanes[COUNTS[0]], ("-c", "core.hooksPath=/dev/null"))
        times = {name: [] for name in places}
        for number in range(bench.rounds(120, 40) + 5):
            for name, (path, words) in places.items():
                took = commit(path, environment, f"{number} of {name}", words)
                if number >= 5:
                    times[name].append(took * 1000)
        for state in states:
            state.close()
    added = {count: median(times[count]) - median(times["no hooks"]) for count in COUNTS}
    for count in COUNTS[1:]:
        yield figure(
            f"the hooks of a commit beside {count:,} claims, to beside 10", added[count], added[COUNTS[0]], goal=1.2,
            unit="ms", plot={"chart": "hook", "series": "what the hooks add", "x": count, "y": added[count]},
        )


def lane(bench, directory, environment, claims):
    """Makes a repository with our hooks and one lane of feature 1; returns the lane."""
    bench.repository(directory, environment)
    (directory / "features.yml").write_text(
        "features:\n  - {id: 1, title: Measured}\n  - {id: 2, title: Holder}\n"
    )
    for words in (["hooks", "install"], ["doctor", "--repair"]):
        subprocess.run(
            [bench.program, *words], cwd=directory, env=environment, check=True, capture_output=True
        )
    path = directory.parent / f"{directory.name}-lane" / "lane-1"
    path.parent.mkdir()
    git(directory, environment, "worktree", "add", "-q", "-b", "lane/1-measured", str(path))
    base = git(directory, environment, "rev-parse", "HEAD").strip()
    state = sqlite3.connect(directory / ".git" / "lanekeeper" / "state.sqlite")
    state.execute(
        "INSERT INTO lanes(number, path, feature, agent, branch, base, state)"
        " VALUES (1, ?, '1', 'agent-1', 'refs/heads/lane/1-measured', ?, 'assigned')",
        (str(path), bytes.fromhex(base)),
    )
    state.executemany(
        "INSERT INTO claims(path, subtree, mode, owner_kind, owner, agent, generation, acquired_at)"
        " VALUES (?, 0, 'exclusive', 'feature', '2', 'agent-2', 1, 0)",
        ((f"src/d{number % 997}/e{number % 89}/file{number}.txt".encode(),) for number in range(claims)),
    )
    state.commit()
    state.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    state.close()
    return path


def commit(path, environment, text, options=()):
    """Returns how long a commit takes, in seconds."""
    (path / "d1" / "f1.txt").write_text(f"round {text}\n")
    subprocess.run(["git", "add", "d1/f1.txt"], cwd=path, env=environment, check=True)
    start = time.perf_counter()
    subprocess.run(
        ["git", *options, "commit", "-q", "-m", "round"], cwd=path, env=environment, check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start
