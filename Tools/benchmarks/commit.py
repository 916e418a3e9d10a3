"""What a commit in a lane costs over one without hooks, beside what lefthook, prek and pre-commit cost.

The commits in the lane are made by a `command` agent inside a real run, with all hooks that the run
gives it. Rounds alternate between them, so that each meets the same machine.
"""

import json
import pathlib
import subprocess
import sys

from .support import figure, git, median, seconds

AGENT = pathlib.Path(__file__).with_name("commit_rounds")


def measure(bench):
    peers = bench.peers()
    with bench.scratch() as directory:
        environment = bench.environment(directory)
        environment["PATH"] = f"{peers}:{environment['PATH']}"
        ours = directory / "ours"
        bench.repository(ours, environment)
        for name in ("plain", "lefthook", "prek", "pre-commit"):
            git(directory, environment, "clone", "-q", str(ours), name)
        (directory / "lefthook" / "lefthook.yml").write_text(
            "pre-commit:\n  commands:\n    empty:\n      run: 'true'\n"
        )
        git(directory / "lefthook", environment, "add", "-A")
        git(directory / "lefthook", environment, "commit", "-q", "-m", "lefthook")
        subprocess.run(
            ["lefthook", "install"], cwd=directory / "lefthook", env=environment, check=True, capture_output=True
        )
        for name in ("prek", "pre-commit"):
            place = directory / name
            (place / ".pre-commit-config.yaml").write_text(
                "repos:\n  - repo: local\n    hooks:\n      - {id: empty, name: empty, entry: 'true', language: system, "
                "always_run: true, pass_filenames: false}\n"
            )
            git(place, environment, "add", "-A")
            git(place, environment, "commit", "-q", "-m", name)
            subprocess.run([name, "install"], cwd=place, env=environment, check=True, capture_output=True)

        rounds = bench.rounds(100, 30)
        result = directory / "result.json"
        (ours / "features.yml").write_text("features:\n  - {id: 1, title: Commit often}\n")
        command = f"{sys.executable} {AGENT} {directory} {rounds} {result}"
        (ours / "lanekeeper.yml").write_text(
            f'gate: ""\nagent: command\nagents: {{command: {{run: "{command}"}}}}\nlimits: {{attempts: 1}}\n'
        )
        seconds([bench.program, "run", "--parallel", "1"], ours, environment)
        times = json.loads(result.read_text())
    def milliseconds(name):
        return median(times[name]) * 1000

    cost = {name: milliseconds(name) - milliseconds("plain") for name in ("lefthook", "prek", "pre-commit")}
    lane = milliseconds("lane") - milliseconds("lane without hooks")
    better = min(cost, key=cost.get)
    for name, value in cost.items():
        yield figure(
            f"what the hooks add to a commit in a lane, beside {name}", lane, value, unit="ms",
            goal=0.45 if name == better else None,
        )
