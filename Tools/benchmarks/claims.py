"""Claims per second: the store beside SQLite itself, and beside the claim query of an earlier program.

The earlier program took the next feature with SQLAlchemy's `with_for_update()`, which locks nothing on
SQLite. Its behaviour is rebuilt in `sqlalchemy_claims.py`; how often it gave a feature to two is
printed beside our own count.
"""

import collections
import concurrent.futures
import json
import pathlib
import statistics
import subprocess
import time
import venv

from benchmarks.support import figure

here = pathlib.Path(__file__).resolve().parent


def measure(bench):
    bench.build_product("bench-claims")
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
        theirs, twice = earlier(bench, directory)
        yield figure(
            f"one claim, store beside SQLAlchemy (gave {twice} of 500 twice)",
            1e6 / ours,
            1e6 / theirs,
            goal=1 / 8,
            unit="us",
        )
        for count in (3, 16):
            speed, doubles, lost = features(program, directory, count)
            yield figure(
                f"one feature, {count} processes ({doubles} of 500 twice, {lost} lost)",
                1e6 / speed,
                1e6 / theirs,
                unit="us",
            )
        for what, number, speed, doubles, lost in served(bench, directory):
            yield figure(
                f"one {what}, 16 MCP servers ({doubles} of {number} twice, {lost} lost)",
                1e6 / speed,
                1e6 / theirs,
                unit="us",
            )


def processes(commands):
    """Runs commands at the same time; the lines of each."""
    running = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in commands]
    lines = [process.communicate()[0].split() for process in running]
    assert all(process.returncode == 0 for process in running), commands
    return lines


def features(program, directory, number):
    """Processes take 500 features, start attempts on 500, and fight for 1,000 files: features taken per second,
    given twice, lost."""
    state = directory / f"fight-{number}.sqlite"
    subprocess.run([program, "prepare", state, "500"], check=True)
    start = str(int(time.time() * 1000) + 1500)
    parts = processes([[program, "take", state, f"w{n}", start] for n in range(number)])
    seconds = max(float(p[1]) for p in parts) - min(float(p[0]) for p in parts)
    taken = collections.Counter(item for part in parts for item in part[2:])
    again = directory / f"start-{number}.sqlite"
    subprocess.run([program, "prepare", again, "500"], check=True)
    parts = processes([[program, "features", again, f"w{n}"] for n in range(number)])
    started = collections.Counter(item for part in parts for item in part)
    parts = processes([[program, "fight", state, f"w{n}", "1000"] for n in range(number)])
    paths = collections.Counter(item for part in parts for item in part)
    assert len(paths) == 1000 and max(paths.values()) == 1, "files were given twice, or lost"
    doubles = sum(count > 1 for counts in (taken, started) for count in counts.values())
    return 500 / seconds, doubles, 1000 - len(taken) - len(started)


class Server:
    """A client of its own `lanekeeper mcp`."""

    def __init__(self, bench, repository, environment, name):
        self.name, self.got = name, []
        self.process = subprocess.Popen(
            [bench.program, "mcp"], cwd=repository, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        start = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "b", "version": "1"}}
        self.ask("initialize", start)

    def ask(self, method, params):
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["result"]

    def call(self, tool, **arguments):
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        assert not result.get("isError"), result
        return result["structuredContent"]

    def take_features(self):
        while found := self.call("claim_features", count=1, agent_id=self.name)["features"]:
            self.got += [feature["id"] for feature in found]

    def fight(self):
        for number in range(1000):
            path = f"d{number % 10}/f{number}"
            if self.call("claim_file", file_path=path, agent_id=self.name)["granted"]:
                self.got.append(path)


def served(bench, directory):
    """The same through 16 MCP servers: what, how many, claims per second, given twice, lost."""
    environment = bench.environment(directory)
    repository = directory / "repository"
    bench.repository(repository, environment)
    backlog = "".join(f"  - {{id: {n}, title: Feature {n}}}\n" for n in range(1, 501))
    (repository / "features.yml").write_text("features:\n" + backlog)
    (repository / "lanekeeper.yml").write_text('gate: ""\nagent: command\nagents: {command: {run: "true"}}\n')
    servers = [Server(bench, repository, environment, f"agent-{n}") for n in range(16)]
    servers[0].call("list_features")
    for what, number, work in (("feature", 500, Server.take_features), ("file", 1000, Server.fight)):
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(work, servers))
        seconds = time.monotonic() - start
        counts = collections.Counter(item for server in servers for item in server.got)
        for server in servers:
            server.got = []
        yield what, number, number / seconds, sum(c > 1 for c in counts.values()), number - len(counts)
    for server in servers:
        server.process.stdin.close()
        assert server.process.wait() == 0


def earlier(bench, directory):
    """The earlier program's query with three processes: claims per second, features given twice."""
    environment = bench.source / ".build" / "bench-sqlalchemy"
    python = environment / "bin" / "python"
    if not list(environment.glob("lib/*/site-packages/sqlalchemy")):
        venv.create(environment, with_pip=True)
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

