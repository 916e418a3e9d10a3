"""What the benchmarks share: scratch repositories, a clean environment, peers from PyPI, medians."""

import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


class Bench:
    """One run of the benchmarks: where the programs are, and how thorough to be."""

    def __init__(self, build, source, quick):
        self.build = build
        self.source = source
        self.quick = quick
        self.cores = len(os.sched_getaffinity(0))
        self.program = str(build / "lanekeeper")
        self._peers = None
        self._lasting = []

    def rounds(self, usual, quick):
        return quick if self.quick else usual

    @contextlib.contextmanager
    def scratch(self):
        """A directory that is removed again."""
        directory = pathlib.Path(tempfile.mkdtemp(prefix="lanekeeper-bench-"))
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def lasting(self):
        """A directory that stays until ``clean_up()``."""
        self._lasting.append(pathlib.Path(tempfile.mkdtemp(prefix="lanekeeper-bench-")))
        return self._lasting[-1]

    def clean_up(self):
        for directory in self._lasting:
            shutil.rmtree(directory, ignore_errors=True)
        self._lasting = []

    def build_product(self, name):
        """Builds a program that only the benchmarks need."""
        subprocess.run(
            [os.environ.get("SWIFT", "swift"), "build", "-c", self.build.name, "--product", name],
            cwd=self.source, check=True, stdout=subprocess.DEVNULL,
        )

    def environment(self, directory, **more):
        """Nothing of the user's: own HOME, no system configuration of git."""
        home = directory / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Bench",
            "GIT_AUTHOR_EMAIL": "bench@localhost",
            "GIT_COMMITTER_NAME": "Bench",
            "GIT_COMMITTER_EMAIL": "bench@localhost",
            **more,
        }

    def repository(self, directory, environment, files=200):
        """Makes a repository with a commit of so many small files."""
        directory.mkdir(parents=True)
        git(directory, environment, "init", "-q", "-b", "main")
        for number in range(files):
            path = directory / f"d{number % 20}" / f"f{number}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"file {number}\n" * 20)
        git(directory, environment, "add", "-A")
        git(directory, environment, "commit", "-q", "-m", "base")

    def peers(self):
        """Returns the directory with lefthook, prek and pre-commit from PyPI, installed once below .build."""
        if self._peers is None:
            venv = self.source / ".build" / "bench-peers"
            names = ["lefthook", "prek", "pre-commit"]
            if not all((venv / "bin" / name).exists() for name in names):
                subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
                subprocess.run([str(venv / "bin" / "pip"), "install", "-q", *names], check=True)
            self._peers = venv / "bin"
        return self._peers


class FastImport:
    """Writes commits into a stream for `git fast-import`."""

    def __init__(self, stream):
        self._stream = stream
        self._time = 1_700_000_000

    def commit(self, branch, message, parent=None):
        """Starts a commit; files follow."""
        self._time += 1
        start = f"commit refs/heads/{branch}\ncommitter Bench <bench@localhost> {self._time} +0000\n"
        self._stream.write((start + f"data {len(message)}\n{message}\n").encode())
        if parent:
            self._stream.write(f"from {parent}\n".encode())

    def file(self, path, text):
        self._stream.write(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode())


@contextlib.contextmanager
def fast_import(repository, environment):
    """Makes a repository of what is written in the block, packed as `git gc` packs it, without a checkout."""
    repository.mkdir()
    git(repository, environment, "init", "-q", "-b", "main")
    process = subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=repository, env=environment, stdin=subprocess.PIPE
    )
    yield FastImport(process.stdin)
    process.stdin.close()
    if process.wait() != 0:
        raise RuntimeError("git fast-import failed")
    git(repository, environment, "repack", "-a", "-d", "-q", "-f")


def git(directory, environment, *arguments):
    """Runs git and returns what it printed."""
    return subprocess.run(
        ["git", *arguments], cwd=directory, env=environment, check=True, capture_output=True, text=True
    ).stdout


def seconds(command, directory, environment):
    """Returns how long a command took that must succeed."""
    start = time.perf_counter()
    result = subprocess.run(
        command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    elapsed = time.perf_counter() - start
    if result.returncode != 0:
        raise RuntimeError(f"{command} ended with {result.returncode}: {result.stdout}{result.stderr}")
    return elapsed


def median(values):
    return statistics.median(values)


def figure(name, ours, beside, goal=None, unit="s", note=None, plot=None):
    """A ratio of ours to what stands beside it, which must not be above the goal.

    `plot` is one point, or several: {"chart", "series", "x", "y"}.
    """
    ratio = ours / beside
    result = {"name": name, "ours": ours, "beside": beside, "ratio": ratio, "unit": unit}
    if goal is not None:
        result |= {"goal": f"<= {goal:.3g}", "limit": goal, "met": ratio <= goal}
    if note:
        result["note"] = note
    if plot:
        result["plot"] = plot if isinstance(plot, list) else [plot]
    return result
