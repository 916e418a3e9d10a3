"""Appends events to a state file at a rate, and writes down when each was committed.

Usage: writer.py STATE RATE SECONDS OUTPUT
"""

import json
import sqlite3
import sys
import time


def main():
    state, rate, seconds, output = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    database = sqlite3.connect(state, isolation_level=None, timeout=30)
    database.execute("PRAGMA synchronous = NORMAL")
    commits = []
    begin = time.time()
    for number in range(int(rate * seconds)):
        data = json.dumps({"text": f"message {number}", "attempt": 1, "offset": number * 120})
        seq = database.execute(
            "INSERT INTO events(time, type, feature, agent, data) VALUES (?, 'agent_message', '1', 'agent-1', ?)",
            (int(time.time() * 1000), data)).lastrowid
        commits.append((seq, time.time()))
        delay = begin + (number + 1) / rate - time.time()
        if delay > 0:
            time.sleep(delay)
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"commits": commits, "seconds": time.time() - begin}, file)


main()
