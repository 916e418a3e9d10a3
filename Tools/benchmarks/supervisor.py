"""What the supervising process itself takes: processor time while five agents idle, and memory after 200 features.

Read from /proc while `lanekeeper run` is at work; its children do not count. The limits are 2 % of a core and 60 MB.
"""

import os
import pathlib
import subprocess
import time

from .support import figure, median


def measure(bench):
    with bench.scratch() as directory:
        pause = bench.rounds(20, 8)
        process = start(bench, directory, 5, f"sleep {pause + 6}; echo done > new-$LANEKEEPER_FEATURE_ID.txt", 5)
        time.sleep(4)
        begun, used = time.monotonic(), processor(process.pid)
        time.sleep(pause)
        share = 100 * (processor(process.pid) - used) / (time.monotonic() - begun)
        finish(process)
    yield figure("processor time while 5 agents idle, beside the limit", share, 2, goal=1, unit="%")
    count = bench.rounds(200, 60)
    with bench.scratch() as directory:
        process = start(bench, directory, count, "echo done > new-$LANEKEEPER_FEATURE_ID.txt", 5)
        seen = []
        while process.poll() is None:
            seen.append((memory(process.pid) or (seen[-1] if seen else 0)))
            time.sleep(0.05)
        finish(process)
    yield figure(f"memory at most, over {count} features, beside the limit", max(seen), 60, goal=1, unit="MB")
    quarter = max(len(seen) // 4, 1)
    yield figure(
        f"memory in the last quarter of {count} features, beside the second", median(seen[-quarter:]),
        median(seen[quarter : 2 * quarter] or seen), goal=1.25, unit="MB",
    )


def start(bench, directory, count, agent, parallel):
    environment = bench.environment(directory)
    repository = directory / "app"
    bench.repository(repository, environment)
    (repository / "features.yml").write_text(
        "features:\n" + "".join(f"  - {{id: {n}, title: Feature {n}}}\n" for n in range(1, count + 1))
    )
    (repository / "lanekeeper.yml").write_text(
        f"gate: \"\"\nagent: command\nagents: {{command: {{run: '{agent}'}}}}\n"
    )
    return subprocess.Popen(
        [bench.program, "run", "--parallel", str(parallel)], cwd=repository, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )


def finish(process):
    if process.wait() != 0:
        raise RuntimeError(f"the run ended with {process.returncode}")


def processor(pid):
    """Seconds of processor time of one process, without its children."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    """Resident megabytes of one process; `None` when it has just ended."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None
