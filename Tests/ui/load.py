#!/usr/bin/env python3
"""Event streams under load: ours, and a minimal aiohttp server's under the same load, one after the other.

50 clients at 100 events a second, and one at 500. Each event has to come to each client exactly once; told are the
delays from an event's commit to its arrival, and how the server's memory grows.

Usage: load.py BUILD-DIRECTORY [SECONDS [MILLISECONDS]]      (how long the other server waits before it asks again; 5)
"""

import asyncio
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from workshop import Workshop, free_port

HERE = pathlib.Path(__file__).resolve().parent
LOADS = [("50 clients, 100 events/s", 50, 100), ("1 client, 500 events/s", 1, 500)]


def memory(pid):
    """Resident memory in MB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


def processor(pid):
    """Seconds of processor time so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def client(port, session, arrivals, ready):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{session}\r\n".encode())
    await writer.drain()
    text = await reader.readuntil(b"retry: 1000\n\n")
    assert b" 200 " in text, text
    ready.release()
    rest = b""
    while data := await reader.read(1 << 16):
        now = time.time()
        rest += data
        # What is whole ends with a blank line; the marks of chunks may stand between.
        end = rest.rfind(b"\n\n")
        if end < 0:
            continue
        for match in re.finditer(rb"id: (\d+)\n", rest[:end]):
            arrivals.append((int(match[1]), now))
        rest = rest[end:]


async def measure(pid, port, session, state, clients, rate, seconds, directory):
    ready = asyncio.Semaphore(0)
    arrivals = [[] for _ in range(clients)]
    tasks = [asyncio.create_task(client(port, session, own, ready)) for own in arrivals]
    for _ in tasks:
        await ready.acquire()
    await asyncio.sleep(0.5)
    sizes, busy = [], processor(pid)
    output = pathlib.Path(directory) / "commits.json"
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-B", str(HERE / "writer.py"), str(state), str(rate), str(seconds), str(output))
    begin = time.time()
    while writer.returncode is None:
        sizes.append(memory(pid))
        try:
            await asyncio.wait_for(writer.wait(), 1)
        except asyncio.TimeoutError:
            pass
    written = json.loads(output.read_text(encoding="utf-8"))
    last = written["commits"][-1][0]
    for _ in range(300):
        if all(own and own[-1][0] >= last for own in arrivals):
            break
        await asyncio.sleep(0.1)
    busy = (processor(pid) - busy) / (time.time() - begin)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    commits = dict(written["commits"])
    delays, wrong = [], 0
    for own in arrivals:
        numbers = [seq for seq, _ in own if seq in commits]
        wrong += numbers != sorted(commits)
        delays += [(when - commits[seq]) * 1000 for seq, when in own if seq in commits]
    delays.sort()
    half = len(sizes) // 2
    return {
        "events": len(commits), "rate": len(commits) / written["seconds"], "wrong": wrong, "median_ms": statistics.median(delays),
        "p99_ms": delays[int(len(delays) * 0.99)], "memory_mb": max(sizes), "growth_mb": statistics.median(sizes[-5:]) - statistics.median(sizes[half - 2:half + 3]),
        "processor": busy,
    }


def enter(link):
    origin, key = link.split("/#key=")
    request = urllib.request.Request(
        origin + "/api/session", json.dumps({"key": key}).encode(), {"Content-Type": "application/json", "Origin": origin})
    with urllib.request.urlopen(request) as answer:
        return "Authorization: Bearer " + json.load(answer)["session"] + "\r\n"


def show(name, result):
    print(f"{name:<38} median {result['median_ms']:6.2f} ms   99 % {result['p99_ms']:7.2f} ms   processor {result['processor']:4.0%}   "
          f"memory {result['memory_mb']:5.1f} MB, growth {result['growth_mb']:+5.2f} MB   "
          f"{result['events']} events at {result['rate']:.0f}/s   lost or repeated: {result['wrong']}", flush=True)


def main():
    build, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 60
    failed = []
    with tempfile.TemporaryDirectory(prefix="lanekeeper-load-") as directory:
        workshop = Workshop(directory, build)
        session = enter(workshop.serve())
        state = workshop.repository / ".git" / "lanekeeper" / "state.sqlite"
        port = free_port() + 1000
        peer = subprocess.Popen([sys.executable, "-B", str(HERE / "peer.py"), str(state), str(port), *sys.argv[3:4]], stdout=subprocess.PIPE, text=True)
        try:
            peer.stdout.readline()
            for name, clients, rate in LOADS:
                results = {}
                for who, pid, place, header in (("lanekeeper", workshop.server.pid, workshop.port, session), ("aiohttp", peer.pid, port, "")):
                    results[who] = asyncio.run(measure(pid, place, header, state, clients, rate, seconds, directory))
                    show(f"{name}: {who}", results[who])
                ours, theirs = results["lanekeeper"], results["aiohttp"]
                ratio = ours["median_ms"] / theirs["median_ms"]
                print(f"{name}: ratio of the medians {ratio:.2f} (goal: below 1)", flush=True)
                if ours["wrong"]:
                    failed.append(f"{name}: events were lost or repeated")
                if ratio >= 1:
                    failed.append(f"{name}: slower than aiohttp")
                if ours["growth_mb"] > 4:
                    failed.append(f"{name}: memory grows")
        finally:
            peer.kill()
            peer.wait()
            workshop.close()
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
