"""Claims per second: the store beside SQLite itself, and beside the claim query of an earlier program.

The earlier program took the next feature with SQLAlchemy's `with_for_update()`, which locks nothing on
SQLite. Its behaviour is rebuilt in `sqlalchemy_claims.py`; how often it gave a feature to two is
printed beside our own count.
"""

import collections
import json
import pathlib
import statistics
import subprocess
import time
import venv

from benchmarks.support import figure

here = pathlib.Path(__file__).resolve().parent


def measure(bench):
    subprocess.run(
        ["swift", "build", "-c", bench.build.name, "--product", "bench-claims"],
        cwd=bench.source,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    program = bench.build / "bench-claims"
    with bench.scratch() as directory:
        output = subprocess.run(
            [program, "files", directory, str(bench.rounds(9, 3)), "4000"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        figures = json.loads(output)
        ours, raw = (statistics.median(figures[key]) for key in ("ours", "raw"))
        yield figure(
            "one claim of a file, store beside the same statements on SQLite",
            1e6 / ours,
            1e6 / raw,
            goal=1.25,
            unit="us",
        )
        theirs, twice = earlier(directory)
        yield figure(
            f"one claim, store beside SQLAlchemy (gave {twice} of 500 twice)",
            1e6 / ours,
            1e6 / theirs,
            goal=1 / 8,
            unit="us",
        )
        speed, doubles, lost = features(program, directory)
        yield figure(
            f"one feature, 16 processes ({doubles} of 500 twice, {lost} lost)",
            1e6 / speed,
            1e6 / theirs,
            unit="us",
        )


def processes(commands):
    """Runs commands at the same time; their lines, and the seconds until the last has ended."""
    start = time.monotonic()
    running = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in commands]
    lines = [process.communicate()[0].split() for process in running]
    seconds = time.monotonic() - start
    assert all(process.returncode == 0 for process in running), commands
    return lines, seconds


def features(program, directory):
    """16 processes claim 500 features and fight for 1,000 files: features per second, given twice, lost."""
    state = directory / "fight.sqlite"
    subprocess.run([program, "prepare", state, "500"], check=True)
    lines, seconds = processes([[program, "features", state, f"w{n}"] for n in range(16)])
    counts = collections.Counter(item for part in lines for item in part)
    doubles = sum(count > 1 for count in counts.values())
    lost = 500 - len(counts)
    lines, _ = processes([[program, "fight", state, f"w{n}", "1000"] for n in range(16)])
    paths = collections.Counter(item for part in lines for item in part)
    assert len(paths) == 1000 and max(paths.values()) == 1, "files were given twice, or lost"
    return 500 / seconds, doubles, lost


def earlier(directory):
    """The earlier program's query with three processes: claims per second, features given twice."""
    environment = directory / "venv"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "sqlalchemy"], check=True
    )
    output = subprocess.run(
        [python, here / "claims_rounds" / "sqlalchemy_claims.py", directory / "earlier.db"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    figures = json.loads(output)
    return figures["per_second"], figures["twice"]

