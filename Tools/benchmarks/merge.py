"""One merge in memory, its tree written: ours, beside libgit2's git_merge_commits and beside a `git merge-tree`.

20,000 files; the target has changed 20 of them, each of 100 branches two others. Each way works on a copy of the
repository of its own, so that each writes every tree. All trees must be the same.
"""

import json
import shutil
import subprocess
import time

from .support import fast_import, figure, median


def measure(bench):
    bench.build_product("bench-trees")
    count = bench.rounds(100, 40)
    with bench.scratch() as directory:
        environment = bench.environment(directory)
        source = directory / "source"
        make_repository(source, environment, count)
        times, trees = {}, {}
        for way in ("ours", "chain", "libgit2"):
            place = directory / way
            shutil.copytree(source, place)
            result = json.loads(
                subprocess.run(
                    [str(bench.build / "bench-trees"), "merge", way, str(place), str(count)],
                    env=environment, check=True, capture_output=True, text=True,
                ).stdout
            )
            times[way], trees[way] = median(result["times"]) * 1000, result["trees"]
        place = directory / "git"
        shutil.copytree(source, place)
        took, trees["git"] = [], []
        for number in range(1, count + 1):
            start = time.perf_counter()
            tree = subprocess.run(
                ["git", "merge-tree", "--write-tree", "main", f"side-{number}"], cwd=place, env=environment, check=True,
                capture_output=True, text=True,
            ).stdout.strip()
            took.append(time.perf_counter() - start)
            trees["git"].append(tree)
        times["git"] = median(took) * 1000
    if not trees["ours"] == trees["chain"] == trees["libgit2"] == trees["git"]:
        raise RuntimeError("the ways do not give the same trees")
    for way, words in (("chain", "one merge of many over 20,000 files"), ("ours", "one merge stored by itself over 20,000 files")):
        for peer, name, goal in (("libgit2", "git_merge_commits", 0.1), ("git", "git merge-tree", 0.25)):
            yield figure(
                f"{words}, beside {name}", times[way], times[peer], goal=goal if way == "chain" else None, unit="ms"
            )


def make_repository(repository, environment, count):
    with fast_import(repository, environment) as write:
        write.commit("base", "base")
        for number in range(20_000):
            write.file(path_of(number), f"file {number}\n" * 5)
        write.commit("main", "main", parent="refs/heads/base")
        for number in range(0, 20_000, 1_000):
            write.file(path_of(number), "changed\n")
        for side in range(1, count + 1):
            write.commit(f"side-{side}", f"side {side}", parent="refs/heads/base")
            for number in (side * 7 + 1, side * 131 + 3):
                write.file(path_of(number), f"changed by {side}\n")


def path_of(number):
    return f"src/d{number // 1000:02}/s{number // 50 % 20:02}/f{number:05}.txt"
