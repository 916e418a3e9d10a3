"""How long a lane takes, fresh and used again, beside `git worktree add` of the same repository.

A fresh lane is made and put onto its feature's branch. A lane is used again after its agent has committed: it is looked
through for what was left, and put onto the next feature's branch at a commit that differs in 20 files. The ways
take turns. What is made is removed when everything has been measured, since ext4 is up to ten times as slow
for a minute after many files were deleted.
"""

import json
import subprocess

from .support import fast_import, figure, median

SIZES = {1_000: (9, 5), 20_000: (5, 3), 100_000: (2, 1)}


def measure(bench):
    bench.build_product("bench-trees")
    for size, rounds in SIZES.items():
        directory = bench.lasting()
        environment = bench.environment(directory)
        repository = directory / "repository"
        make_repository(repository, environment, size)
        output = subprocess.run(
            [str(bench.build / "bench-trees"), "lanes", str(repository), str(directory), str(bench.rounds(*rounds))],
            env=environment, check=True, capture_output=True, text=True,
        ).stdout
        times = {name: median(values) * 1000 for name, values in json.loads(output).items()}
        for name, words, goal in (("fresh", "a fresh lane", 1), ("recycled", "a lane used again", 0.1)):
            yield figure(
                f"{words}, {size:,} files, beside git worktree add", times[name], times["git"], goal=goal, unit="ms",
                plot=[
                    {"chart": "lanes", "series": words, "x": size, "y": times[name]},
                    {"chart": "lanes", "series": "git worktree add", "x": size, "y": times["git"]},
                ],
            )


def make_repository(repository, environment, size):
    """Makes `main` with so many files of 1 to 4 KB in directories of 50, and `next`, which changes 20 of them."""
    with fast_import(repository, environment) as write:
        write.commit("main", "base")
        for number in range(size):
            write.file(path_of(number), "".join(f"line {line} of {number * 7919 % 10007}\n" for line in range(60 + number % 150)))
        write.commit("next", "next", parent="refs/heads/main")
        for number in range(0, size, size // 20):
            write.file(path_of(number), "changed\n")


def path_of(number):
    return f"src/d{number // 1000:03}/s{number // 50 % 20:02}/f{number:06}.txt"
