"""A repository with the demo's backlog, and `lanekeeper ui` on it."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEMO = ROOT / "templates" / "demo"

CONFIGURATION = """target: main
gate: make test
agent: command
preset: balanced
review: {categories: [infrastructure, frontend]}
limits: {stagger_seconds: 0}
agents:
  command: {run: 'sh "$LANEKEEPER_REPOSITORY/.lanekeeper/agent"'}
"""


class Workshop:
    """The demo, whose agent takes its time and obeys a reviewer."""

    def __init__(self, directory, build, features=None, configuration=CONFIGURATION, agent=None):
        self.directory = pathlib.Path(directory)
        self.program = pathlib.Path(build).resolve() / "lanekeeper"
        self.repository = self.directory / "app"
        home = self.directory / "home"
        home.mkdir(parents=True)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHONDONTWRITEBYTECODE": "1", "TZ": "UTC",
        }
        shutil.copytree(DEMO / "project", self.repository)
        own = self.repository / ".lanekeeper"
        own.mkdir()
        shutil.copytree(DEMO / "edits", own / "edits")
        (own / "agent").write_text(agent or HOLDS + (DEMO / "agent").read_text(encoding="utf-8") + OBEYS, encoding="utf-8")
        (self.repository / "features.yml").write_text(
            features or (DEMO / "features.yml").read_text(encoding="utf-8"), encoding="utf-8")
        (self.repository / "lanekeeper.yml").write_text(configuration, encoding="utf-8")
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Ann Example")
        self.git("config", "user.email", "ann@example.org")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "tally: keeps a list of what was spent")
        self.server = None
        self.port = free_port()

    def git(self, *words):
        return self.call("git", *words).stdout

    def call(self, *words):
        return subprocess.run(
            words, cwd=self.repository, env=self.environment, check=True, capture_output=True, text=True)

    def json(self, *words):
        return json.loads(self.call(str(self.program), *words, "--json").stdout)

    def serve(self):
        """Starts the server, again on the same port; returns the link it prints."""
        self.server = subprocess.Popen(
            [str(self.program), "ui", "--port", str(self.port)], cwd=self.repository, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = []
        while True:
            line = self.server.stdout.readline()
            lines.append(line)
            link = re.match(r"Page: (http://127\.0\.0\.1:(\d+)/#key=\w+)$", line)
            if link:
                self.port = int(link[2])
                return link[1]
            if not line:
                raise RuntimeError("the server did not start:\n" + "".join(lines))

    def stop_server(self):
        if self.server:
            self.server.terminate()
            status = self.server.wait(timeout=60)
            self.server = None
            return status
        return None

    def close(self):
        """Ends what may run, and leaves nothing behind."""
        try:
            subprocess.run([str(self.program), "stop", "--now"], cwd=self.repository, env=self.environment,
                           capture_output=True, timeout=60)
            for _ in range(600):
                if self.json("status")["run"]["state"] not in ("running", "stopping", "paused", "draining"):
                    break
                time.sleep(0.1)
        finally:
            self.stop_server()


def free_port():
    """A port below those that the kernel gives to clients: one that calls again must not get it for itself."""
    for port in range(20_000 + os.getpid() % 8000, 32_000):
        with socket.socket() as place:
            try:
                place.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no port is free")


# Keeps a run going for as long as a test wants.
HOLDS = r"""#!/bin/sh
while [ "$LANEKEEPER_FEATURE_ID" = 10 ] && [ -e "$LANEKEEPER_REPOSITORY/../hold" ]; do sleep 0.1; done
"""

OBEYS = r"""
case $prompt in
  *"asks for changes"*)
    echo "the reviewer wants something else"
    for file in $(cd "$edits/files" && find . -name '*.py'); do
      printf '\n# as the review asked\n' >> "$file"
    done
    git add -A; git commit -q -m "as the review asked" || true ;;
esac
"""
