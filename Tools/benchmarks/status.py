"""How long `lanekeeper status` takes from start to end, beside `git status` in the same checkout, in turn.

The backlog has 50 features, none of them started.
"""

import subprocess

from .support import figure, median, seconds


def measure(bench):
    for size, goal in ((200, None), (20_000, 1)):
        with bench.scratch() as directory:
            environment = bench.environment(directory)
            repository = directory / "app"
            bench.repository(repository, environment, files=size)
            features = "".join(f"  - {{id: {n}, title: Feature {n}}}\n" for n in range(1, 51))
            (repository / "features.yml").write_text("features:\n" + features)
            (repository / "lanekeeper.yml").write_text('gate: ""\nagent: command\nagents: {command: {run: "true"}}\n')
            subprocess.run([bench.program, "doctor", "--repair"], cwd=repository, env=environment, capture_output=True)
            times = {"ours": [], "git": []}
            for number in range(bench.rounds(40, 15)):
                for name, command in (("ours", [bench.program, "status"]), ("git", ["git", "status"])):
                    took = seconds(command, repository, environment)
                    if number > 1:
                        times[name].append(took * 1000)
        yield figure(
            f"lanekeeper status, {size:,} files, beside git status", median(times["ours"]), median(times["git"]),
            goal=goal, unit="ms",
            note=None if goal else "without a goal: git status of few files is but the start of a small program",
        )
